"""Queues in front of the database: of all who want the lock of a row, one asks for it and the others wait.

A request that waits for a lock has a connection to the database. Enough of them, and nobody else has one: a
show that everybody wants would stop the whole house. A request that waits for its turn has nothing. And who
has the turn can do what others wait to have done, along with its own.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Event, Lock
from time import perf_counter
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from movie_booking.errors import Busy, OutcomeUnknown
from movie_booking.metrics import TURN_WAIT, TURNS_REFUSED, child

GetResponse = Callable[[HttpRequest], HttpResponse]
Wish = TypeVar("Wish")
Outcome = TypeVar("Outcome")

RETRY_AFTER_SECONDS = 1
# More in one transaction bring little more, and those of other workers wait for it.
MAX_TOGETHER = 16


class Place(Event):
    """Where somebody waits in a line; set once it is their turn."""

    called_at: float | None = None  # if that was before it is set
    is_taken = False  # by whoever has the turn, who will say what came of it


class ServedPlace(Place, Generic[Wish, Outcome]):
    """Of somebody for whom whoever has the turn may do it along; set then too, with what came of it."""

    outcome: Outcome
    error: Exception | None = None

    def __init__(self, wish: Wish, of: Hashable) -> None:
        super().__init__()
        self.wish, self.of = wish, of


class Turns:
    """For each key one holder, and those who wait in the order in which they came."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._lines: dict[Hashable, deque[Place]] = {}

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
                self._enter(key, Place())
                stack.callback(self._leave, key)
            yield

    def serve(
        self,
        key: Hashable,
        wish: Wish,
        do: Callable[[Sequence[Wish]], Iterable[Outcome]],
        *,
        of: Hashable,
    ) -> Outcome:
        """Have this done in its turn, along with what others wait to have done, and return what came of it.

        `do` gets the wishes of all who are served together, in the order of coming and no two `of` one, and
        returns what came of each; all who are served by one key must mean the same by it. Raises what it
        raises, and Busy as `take` does.
        """
        mine: ServedPlace[Wish, Outcome] = ServedPlace(wish, of)
        self._enter(key, mine)
        if not mine.is_taken:
            try:
                serve_all([mine, *self._take_along(key, of)], do)
            finally:
                self._leave(key)
        if mine.error is not None:
            raise mine.error
        return mine.outcome

    def _take_along(self, key: Hashable, of: Hashable) -> "list[ServedPlace[Any, Any]]":
        """Take from the front of the line those who can be served along, up to one who cannot."""
        taken: list[ServedPlace[Any, Any]] = []
        served = {of}
        with self._mutex:
            line = self._lines[key]
            while line and len(served) < MAX_TOGETHER:
                first = line[0]
                if not isinstance(first, ServedPlace) or first.of in served:
                    break
                first.is_taken, first.called_at = True, perf_counter()
                served.add(first.of)
                taken.append(first)
                line.popleft()
        return taken

    def _enter(self, key: Hashable, place: Place) -> None:
        with self._mutex:
            line = self._lines.get(key)
            if line is None:  # nobody has the turn
                self._lines[key] = deque()
                return
            if len(line) >= settings.MAX_WAITING_PER_SHOW:
                child(TURNS_REFUSED, "full").inc()
                raise Busy(retry_after=RETRY_AFTER_SECONDS)
            line.append(place)
        try:
            is_over = wait_at(place, settings.LOCK_TIMEOUT_SECONDS)
        except BaseException:  # whatever it is, nobody waits for who is not there
            if not self._give_up(key, place) and not place.is_taken:
                self._leave(key)
            raise
        if is_over:
            return
        if self._give_up(key, place):
            child(TURNS_REFUSED, "late").inc()
            raise Busy(retry_after=RETRY_AFTER_SECONDS)
        place.wait()  # it has the turn since the last instant, or somebody is at it

    def _give_up(self, key: Hashable, place: Place) -> bool:
        """Leave the line, and return whether that was before it was their turn."""
        with self._mutex:
            line = self._lines.get(key, deque())
            is_in_line = place in line
            if is_in_line:
                line.remove(place)
        return is_in_line

    def _leave(self, key: Hashable) -> None:
        with self._mutex:
            line = self._lines[key]
            if line:
                line.popleft().set()
            else:
                del self._lines[key]


def serve_all(
    places: Sequence[ServedPlace[Wish, Outcome]], do: Callable[[Sequence[Wish]], Iterable[Outcome]]
) -> None:
    """Do what these wait for, and tell each what came of it as soon as it is known."""
    told = 0
    try:
        for place, outcome in zip(places, do([each.wish for each in places]), strict=True):
            place.outcome = outcome
            place.set()
            told += 1
    except BaseException as error:  # whatever it is, nobody waits for ever
        for place in places[told:]:
            place.error = error if isinstance(error, Exception) else OutcomeUnknown()
            place.set()
        if not isinstance(error, Exception):
            raise


def wait_at(place: Place, seconds: float) -> bool:
    """Wait so long at this place, without a connection to the database, and return whether it is set."""
    release_connection()
    came = perf_counter()
    is_set = place.wait(seconds)
    TURN_WAIT.observe((place.called_at or perf_counter()) - came)
    return is_set


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
