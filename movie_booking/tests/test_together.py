"""One question for all who ask at once, and none of them is told what was so before they asked."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from movie_booking.tests.server import wait_until
from movie_booking.together import Round, Together


class Asked:
    """A question whose rounds end when they are told to. It answers with what is known when it begins."""

    def __init__(self):
        self.known, self.begun, self.goes_on = 0, 0, Event()

    def __call__(self):
        known = self.known
        self.begun += 1
        assert self.goes_on.wait(30)
        return known


@pytest.fixture
def pool():
    with ThreadPoolExecutor(40) as pool:
        yield pool


def waiting(together, key=1):
    """How many wait for the next round, but for the one who will ask."""
    return len(together._next[key].is_over._cond._waiters) if key in together._next else 0


def test_who_asks_alone_asks_each_time():
    together, answers = Together(), iter(range(3))

    assert [together.ask(1, lambda: next(answers)) for _ in range(3)] == [0, 1, 2]
    assert (together._now, together._next) == ({}, {})


def test_all_who_come_while_it_is_asked_share_the_next_round(pool):
    together, question = Together(), Asked()
    first = pool.submit(together.ask, 1, question)
    wait_until(lambda: question.begun == 1)
    others = [pool.submit(together.ask, 1, question) for _ in range(30)]
    wait_until(lambda: waiting(together) == 29)

    question.goes_on.set()

    assert {each.result(30) for each in [first, *others]} == {0}
    assert question.begun == 2
    assert (together._now, together._next) == ({}, {})


def test_nobody_is_told_what_was_so_before_they_asked(pool):
    together, question = Together(), Asked()
    first = pool.submit(together.ask, 1, question)
    wait_until(lambda: question.begun == 1)
    question.known = 1

    second, third = (pool.submit(together.ask, 1, question) for _ in range(2))
    wait_until(lambda: waiting(together) == 1)
    question.goes_on.set()

    assert [each.result(30) for each in (first, second, third)] == [0, 1, 1]


def test_who_is_slow_to_leave_may_find_the_next_round_over_too(pool, monkeypatch):
    together, question, next_is_over, ask = Together(), Asked(), Event(), Round.ask

    def ask_and_stay(asked, what):
        ask(asked, what)
        assert what is not question or next_is_over.wait(30)

    monkeypatch.setattr(Round, "ask", ask_and_stay)
    slow = pool.submit(together.ask, 1, question)
    wait_until(lambda: question.begun == 1)
    quick = pool.submit(together.ask, 1, lambda: "quick")
    wait_until(lambda: 1 in together._next)
    question.goes_on.set()
    assert quick.result(30) == "quick"
    next_is_over.set()

    assert slow.result(30) == 0
    assert (together._now, together._next) == ({}, {})


def test_who_waits_lets_go_before_and_who_asks_at_once_does_not(pool):
    let_go = []
    together, question = Together(lambda: let_go.append(True)), Asked()
    first = pool.submit(together.ask, 1, question)
    wait_until(lambda: question.begun == 1)
    assert let_go == []

    others = [pool.submit(together.ask, 1, question) for _ in range(3)]
    wait_until(lambda: len(let_go) == 3)
    question.goes_on.set()

    assert {each.result(30) for each in [first, *others]} == {0}


def test_other_questions_do_not_wait(pool):
    together, question = Together(), Asked()
    first = pool.submit(together.ask, 1, question)
    wait_until(lambda: question.begun == 1)

    assert together.ask(2, lambda: "at once") == "at once"
    question.goes_on.set()
    assert first.result(30) == 0


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_fails_for_all_of_that_round_and_for_no_other(pool, error):
    together, question = Together(), Asked()

    def fail():
        raise error

    first = pool.submit(together.ask, 1, question)
    wait_until(lambda: question.begun == 1)
    others = [pool.submit(together.ask, 1, fail) for _ in range(5)]
    wait_until(lambda: waiting(together) == 4)
    question.goes_on.set()

    assert first.result(30) == 0
    assert [type(each.exception(30)) for each in others] == [error] * 5
    assert together.ask(1, lambda: "well again") == "well again"
    assert (together._now, together._next) == ({}, {})


def test_of_many_rounds_none_is_lost_and_none_is_old(pool):
    """Whoever asks in the thick of it is told of at least what was known when they asked."""
    together, known = Together(), [0]

    def ask_often():
        old = 0
        for _ in range(300):
            known[0] += 1
            before = known[0]
            old += together.ask(1, lambda: known[0]) < before
        return old

    assert [each.result(60) for each in [pool.submit(ask_often) for _ in range(8)]] == [0] * 8
    assert (together._now, together._next) == ({}, {})
