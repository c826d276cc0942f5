"""Queues in front of the database: of all who want the lock of a row, one asks for it and the others wait.

A request that waits for a lock has a connection to the database. Enough of them, and nobody else has one: a
show that everybody wants would stop the whole house. A request that waits for its turn has nothing.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Lock

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from movie_booking.errors import Busy
from movie_booking.metrics import TURN_WAIT, TURNS_REFUSED, child

GetResponse = Callable[[HttpRequest], HttpResponse]

RETRY_AFTER_SECONDS = 1


class Turns:
    """For each key one holder, and those who wait in the order in which they came."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._lines: dict[Hashable, deque[Event]] = {}

    @property
    def waiting(self) -> int:
        """How many wait, for whatever key."""
        return sum(len(line) for line in list(self._lines.values()))

    @contextmanager
    def take(self, *keys: Hashable) -> Iterator[None]:
        """Have the turn of these keys, to be named in the same order by everybody.

        Raises Busy if too many wait already, and after LOCK_TIMEOUT_SECONDS.
        """
        with ExitStack() as stack:
            for key in keys:
                self._enter(key)
                stack.callback(self._leave, key)
            yield

    def _enter(self, key: Hashable) -> None:
        with self._mutex:
            line = self._lines.get(key)
            if line is None:  # nobody has the turn
                self._lines[key] = deque()
                return
            if len(line) >= settings.MAX_WAITING_PER_SHOW:
                child(TURNS_REFUSED, "full").inc()
                raise Busy(retry_after=RETRY_AFTER_SECONDS)
            turn = Event()
            line.append(turn)
        release_connection()
        with TURN_WAIT.time():
            is_mine = turn.wait(settings.LOCK_TIMEOUT_SECONDS)
        if is_mine:
            return
        with self._mutex:
            if turn.is_set():  # in the last instant
                return
            line.remove(turn)
        child(TURNS_REFUSED, "late").inc()
        raise Busy(retry_after=RETRY_AFTER_SECONDS)

    def _leave(self, key: Hashable) -> None:
        with self._mutex:
            line = self._lines[key]
            if line:
                line.popleft().set()
            else:
                del self._lines[key]


def release_connection() -> None:
    """Let others have the connection to the database; the next query takes one again."""
    if not connection.in_atomic_block:
        connection.close()


turns = Turns()


def one_form_at_a_time(get_response: GetResponse) -> GetResponse:
    """Middleware for the Admin: what is sent to one page waits in line, so that it holds one connection."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or request.path_info.startswith("/api/"):
            return get_response(request)
        try:
            with turns.take(request.path_info):
                return get_response(request)
        except Busy as error:
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return HttpResponse(error.detail, "text/plain", status=error.status, headers=headers)

    return middleware
