"""Who has the turn serves those who wait behind it: in their order, not too many, and nobody is forgotten."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest

from movie_booking import turns
from movie_booking.errors import Busy, OutcomeUnknown
from movie_booking.tests.server import wait_until
from movie_booking.turns import MAX_TOGETHER, Place, ServedPlace, Turns, wait_at

pytestmark = pytest.mark.django_db


class Counter:
    """A line, what was served together at it, and whoever stands there first and goes when told to."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.line, self.pool, self.served = Turns(), pool, []
        self.waiting = 0

    def serve(self, wishes: list[str]) -> list[str]:
        self.served.append(wishes)
        return [wish.upper() for wish in wishes]

    def come(self, call: Callable[[], object]) -> Future:
        """Have somebody come to the line, where the turn is not theirs, and wait until they stand in it."""
        self.waiting += 1
        future = self.pool.submit(call)
        wait_until(lambda: self.line.waiting == self.waiting)
        return future

    def wish(self, wish: str, *, of: object = None, do: Callable | None = None) -> Future:
        return self.come(lambda: self.line.serve("show", wish, do or self.serve, of=of or wish))

    def take(self) -> Future:
        return self.come(lambda: self.visit())

    def visit(self) -> None:
        with self.line.take("show"):
            self.served.append("taken")


@pytest.fixture
def counter():
    with ThreadPoolExecutor(40) as pool:
        yield Counter(pool)


@contextmanager
def turn(counter):
    with counter.line.take("show"):
        yield


def test_who_comes_to_an_empty_line_is_served_alone(counter):
    assert counter.line.serve("show", "a", counter.serve, of="a") == "A"

    assert counter.served == [["a"]]
    assert counter.line._lines == {}


def test_those_who_wait_are_served_together_in_the_order_of_their_coming(counter):
    with turn(counter):
        answers = [counter.wish(name) for name in "abc"]

    assert [answer.result(10) for answer in answers] == ["A", "B", "C"]
    assert counter.served == [["a", "b", "c"]]
    assert counter.line._lines == {}


def test_of_one_customer_one_wish_at_a_time(counter):
    with turn(counter):
        answers = [
            counter.wish("a", of=1),
            counter.wish("b", of=2),
            counter.wish("c", of=1),
            counter.wish("d"),
        ]

    assert [answer.result(10) for answer in answers] == ["A", "B", "C", "D"]
    assert counter.served == [["a", "b"], ["c", "d"]]


def test_nobody_is_served_before_whoever_came_earlier_for_the_turn_itself(counter):
    with turn(counter):
        waiting = [counter.wish("a"), counter.take(), counter.wish("b"), counter.wish("c")]

    for each in waiting:
        each.result(10)
    assert counter.served == [["a"], "taken", ["b", "c"]]


def test_no_more_than_so_many_at_once(counter):
    names = [f"n{number}" for number in range(MAX_TOGETHER + 2)]
    with turn(counter):
        answers = [counter.wish(name) for name in names]

    assert [answer.result(10) for answer in answers] == [name.upper() for name in names]
    assert counter.served == [names[:MAX_TOGETHER], names[MAX_TOGETHER:]]


def test_what_fails_for_all_is_told_to_each_and_the_next_are_served(counter):
    def fail(wishes: list[str]) -> list[str]:
        raise ZeroDivisionError(" ".join(wishes))

    with turn(counter):
        failing = [counter.wish(name, do=fail) for name in "abc"]
    for each in failing:
        with pytest.raises(ZeroDivisionError, match="a b c"):
            each.result(10)

    assert counter.line.serve("show", "d", counter.serve, of="d") == "D"


def test_an_answer_too_few_is_an_error_and_no_wait_for_ever(counter):
    with turn(counter):
        answers = [counter.wish(name, do=lambda wishes: ["only one"]) for name in "ab"]

    assert answers[0].result(10) == "only one"
    with pytest.raises(ValueError, match="zip"):
        answers[1].result(10)


def test_each_is_told_as_soon_as_it_is_known(counter):
    goes_on = Event()

    def slowly(wishes: list[str]) -> Iterator[str]:
        yield from wishes[:2]
        assert goes_on.wait(10)
        yield from wishes[2:]

    with turn(counter):
        answers = [counter.wish(name, do=slowly) for name in "abc"]

    assert answers[1].result(10) == "b"
    assert not answers[2].done()
    goes_on.set()
    assert [answer.result(10) for answer in answers] == ["a", "b", "c"]


def test_whoever_is_broken_off_leaves_nobody_behind(counter):
    class BrokenOff(BaseException):
        pass

    def break_off(wishes: list[str]) -> Iterator[str]:
        yield wishes[0]
        raise BrokenOff

    with turn(counter):
        answers = [counter.wish(name, do=break_off) for name in "abc"]

    with pytest.raises(BrokenOff):
        answers[0].result(10)
    for each in answers[1:]:
        with pytest.raises(OutcomeUnknown):
            each.result(10)
    assert counter.line._lines == {}


@pytest.mark.parametrize("is_called", [False, True])
def test_who_fails_while_it_waits_is_out_of_the_line(counter, monkeypatch, is_called):
    goes_on = Event()

    def fail(place: Place, seconds: float) -> bool:
        if isinstance(place, ServedPlace):
            return wait_at(place, seconds)
        assert (place if is_called else goes_on).wait(10)
        raise ZeroDivisionError

    monkeypatch.setattr(turns, "wait_at", fail)
    with turn(counter):
        failing, other = counter.take(), counter.wish("b")
        if not is_called:
            goes_on.set()
            wait_until(failing.done)

    with pytest.raises(ZeroDivisionError):
        failing.result(10)
    assert other.result(10) == "B"
    assert counter.served == [["b"]]
    assert counter.line._lines == {}


def test_who_waits_too_long_is_sent_away_and_served_by_nobody(counter, settings):
    settings.LOCK_TIMEOUT_SECONDS = 0.01
    with turn(counter):
        with pytest.raises(Busy):
            counter.line.serve("show", "a", counter.serve, of="a")
        assert counter.line.waiting == 0

    assert counter.served == []
    assert counter.line._lines == {}


def test_who_is_being_served_waits_for_the_end_of_it_however_long(counter, settings):
    begun, end = Event(), Event()

    def slowly(wishes: list[str]) -> list[str]:
        begun.set()
        assert end.wait(10)
        return counter.serve(wishes)

    settings.LOCK_TIMEOUT_SECONDS = 0.2
    with turn(counter):
        answers = [counter.wish(name, do=slowly) for name in "ab"]
    assert begun.wait(10)
    late = counter.pool.submit(lambda: counter.line.serve("show", "late", slowly, of="late"))
    with pytest.raises(Busy):
        late.result(10)  # so the time of those who are being served was over long ago
    end.set()

    assert [answer.result(10) for answer in answers] == ["A", "B"]


def test_beyond_the_bound_it_is_refused_at_once(counter, settings):
    settings.MAX_WAITING_PER_SHOW = 1
    with turn(counter):
        answer = counter.wish("a")
        with pytest.raises(Busy):
            counter.line.serve("show", "b", counter.serve, of="b")

    assert answer.result(10) == "A"
