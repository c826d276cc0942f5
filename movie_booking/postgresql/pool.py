"""A bounded number of connections for any number of greenlets."""

import time
from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from gevent import Timeout
from gevent.lock import Semaphore
from gevent.monkey import get_original
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from movie_booking.database import NoConnection, is_reading
from movie_booking.metrics import CONNECTION_WAIT

select = get_original("select", "select")  # gevent's own would let others go first


class Pool:
    """At most `size` connections, `for_readers` of them for requests that only read.

    They are opened as they are needed, and each is used for at most `max_age` seconds.
    """

    def __init__(self, size: int, *, for_readers: int, patience: float, max_age: float) -> None:
        self.size = size
        self._places, self._places_of_writers = Semaphore(size), Semaphore(size - for_readers)
        self._patience, self._max_age = patience, max_age
        self._idle: list[Any] = []
        self._taken: dict[Any, bool] = {}  # the connection, and whether a writer has it
        self._expiry: dict[Any, float] = {}

    def take(self, connect: Callable[[], Any]) -> Any:
        """Return a connection that is idle, or a new one.

        Raises NoConnection if none gets free in time, and OperationalError if the database does not answer.
        """
        is_writer = not is_reading.get()
        if is_writer and not self._enter(self._places_of_writers):
            raise NoConnection
        if not self._enter(self._places):
            self._leave(is_writer, place=False)
            raise NoConnection
        try:
            connection = self._find_idle() or self._open(connect)
        except BaseException:
            self._leave(is_writer)
            raise
        self._taken[connection] = is_writer
        return connection

    def put_back(self, connection: Any) -> None:
        """Take back a connection; in the middle of a transaction, or broken, it is closed."""
        is_writer = self._taken.pop(connection)
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

    def _open(self, connect: Callable[[], Any]) -> Any:
        # psycopg2 does not heed connect_timeout where it waits cooperatively.
        with Timeout(self._patience, OperationalError("The database does not answer.")):
            connection = connect()
        self._expiry[connection] = time.monotonic() + self._max_age
        return connection

    def _discard(self, connection: Any) -> None:
        del self._expiry[connection]
        connection.close()

    def _leave(self, is_writer: bool, *, place: bool = True) -> None:
        if place:
            self._places.release()
        if is_writer:
            self._places_of_writers.release()


def is_usable(connection: Any) -> bool:
    """Whether nothing is under way in the connection, as far as we know."""
    return not connection.closed and connection.info.transaction_status == TRANSACTION_STATUS_IDLE


def has_news(connection: Any) -> bool:
    """Whether the server said something unasked, such as goodbye. It costs no round trip, unlike SELECT 1."""
    readable, _, _ = select([connection.fileno()], [], [], 0)
    return bool(readable)
