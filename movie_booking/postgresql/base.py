"""The database backend, found by its name in `settings.DATABASES`."""

from collections.abc import Callable, Mapping
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
        connect: Callable[[Any], Any] = super().get_new_connection
        if self.shared:
            return self.shared.take([partial(connect, params) for params in by_first_host(conn_params)])
        return connect(conn_params)

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


def by_first_host(params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters of libpq once for each of its hosts, which then is the first that is asked."""
    hosts, ports = (str(params.get(name) or "").split(",") for name in ("host", "port"))
    ways = []
    for first in range(len(hosts)):
        turned = dict(params)
        if len(hosts) > 1:
            turned["host"] = ",".join(hosts[first:] + hosts[:first])
        if len(ports) == len(hosts) > 1:
            turned["port"] = ",".join(ports[first:] + ports[:first])
        ways.append(turned)
    return ways
