"""Who comes while others are served is served next, with all who came; and waits for nobody who hangs."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from django.db import connection

from movie_booking import batches
from movie_booking.batches import FEW, Batches
from movie_booking.errors import OutcomeUnknown
from movie_booking.tests.server import wait_until
from movie_booking.turns import MAX_TOGETHER, Place, wait_at

pytestmark = pytest.mark.django_db

LONG = 20.0


class Office:
    """Batches, and what was served in each. Whoever comes does so in a thread, one after the other."""

    def __init__(self, pool: ThreadPoolExecutor, patience: float) -> None:
        self.batches, self.pool, self.served = Batches(patience), pool, list[list[str]]()
        self.batches._few_come = False  # so one is served at a time

    def serve(self, wishes: Sequence[str]) -> list[str]:
        self.served.append(list(wishes))
        return [wish.upper() for wish in wishes]

    def come(self, wish: str, do: Callable | None = None, *, of: object = None) -> "Future[str]":
        """Have somebody come while others are served, and wait until they wait."""
        before = self.batches.waiting
        future = self.pool.submit(self.batches.serve, wish, do or self.serve, of=of or wish)
        wait_until(lambda: self.batches.waiting > before)
        return future

    @contextmanager
    def while_one_is_served(self, name: str = "first") -> "Iterator[Future[str]]":
        """A time in which somebody is served, alone."""
        begun, end = Event(), Event()

        def slowly(wishes: Sequence[str]) -> list[str]:
            begun.set()
            assert end.wait(LONG)
            return self.serve(wishes)

        future = self.pool.submit(self.batches.serve, name, slowly, of=name)
        assert begun.wait(LONG)
        yield future
        end.set()

    def assert_empty(self) -> None:
        wait_until(lambda: not self.batches._served)
        assert self.batches.waiting == 0


@pytest.fixture
def patience() -> float:
    return LONG


@pytest.fixture
def office(patience):
    with ThreadPoolExecutor(40) as pool:
        office = Office(pool, patience)
        yield office
        office.assert_empty()


def results(futures: "list[Future[str]]") -> list[str]:
    return [future.result(LONG) for future in futures]


def test_who_comes_when_nobody_is_served_is_served_at_once_and_alone(office):
    assert [office.batches.serve(name, office.serve, of=name) for name in "ab"] == ["A", "B"]

    assert office.served == [["a"], ["b"]]


def test_those_who_come_meanwhile_are_served_next_in_the_order_of_their_coming(office):
    with office.while_one_is_served() as first:
        answers = [office.come(name) for name in "abc"]

    assert results([first, *answers]) == ["FIRST", "A", "B", "C"]
    assert office.served == [["first"], ["a", "b", "c"]]


def test_of_one_customer_one_wish_in_a_batch_and_others_pass(office):
    with office.while_one_is_served():
        answers = [office.come(name, of=of) for name, of in zip("abcd", [1, 2, 1, 3], strict=True)]

    assert results(answers) == ["A", "B", "C", "D"]
    assert office.served[1:] == [["a", "b", "d"], ["c"]]


def test_no_more_than_so_many_in_a_batch(office):
    names = [f"n{number}" for number in range(MAX_TOGETHER + 3)]
    with office.while_one_is_served():
        answers = [office.come(name) for name in names]

    assert results(answers) == [name.upper() for name in names]
    assert office.served[1:] == [names[:MAX_TOGETHER], names[MAX_TOGETHER:]]


def test_who_comes_while_a_batch_is_served_is_in_the_next(office):
    begun, end = Event(), Event()

    def slowly(wishes):
        begun.set()
        assert end.wait(LONG)
        return office.serve(wishes)

    with office.while_one_is_served():
        answers = [office.come(name, slowly) for name in "ab"]
    assert begun.wait(LONG)
    answers += [office.come(name) for name in "cd"]
    end.set()

    assert results(answers) == ["A", "B", "C", "D"]
    assert office.served == [["first"], ["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("patience", [0.05])
def test_nobody_waits_for_who_hangs(office):
    with office.while_one_is_served() as hanging:
        answers = [office.pool.submit(office.batches.serve, name, office.serve, of=name) for name in "abc"]

        assert results(answers) == ["A", "B", "C"]
        office.batches.patience, office.batches._few_come = LONG, False
        next_one = office.pool.submit(office.batches.serve, "d", office.serve, of="d")
        assert next_one.result(LONG / 4) == "D"  # at once: whoever hangs is waited for no more
        assert not hanging.done()

    assert hanging.result(LONG) == "FIRST"


@pytest.mark.parametrize("patience", [0.05])
def test_who_hung_takes_the_lead_from_nobody_when_it_ends(office):
    begun, end = Event(), Event()

    def slowly(wishes):
        begun.set()
        assert end.wait(LONG)
        return office.serve(wishes)

    with office.while_one_is_served() as hanging:
        second = office.come("a", slowly)
        assert begun.wait(LONG)
    assert hanging.result(LONG) == "FIRST"
    office.batches.patience, office.batches._few_come = LONG, False
    third = office.come("b")  # waits for the second, who leads now
    assert not third.done()
    end.set()

    assert results([second, third]) == ["A", "B"]
    assert office.served == [["first"], ["a"], ["b"]]


@pytest.mark.parametrize("patience", [0.05])
def test_who_is_being_served_waits_for_the_end_of_it_however_long(office):
    def slowly(wishes):
        time.sleep(0.3)
        return office.serve(wishes)

    with office.while_one_is_served() as hanging:
        answers = [office.pool.submit(office.batches.serve, name, slowly, of=name) for name in "abc"]
        assert results(answers) == ["A", "B", "C"]

    assert hanging.result(LONG) == "FIRST"
    assert sorted(name for batch in office.served for name in batch) == ["a", "b", "c", "first"]


def test_what_fails_for_all_is_told_to_each_and_the_next_are_served(office):
    def fail(wishes):
        raise ZeroDivisionError(" ".join(wishes))

    with office.while_one_is_served():
        failing = [office.come(name, fail) for name in "abc"]
    for each in failing:
        with pytest.raises(ZeroDivisionError, match="a b c"):
            each.result(LONG)

    assert office.batches.serve("d", office.serve, of="d") == "D"


def test_whoever_is_broken_off_leaves_nobody_behind(office):
    class BrokenOff(BaseException):
        pass

    def break_off(wishes):
        yield wishes[0]
        raise BrokenOff

    with office.while_one_is_served():
        answers = [office.come(name, break_off) for name in "abc"]
        rest = office.come("d", of="a")

    with pytest.raises(BrokenOff):
        answers[0].result(LONG)
    for each in answers[1:]:
        with pytest.raises(OutcomeUnknown):
            each.result(LONG)
    assert rest.result(LONG) == "D"


def test_where_few_come_two_are_served_at_once_and_who_comes_then_waits(office):
    office.batches._few_come = True
    with office.while_one_is_served() as first:
        with office.while_one_is_served("second") as second:
            answers = [office.come(name) for name in "ab"]
        assert results([second, *answers]) == ["SECOND", "A", "B"]  # while the first is still served

    assert first.result(LONG) == "FIRST"
    assert office.served == [["second"], ["a", "b"], ["first"]]


def test_where_many_come_the_next_batch_waits_for_all_that_are_under_way(office):
    office.batches._few_come = True
    with office.while_one_is_served() as first:
        with office.while_one_is_served("second") as second:
            answers = [office.come(name) for name in "ab"]
            office.batches._few_come = False
        assert second.result(LONG) == "SECOND"
        answers.append(office.come("c"))
        assert not any(answer.done() for answer in answers)

    assert results([first, *answers]) == ["FIRST", "A", "B", "C"]
    assert office.served == [["second"], ["first"], ["a", "b", "c"]]


@pytest.mark.parametrize(("size", "few_come"), [(1, True), (FEW, True), (FEW + 1, False)])
@pytest.mark.parametrize("before", [True, False])
def test_whether_few_come_is_seen_by_those_who_waited(office, size, few_come, before):
    with office.while_one_is_served():
        answers = [office.come(f"n{number}") for number in range(size)]
        office.batches._few_come = before
    results(answers)

    assert office.batches._few_come == few_come
    assert office.batches.serve("a", office.serve, of="a") == "A"  # of whom nothing is to be seen
    assert office.batches._few_come == few_come


def test_who_waits_has_no_connection_to_the_database(office):
    def come():
        connection.ensure_connection()
        assert office.batches.serve("a", office.serve, of="a") == "A"
        return connection.connection

    with office.while_one_is_served():
        answer = office.pool.submit(come)
        wait_until(lambda: office.batches.waiting == 1)

    assert answer.result(LONG) is None


@pytest.mark.parametrize("is_called", [False, True])
def test_who_fails_while_it_waits_is_neither_served_nor_waited_for(office, monkeypatch, is_called):
    goes_on = Event()

    def fail(place: Place, seconds: float) -> bool:
        if place.of != "a":
            return wait_at(place, seconds)
        assert (place if is_called else goes_on).wait(LONG)
        raise ZeroDivisionError

    monkeypatch.setattr(batches, "wait_at", fail)
    with office.while_one_is_served():
        failing, other = office.come("a"), office.come("b")
        if not is_called:
            goes_on.set()
            wait_until(failing.done)

    with pytest.raises(ZeroDivisionError):
        failing.result(LONG)
    assert other.result(LONG / 4) == "B"
    assert office.served == [["first"], ["b"]]


@pytest.mark.parametrize("patience", [0.001])
def test_each_of_many_is_served_once_whoever_loses_patience(office):
    """With a patience as long as it takes to serve, so that many are called just when they had enough."""
    chance = random.Random(1)  # noqa: S311 - for a test
    pauses = [chance.choice([0, 0.001, 0.002, 0.02]) for _ in range(800)]

    def serve(wishes):
        time.sleep(pauses[int(wishes[0])])
        return office.serve(wishes)

    answers = [
        office.pool.submit(office.batches.serve, str(number), serve, of=number % 30) for number in range(800)
    ]

    assert results(answers) == [str(number) for number in range(800)]
    assert set(Counter(wish for batch in office.served for wish in batch).values()) == {1}
    assert max(map(len, office.served)) > 1
    for batch in office.served:
        assert len({int(wish) % 30 for wish in batch}) == len(batch) <= MAX_TOGETHER
