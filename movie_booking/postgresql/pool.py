"""A bounded number of connections for any number of greenlets."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import OperationalError
from gevent import Timeout
from gevent.lock import Semaphore
from gevent.monkey import get_original
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from movie_booking.database import NoConnection, is_reading
from movie_booking.metrics import CONNECTION_WAIT

select = get_original("select", "select")  # gevent's own would let others go first


# A server that takes no writes says so to each of them: the others' connections are not closed each time.
FLUSH_SECONDS = 1.0


class Pool:
    """At most `size` connections, `for_readers` of them for requests that only read.

    They are opened as they are needed, and each is used for at most `max_age` seconds. If one leads to a
    server that takes no writes, all that were opened until then are closed.
    """

    def __init__(self, size: int, *, for_readers: int, patience: float, max_age: float) -> None:
        self.size = size
        self._places, self._places_of_writers = Semaphore(size), Semaphore(size - for_readers)
        self._patience, self._max_age = patience, max_age
        self._idle: list[Any] = []
        self._taken: dict[Any, bool] = {}  # the connection, and whether a writer has it
        self._expiry: dict[Any, float] = {}
        self._way = 0  # the last that led to the database
        self._flushed = 0.0

    def take(self, ways: Sequence[Callable[[], Any]]) -> Any:
        """Return a connection that is idle, or a new one, by one of the ways to connect.

        Raises NoConnection if none gets free in time, and OperationalError if the database does not answer.
        """
        is_writer = not is_reading.get()
        if is_writer and not self._enter(self._places_of_writers):
            raise NoConnection
        if not self._enter(self._places):
            self._leave(is_writer, place=False)
            raise NoConnection
        try:
            connection = self._find_idle() or self._open(ways)
        except BaseException:
            self._leave(is_writer)
            raise
        self._taken[connection] = is_writer
        return connection

    def put_back(self, connection: Any) -> None:
        """Take back a connection; in the middle of a transaction, or broken, it is closed."""
        is_writer = self._taken.pop(connection)
        if connection.is_stale:
            self._flush()
        try:
            if is_usable(connection) and time.monotonic() < self._expiry[connection]:
                self._idle.append(connection)
            else:
                self._discard(connection)
        finally:
            self._leave(is_writer)

    @property
    def in_use(self) -> int:
        return len(self._taken)

    @property
    def idle(self) -> int:
        return len(self._idle)

    def _enter(self, places: Semaphore) -> bool:
        """Have one of these places, and return whether one got free in time."""
        if places.acquire(blocking=False):
            return True
        with CONNECTION_WAIT.time():
            return places.acquire(timeout=self._patience)

    def _find_idle(self) -> Any:
        while self._idle:
            connection = self._idle.pop()  # the last used, so that the others may grow old
            if is_usable(connection) and not has_news(connection):
                return connection
            self._discard(connection)
        return None

    def _open(self, ways: Sequence[Callable[[], Any]]) -> Any:
        # Where psycopg2 waits cooperatively, connect_timeout is not heeded: a host that says nothing would
        # keep libpq from asking the next.
        for _ in ways:
            with Timeout(self._patience / len(ways), False):
                connection = ways[self._way % len(ways)]()
                self._expiry[connection] = time.monotonic() + self._max_age
                return connection
            self._way += 1
        raise OperationalError("The database does not answer.")

    def _flush(self) -> None:
        """Have no connection used again that is open now."""
        now = time.monotonic()
        if now - self._flushed >= FLUSH_SECONDS:
            self._flushed = now
            self._expiry.update(dict.fromkeys(self._taken, now))
            while self._idle:
                self._discard(self._idle.pop())

    def _discard(self, connection: Any) -> None:
        del self._expiry[connection]
        connection.close()

    def _leave(self, is_writer: bool, *, place: bool = True) -> None:
        if place:
            self._places.release()
        if is_writer:
            self._places_of_writers.release()


def is_usable(connection: Any) -> bool:
    """Whether nothing is under way in the connection, as far as we know, and another request may use it."""
    is_good = not (connection.closed or connection.is_stale)
    return is_good and connection.info.transaction_status == TRANSACTION_STATUS_IDLE


def has_news(connection: Any) -> bool:
    """Whether the server said something unasked, such as goodbye. It costs no round trip, unlike SELECT 1."""
    readable, _, _ = select([connection.fileno()], [], [], 0)
    return bool(readable)
