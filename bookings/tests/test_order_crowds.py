"""Many holds, confirmations, cancellations, exchanges, blocks and sweepers, as fast as they can.

Two at a time, with the control: test_order_races.py.
"""

from collections import Counter
from datetime import timedelta
from threading import Barrier

import pytest

from accounts.tests.factories import make_user
from bookings.errors import AlreadyCancelled, HoldExpired, NotEnoughSeats, SeatTaken, TooManyHolds
from bookings.models import Booking, Order, Status
from bookings.rows import HOLDS_OF_USER
from bookings.services import expire_holds, limits
from bookings.services.inventory import SeatInventory
from bookings.tests.factories import let_expire, make_order
from bookings.tests.race_calls import (
    assert_consistent,
    at,
    best,
    block,
    book,
    cancel,
    confirm,
    exchange,
    hold,
    hold_until,
    kinds,
    soon,
    statuses,
    steps,
)
from movie_booking.composed import ComposedQuery
from movie_booking.tests.concurrency import run_concurrently
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.usefixtures("real_transactions")


def test_of_holds_that_overlap_in_opposite_order_each_gets_all_its_seats_or_none():
    choices = [(1, 2, 3, 4, 5), (5, 4, 3, 2, 1), (3, 4, 5, 6, 7), (7, 6, 5, 4, 3), (9, 8, 7), (7, 8, 9)]
    for _ in range(5):
        show = make_show()

        results = run_concurrently(*(hold(show, *seats) for seats in choices))

        assert {type(result) for result in results} == {Order, SeatTaken}
        for seats, result in zip(choices, results, strict=True):
            if isinstance(result, Order):
                assert set(result.bookings.values_list("seat_number", flat=True)) == set(seats)
        taken = Booking.objects.filter(show=show).count()
        assert taken == sum(
            len(seats) for seats, r in zip(choices, results, strict=True) if isinstance(r, Order)
        )
        assert_consistent()


def test_a_hold_that_ends_right_now_is_confirmed_or_expires_and_never_both():
    """Its user confirms, the sweeper runs, and another buyer books the seat, all in that millisecond."""
    for round_ in range(12):
        show = make_show()
        order = make_order(show, 5)
        over = soon(milliseconds=40)
        hold_until(over, order)
        early = over - timedelta(milliseconds=round_ % 4)

        confirmed, freed, booked = run_concurrently(
            at(early, confirm(order)), at(over, expire_holds), at(over, book(show, 5))
        )

        if isinstance(confirmed, Order):
            assert (statuses(order), steps(order)) == (["BOOKED"], "HELD BOOKED")
            assert freed == 0
            assert isinstance(booked, SeatTaken)
        else:
            assert isinstance(confirmed, HoldExpired)
            assert (statuses(order), steps(order)) == (["EXPIRED"], "HELD EXPIRED")
            assert freed in (0, 1)
            assert isinstance(booked, Booking)
        assert_consistent()


def hold_in_six_shows(user):
    return [hold(make_show(), 5, user=user) for _ in range(6)]


def test_a_user_holds_seats_of_no_more_shows_at_once_than_allowed(settings):
    settings.MAX_HELD_ORDERS = 2
    for _ in range(4):
        results = run_concurrently(*hold_in_six_shows(make_user()))

        assert Counter(type(result) for result in results) == {Order: 2, TooManyHolds: 4}
        assert_consistent()


@pytest.mark.postgres
def test_control_a_user_whose_holds_are_counted_all_at_once_gets_more(settings, monkeypatch):
    settings.MAX_HELD_ORDERS, settings.HOARDING_ORDERS = 2, 0  # the plain statement
    counted = Barrier(6)
    monkeypatch.setattr(limits, "HOLDS_OF_USER", ComposedQuery(HOLDS_OF_USER.build))  # without the wait
    allocate = SeatInventory.allocate

    def wait_then_allocate(*args, **kwargs):
        counted.wait(10)
        return allocate(*args, **kwargs)

    monkeypatch.setattr(SeatInventory, "allocate", wait_then_allocate)

    results = run_concurrently(*hold_in_six_shows(make_user()))

    assert Counter(type(result) for result in results) == {Order: 6}


def test_an_order_that_is_cancelled_and_confirmed_at_once_is_cancelled():
    for _ in range(8):
        order = make_order(make_show(), 5, 6)

        cancelled, confirmed = run_concurrently(cancel(order), confirm(order))

        assert isinstance(cancelled, Order)
        assert isinstance(confirmed, (Order, AlreadyCancelled))
        assert statuses(order) == ["CANCELLED", "CANCELLED"]
        through = "HELD BOOKED CANCELLED" if isinstance(confirmed, Order) else "HELD CANCELLED"
        assert steps(order) == f"{through} {through}"
        assert_consistent()


def test_an_exchange_that_loses_the_new_seat_keeps_the_old_one():
    for _ in range(8):
        show = make_show()
        order = make_order(show, 1, 2, status=Status.BOOKED)

        exchanged, *booked = run_concurrently(exchange(order, [2], [5]), book(show, 5), book(show, 2))

        live = order.bookings.live().order_by("seat_number").values_list("seat_number", flat=True)
        got = [isinstance(result, Booking) for result in booked]
        if isinstance(exchanged, Order):
            assert list(live) == [1, 5]
            assert got in ([False, False], [False, True])
        else:
            assert isinstance(exchanged, SeatTaken)
            assert list(live) == [1, 2]
            assert got == [True, False]
        assert_consistent()


def test_of_blocks_and_holds_of_one_seat_exactly_one_gets_it():
    for _ in range(8):
        show = make_show()

        results = run_concurrently(
            block(show, "A1-A4"), hold(show, 4, 5), block(show, "A5-A6, A4"), hold(show, 1, 4)
        )

        # All include seat A4.
        assert [type(result) for result in results].count(SeatTaken) == 3
        assert_consistent()


def test_forty_orders_of_the_best_available_seats_all_get_their_seats():
    show = make_show(screen=make_screen(seat_plan=plan_of(300)))
    sizes = [2 + number % 6 for number in range(40)]

    orders = run_concurrently(*(best(show, size) for size in sizes))

    assert kinds(orders) == ["Order"] * 40
    together = 0
    for size, order in zip(sizes, orders, strict=True):
        seats = sorted(order.bookings.values_list("seat_number", flat=True))
        assert len(seats) == size
        together += seats == list(range(seats[0], seats[0] + size))
    # Rarely the blocks for seven are all begun when the last order of seven has its turn.
    assert together >= 30
    assert_consistent()


@pytest.mark.parametrize("size", [2, 4, 6])
def test_forty_orders_of_one_size_all_get_adjacent_seats(size):
    """Alike as they are, it does not matter which comes first: the same seats are given in any order."""
    show = make_show(screen=make_screen(seat_plan=plan_of(300)))

    orders = run_concurrently(*(best(show, size) for _ in range(40)))

    assert kinds(orders) == ["Order"] * 40
    for order in orders:
        seats = sorted(order.bookings.values_list("seat_number", flat=True))
        assert seats == list(range(seats[0], seats[0] + size))
    assert_consistent()


def test_forty_orders_fill_the_screen_until_too_few_seats_are_left():
    show = make_show(screen=make_screen(seat_plan=plan_of(300)))

    orders = run_concurrently(*(best(show, 8) for _ in range(40)))

    # 37 times 8 is 296.
    assert Counter(type(order) for order in orders) == {Order: 37, NotEnoughSeats: 3}
    show.refresh_from_db()
    assert show.available_seats == 4
    assert_consistent()


def plan_of(seats):
    """Rows of 20 with two aisles."""
    rows = [f"{row} oooooo_oooooooo_oooooo" for row in "ABCDEFGHJKLMNPQ"]
    assert "".join(rows).count("o") == seats
    return "\n".join(rows)


def test_expired_holds_are_freed_once_by_many_sweepers_and_buyers():
    for _ in range(3):
        shows = [make_show() for _ in range(3)]
        orders = [make_order(show, seat, seat + 1) for show in shows for seat in (1, 3, 5)]
        let_expire(*orders)

        results = run_concurrently(
            *[expire_holds] * 4, *(book(show, seat) for show in shows for seat in (2, 3))
        )

        freed, booked = results[:4], results[4:]
        assert kinds(booked) == ["Booking"] * 6
        assert sum(freed) <= 18
        assert [steps(order) for order in orders] == ["HELD EXPIRED HELD EXPIRED"] * 9
        assert expire_holds() == 0
        assert_consistent()
