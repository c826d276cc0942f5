"""The database backend of a standby, found by its name in `settings.DATABASES`."""

from typing import TYPE_CHECKING, Any

from movie_booking.postgresql import base

if TYPE_CHECKING:
    from movie_booking.postgresql.pool import Pool

# How long a production worker waits for a connection, and for an answer: the primary can be asked instead.
PATIENCE_SECONDS = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    # A pool of its own, as connections lead to another server.
    shared: "Pool | None" = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.patience = PATIENCE_SECONDS
        return connection
