"""Holds, confirmations, cancellations, exchanges, blocks and expiry: each against another, two at a time.

The two are made to meet when both have decided and neither has written. Without the lock they do meet,
and either the constraint stops one or the history is wrong afterwards: the control. With the lock they
never meet. Many at a time: test_order_crowds.py.
"""

from collections.abc import Callable
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import NamedTuple

import pytest
from django.db import connection

from bookings.models import Status
from bookings.services import expire_holds
from bookings.tests.factories import let_expire, make_order, make_shows_of_one_movie
from bookings.tests.locks import without_the_lock
from bookings.tests.race_calls import (
    assert_consistent,
    at,
    best,
    block,
    book,
    call_off,
    cancel,
    confirm,
    exchange,
    hold,
    hold_until,
    kinds,
    move,
    soon,
    swap,
)
from movie_booking.tests.concurrency import run_concurrently
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.usefixtures("real_transactions")


class Race(NamedTuple):
    calls: tuple[Callable, Callable]
    # How it may end, as the kinds of results, if each waits for its turn.
    fair: list[list[str]]
    # Whether the constraint stops one of them if they do not wait; if not, the history is wrong afterwards.
    stopped: bool


def hold_against_hold():
    show = make_show()
    return Race((hold(show, 5, 6), hold(show, 7, 6)), [["Order", "SeatTaken"]], stopped=True)


def best_against_best():
    show = make_show()
    return Race((best(show, 4), best(show, 4)), [["Order", "Order"]], stopped=True)


def block_against_hold():
    show = make_show()
    return Race(
        (block(show, "A4-A6"), hold(show, 6, 7)),
        [["Order", "SeatTaken"], ["SeatSelection", "SeatTaken"]],
        True,
    )


def exchange_against_book():
    show = make_show()
    order = make_order(show, 1, 2, status=Status.BOOKED)
    fair = [["Order", "SeatTaken"], ["Booking", "SeatTaken"]]
    return Race((exchange(order, [1], [5]), book(show, 5)), fair, stopped=True)


def exchange_against_exchange():
    show = make_show()
    one, other = make_order(show, 1), make_order(show, 2)
    return Race((exchange(one, [1], [5]), exchange(other, [2], [5])), [["Order", "SeatTaken"]], stopped=True)


def swap_against_book():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, 2, status=Status.BOOKED)
    fair = [["Order", "SeatTaken"], ["Booking", "SeatTaken"]]
    return Race((swap(order, [1], other, [5]), book(other, 5)), fair, stopped=True)


def swap_against_swap():
    show, other = make_shows_of_one_movie()
    one, another = make_order(show, 1), make_order(show, 2)
    calls = swap(one, [1], other, [5]), swap(another, [2], other, [5])
    return Race(calls, [["Order", "SeatTaken"]], stopped=True)


def swap_against_the_same_swap():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, status=Status.BOOKED)
    calls = swap(order, [1], other, [5]), swap(order, [1], other, [6])
    return Race(calls, [["AlreadyCancelled", "Order"]], stopped=False)


def swap_against_cancel():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, 2, status=Status.BOOKED)
    # If the swap is first, what is left of the order is cancelled.
    fair = [["AlreadyCancelled", "Order"], ["Order", "Order"]]
    return Race((swap(order, [1], other, [5]), cancel(order)), fair, stopped=False)


def swap_against_confirm():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1)
    # One after the other both may succeed: what was booked can be exchanged.
    fair = [["AlreadyCancelled", "Order"], ["Order", "Order"]]
    return Race((swap(order, [1], other, [5]), confirm(order)), fair, stopped=False)


def swap_against_cancelling_the_old_show():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, 2, status=Status.BOOKED)
    fair = [["AlreadyCancelled", "tuple"], ["Order", "tuple"]]
    return Race((swap(order, [1], other, [5]), call_off(show)), fair, stopped=False)


def swap_against_cancelling_the_new_show():
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, 2, status=Status.BOOKED)
    fair = [["ShowCancelled", "tuple"], ["Order", "tuple"]]
    return Race((swap(order, [1], other, [5]), call_off(other)), fair, stopped=False)


def confirm_against_expiry():
    order = make_order(make_show(), 5, 6)
    just_before, over = soon(seconds=1), soon(seconds=1.3)
    hold_until(over, order)
    return Race((at(just_before, confirm(order)), at(over, expire_holds)), [["Order", "int"]], stopped=False)


def confirm_against_the_next_buyer():
    show = make_show()
    order = make_order(show, 5, 6)
    just_before, over = soon(seconds=1), soon(seconds=1.3)
    hold_until(over, order)
    calls = at(just_before, confirm(order)), at(over, book(show, 5))
    # Not stopped: the transaction that expires the hold may write over a confirmation of that instant.
    return Race(calls, [["Order", "SeatTaken"]], stopped=False)


def cancel_against_confirm():
    order = make_order(make_show(), 5, 6)
    # One after the other both may succeed: what was booked can be cancelled.
    return Race(
        (cancel(order), confirm(order)), [["AlreadyCancelled", "Order"], ["Order", "Order"]], stopped=False
    )


def cancel_against_cancel():
    order = make_order(make_show(), 5, 6, status=Status.BOOKED)
    return Race((cancel(order), cancel(order)), [["AlreadyCancelled", "Order"]], stopped=False)


def sweeper_against_sweeper():
    let_expire(make_order(make_show(), 5, 6))
    return Race((expire_holds, expire_holds), [["int", "int"]], stopped=False)


def sold_in_two_rows():
    """A show of two rows of two, of which the first seat is sold."""
    show = make_show(screen=make_screen(seat_plan="A oo\nB oo"))
    return show, make_order(show, 1, status=Status.BOOKED)


def move_against_book():
    show, _ = sold_in_two_rows()
    smaller = make_screen(cinema=show.cinema, seat_plan="A oo")
    # Without turns the buyer gets a seat that the show has no more.
    return Race((move(show, smaller), book(show, 4)), [["Move", "ShowChanged"], ["Booking", "Move"]], False)


def move_against_cancel():
    show, order = sold_in_two_rows()
    return Race(
        (move(show, make_screen(cinema=show.cinema, seat_plan="C oo")), cancel(order)),
        [["Move", "Order"]],
        False,
    )


def move_against_exchange():
    show, order = sold_in_two_rows()
    calls = move(show, make_screen(cinema=show.cinema, seat_plan="A oo\nC oo")), exchange(order, [1], [3])
    return Race(calls, [["Move", "Order"]], False)


def move_against_swap_away():
    show, order = sold_in_two_rows()
    calls = (
        move(show, make_screen(cinema=show.cinema, seat_plan="C oo")),
        swap(order, [1], make_show(movie=show.movie), [5]),
    )
    return Race(calls, [["Move", "Order"]], False)


def move_against_swap_to_it():
    show, _ = sold_in_two_rows()
    order = make_order(make_show(movie=show.movie), 5, status=Status.BOOKED)
    calls = move(show, make_screen(cinema=show.cinema, seat_plan="A oo")), swap(order, [5], show, [4])
    return Race(calls, [["Move", "ShowChanged"], ["Move", "Order"]], False)


def move_against_move():
    show, _ = sold_in_two_rows()
    screens = [make_screen(cinema=show.cinema, seat_plan=plan) for plan in ("A o", "C oo")]
    return Race(tuple(move(show, screen) for screen in screens), [["Move", "Move"]], False)


RACES = [
    hold_against_hold,
    best_against_best,
    block_against_hold,
    exchange_against_book,
    exchange_against_exchange,
    swap_against_book,
    swap_against_swap,
    swap_against_the_same_swap,
    swap_against_cancel,
    swap_against_confirm,
    swap_against_cancelling_the_old_show,
    swap_against_cancelling_the_new_show,
    confirm_against_expiry,
    confirm_against_the_next_buyer,
    cancel_against_confirm,
    cancel_against_cancel,
    sweeper_against_sweeper,
    move_against_book,
    move_against_cancel,
    move_against_exchange,
    move_against_swap_away,
    move_against_swap_to_it,
    move_against_move,
]
each_race = pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
# Two moves of a show would wait for one another at the lock of its movie too.
each_race_for_the_show = pytest.mark.parametrize(
    "race", [race for race in RACES if race is not move_against_move], ids=lambda race: race.__name__
)


def meet_before_writing(calls, patience):
    """Do both at once, each waiting for the other before its first write; return results and if they met."""
    meeting, met = Barrier(2), []

    def wait_then_write(waited, execute, sql, params, many, context):
        if not waited and sql.lstrip().startswith(("INSERT", "UPDATE", "WITH")):
            waited.append(True)
            try:
                meeting.wait(patience)
                met.append(True)
            except BrokenBarrierError:
                met.append(False)
        return execute(sql, params, many, context)

    def run(call):
        with connection.execute_wrapper(partial(wait_then_write, [])):
            return call()

    return run_concurrently(*(partial(run, call) for call in calls)), met


@pytest.mark.postgres
@each_race_for_the_show
def test_control_without_the_lock_both_decide_before_either_writes(race, monkeypatch):
    calls, _, stopped = race()
    without_the_lock(monkeypatch)

    results, met = meet_before_writing(calls, patience=10)

    assert met == [True, True]
    # What comes of it varies from run to run: a constraint or a deadlock stops one of them, or a wrong
    # history is kept. Where the constraint stands guard, never do both get the seat.
    if stopped:
        assert any(isinstance(result, Exception) for result in results)


@pytest.mark.postgres
@each_race
def test_with_the_lock_they_cannot_meet_and_take_turns(race):
    calls, fair, _ = race()

    results, met = meet_before_writing(calls, patience=0.5)

    assert True not in met
    assert kinds(results) in fair
    assert_consistent()
