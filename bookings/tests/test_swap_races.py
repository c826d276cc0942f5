"""Exchanges between two shows at the same moment: they do not wait in a circle, and no seat is lost.

Two at a time against the other verbs, each with its control: test_order_races.py.
"""

from threading import Barrier, BrokenBarrierError, Event

import pytest
from django.db import OperationalError, transaction

from bookings.errors import AlreadyCancelled, SeatTaken
from bookings.models import Booking, Order, Status
from bookings.tests.factories import make_order, make_shows_of_one_movie
from bookings.tests.locks import wait_until_one_waits_for_a_show
from bookings.tests.race_calls import assert_consistent, book, cancel, confirm, kinds, swap
from movie_booking.tests.concurrency import run_concurrently
from movies.models import Show, ShowQuerySet

pytestmark = pytest.mark.usefixtures("real_transactions")


def there_and_back(seat):
    """Two customers who each want a seat of the other's show."""
    show, other = make_shows_of_one_movie()
    there = make_order(show, seat, status=Status.BOOKED)
    back = make_order(other, seat, status=Status.BOOKED)
    return swap(there, [seat], other, [seat + 10]), swap(back, [seat], show, [seat + 10])


def lock_one_by_one(order_of, meet):
    """A `lock_all` that waits for the shows one after the other, in this order of their ids."""

    at_once = ShowQuerySet.lock_all

    def lock_all(self, show_ids):
        first, second = order_of(show_ids)
        locked = at_once(self, [first])
        meet()
        return locked + at_once(self, [second])

    return lock_all


@pytest.mark.postgres
def test_control_in_the_order_of_the_requests_two_swaps_in_opposite_directions_deadlock(monkeypatch):
    calls, meeting = there_and_back(5), Barrier(2)
    monkeypatch.setattr(ShowQuerySet, "lock_all", lock_one_by_one(list, lambda: meeting.wait(10)))

    results = run_concurrently(*calls)

    assert kinds(results) == ["OperationalError", "Order"]
    [error] = [result for result in results if isinstance(result, OperationalError)]
    assert "deadlock detected" in str(error)
    assert_consistent()


@pytest.mark.postgres
def test_in_ascending_order_they_cannot_both_have_one_of_the_locks(monkeypatch):
    """The control with the order of the locks in place."""
    calls, meeting, met = there_and_back(5), Barrier(2), []

    def meet():
        try:
            meeting.wait(0.5)
            met.append(True)
        except BrokenBarrierError:
            met.append(False)

    monkeypatch.setattr(ShowQuerySet, "lock_all", lock_one_by_one(sorted, meet))

    results = run_concurrently(*calls)

    assert met == [False, False]
    assert kinds(results) == ["Order", "Order"]
    assert_consistent()


@pytest.mark.postgres
def test_a_swap_that_waits_for_the_smaller_id_leaves_the_larger_free():
    """Both locks are one statement, which takes them in ascending id."""
    low, high = make_shows_of_one_movie()
    order = make_order(high, 1)
    locked, release = Event(), Event()

    def hold_the_lock():
        with transaction.atomic():
            Show.objects.lock(low.pk)
            locked.set()
            assert release.wait(timeout=10)

    def change_shows():
        assert locked.wait(timeout=10)
        return swap(order, [1], low, [5])()

    def buy():
        assert locked.wait(timeout=10)
        waiting = wait_until_one_waits_for_a_show()
        try:
            return waiting, book(high, 7)()
        finally:
            release.set()

    _, swapped, (waiting, booking) = run_concurrently(hold_the_lock, change_shows, buy)

    assert waiting == 1
    assert (type(booking), type(swapped)) == (Booking, Order)
    assert_consistent()


def test_swaps_in_opposite_directions_all_finish():
    for _ in range(5):
        results = run_concurrently(*there_and_back(5))

        assert kinds(results) == ["Order", "Order"]
        assert_consistent()


def test_twelve_customers_who_change_places_between_two_shows_all_get_their_seats():
    show, other = make_shows_of_one_movie()
    there = [make_order(show, seat, status=Status.BOOKED) for seat in range(1, 7)]
    back = [make_order(other, seat, status=Status.BOOKED) for seat in range(1, 7)]

    results = run_concurrently(
        *(swap(order, [seat], other, [seat + 10]) for seat, order in enumerate(there, 1)),
        *(swap(order, [seat], show, [seat + 10]) for seat, order in enumerate(back, 1)),
    )

    assert kinds(results) == ["Order"] * 12
    assert [each.bookings.live().count() for each in (show, other)] == [6, 6]
    assert_consistent()


def test_a_swap_that_loses_the_new_seat_keeps_the_old_one():
    for _ in range(8):
        show, other = make_shows_of_one_movie()
        order = make_order(show, 1, 2, status=Status.BOOKED)

        swapped, *booked = run_concurrently(swap(order, [2], other, [5]), book(other, 5), book(show, 2))

        got = [isinstance(result, Booking) for result in booked]
        kept = list(order.bookings.live().order_by("seat_number").values_list("seat_number", flat=True))
        if isinstance(swapped, Order):
            assert kept == [1]
            assert list(swapped.bookings.values_list("seat_number", "status")) == [(5, "BOOKED")]
            assert got in ([False, False], [False, True])
        else:
            assert isinstance(swapped, SeatTaken)
            assert kept == [1, 2]
            assert got == [True, False]
        assert_consistent()


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
def test_of_swap_cancel_and_confirm_at_once_the_customer_never_has_the_seat_twice(status):
    for _ in range(8):
        show, other = make_shows_of_one_movie()
        order = make_order(show, 1, status=status)

        swapped, cancelled, _ = run_concurrently(swap(order, [1], other, [5]), cancel(order), confirm(order))

        assert not order.bookings.live().exists()
        assert {type(swapped), type(cancelled)} == {Order, AlreadyCancelled}
        assert Booking.objects.live().filter(show=other).count() == isinstance(swapped, Order)
        assert_consistent()
