"""The database backend, found by its name in `settings.DATABASES`."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from movie_booking.postgresql.transactions import SavesMessages

if TYPE_CHECKING:
    from movie_booking.postgresql.pool import Pool


class DatabaseWrapper(SavesMessages):
    """Django's, which with a pool has a connection of PostgreSQL's only from its first query to `close`."""

    # Set by a production worker. Without, each thread has a connection of its own, as ever.
    shared: "Pool | None" = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connect: Callable[[], Any] = partial(super().get_new_connection, conn_params)
        return self.shared.take(connect) if self.shared else connect()

    def _close(self) -> None:
        if self.shared and self.connection is not None:
            self.shared.put_back(self.connection)
        else:
            super()._close()  # type: ignore[misc]

    def close_if_unusable_or_obsolete(self) -> None:
        """At the end of a request. The pool itself looks whether a connection is still good."""
        if self.shared:
            self.close()
        else:
            super().close_if_unusable_or_obsolete()
