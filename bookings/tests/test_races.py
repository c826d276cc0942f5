"""Many buyers of the same seat at the same moment.

Real threads, each with a connection of its own. The control comes first: with the lock patched out
the race does happen, and only the constraint stops it. If it did not, the other tests would prove
nothing.
"""

from collections import Counter
from functools import partial
from threading import Event

import pytest
from django.db import IntegrityError, transaction

from accounts.tests.factories import client_for, make_user
from bookings.errors import SeatTaken
from bookings.models import Booking, Status
from bookings.tests.factories import book
from bookings.tests.locks import (
    meet_after_the_check,
    wait_for_a_waiting_transaction,
    wait_until_one_waits_for_a_show,
    while_show_is_locked,
    without_the_lock,
)
from movie_booking.tests.concurrency import run_concurrently
from movies.models import Show
from movies.tests.factories import make_movie, make_screen, make_show

pytestmark = pytest.mark.usefixtures("real_transactions")


def assert_nothing_was_sold_twice(show: Show) -> None:
    seats = Counter(show.bookings.live().values_list("seat_number", flat=True))
    show.refresh_from_db()
    assert set(seats.values()) <= {1}
    assert show.live_seats == sum(seats.values())


@pytest.mark.postgres
def test_control_without_the_lock_both_buyers_find_the_seat_free_and_the_constraint_stops_one(monkeypatch):
    show, users = make_show(), [make_user(), make_user()]
    met = meet_after_the_check(monkeypatch, patience=10)
    without_the_lock(monkeypatch)

    results = run_concurrently(*(partial(book, show, 5, user=user) for user in users))

    refused = [result for result in results if isinstance(result, SeatTaken)]
    assert met == [True, True]
    assert len(refused) == 1
    assert isinstance(refused[0].__cause__, IntegrityError)
    assert Booking.objects.count() == 1


@pytest.mark.postgres
def test_with_the_lock_two_buyers_cannot_both_find_the_seat_free(monkeypatch):
    """The control with the lock in place: the second waits for the show, and does not meet the first."""
    show, users = make_show(), [make_user(), make_user()]
    met = meet_after_the_check(monkeypatch, patience=0.5)

    results = run_concurrently(*(partial(book, show, 5, user=user) for user in users))

    assert met == [False, False]
    assert sorted(type(result).__name__ for result in results) == ["Booking", "SeatTaken"]
    assert not any(result.__cause__ for result in results if isinstance(result, SeatTaken))


def test_of_many_buyers_of_one_seat_one_gets_it():
    show, users = make_show(), [make_user() for _ in range(12)]

    results = run_concurrently(*(partial(book, show, 5, user=user) for user in users))

    assert Counter(type(result).__name__ for result in results) == {"Booking": 1, "SeatTaken": 11}
    assert_nothing_was_sold_twice(show)


def test_twenty_buyers_over_http_for_five_seats_sell_exactly_five():
    show = make_show(total_seats=5)
    clients = [client_for(make_user()) for _ in range(20)]

    def buy(number, client):
        return client.post(f"/api/shows/{show.pk}/book/", {"seat_number": number % 5 + 1}).status_code

    statuses = run_concurrently(*(partial(buy, number, client) for number, client in enumerate(clients)))

    assert Counter(statuses) == {201: 5, 409: 15}
    assert_nothing_was_sold_twice(show)


@pytest.mark.postgres
def test_locking_shows_in_opposite_order_of_request_does_not_deadlock():
    """Each books a seat of both shows, one transaction a seat: none holds one lock and waits for another."""
    there, back = make_user(), make_user()

    def book_both(user, order):
        return [book(show, n, user=user) for n, show in enumerate(order, 1)]

    for _ in range(5):
        shows = [make_show(), make_show()]
        results = run_concurrently(partial(book_both, there, shows), partial(book_both, back, shows[::-1]))

        assert [type(result) for result in results] == [list, list]
        assert [show.bookings.count() for show in shows] == [2, 2]


@pytest.mark.postgres
def test_a_booking_visibly_waits_for_the_lock():
    show, user = make_show(), make_user()
    locked, release = Event(), Event()

    def hold_the_lock():
        with transaction.atomic():
            Show.objects.lock(show.pk)
            locked.set()
            assert release.wait(timeout=10)

    def buy():
        assert locked.wait(timeout=10)
        return book(show, 5, user=user)

    def watch():
        assert locked.wait(timeout=10)
        waiting = wait_until_one_waits_for_a_show()
        booked_meanwhile = Booking.objects.count()
        release.set()
        return waiting, booked_meanwhile

    _, booking, seen = run_concurrently(hold_the_lock, buy, watch)

    assert seen == (1, 0)
    assert booking.status == Status.BOOKED


@pytest.mark.postgres
def test_a_request_that_waits_too_long_for_the_lock_is_told_to_come_back():
    show, client = make_show(), client_for(make_user())

    response = while_show_is_locked(
        show, lambda: client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5})
    )

    assert response.status_code == 503
    assert response.data["code"] == "busy"
    assert response["Retry-After"] == "1"
    assert Booking.objects.count() == 0


def test_of_many_cancels_of_one_booking_exactly_one_succeeds():
    user, show = make_user(), make_show()
    booking = book(show, 5, user=user)
    clients = [client_for(user) for _ in range(8)]

    def cancel(client):
        return client.post(f"/api/bookings/{booking.pk}/cancel/").status_code

    statuses = run_concurrently(*(partial(cancel, client) for client in clients))

    assert Counter(statuses) == {200: 1, 409: 7}
    assert_nothing_was_sold_twice(show)
    assert show.live_seats == 0


def test_a_cancel_races_the_next_buyer_and_the_seat_has_one_owner_at_most():
    show = make_show()
    owner, buyers = make_user(), [make_user() for _ in range(3)]
    for _ in range(5):
        booking = book(show, 5, user=owner)
        cancel = partial(client_for(owner).post, f"/api/bookings/{booking.pk}/cancel/")
        rebook = [partial(book, show, 5, user=user) for user in buyers]

        cancelled, *rebooked = run_concurrently(cancel, *rebook)

        assert cancelled.status_code == 200
        winners = [result for result in rebooked if isinstance(result, Booking)]
        assert len(winners) <= 1
        assert all(isinstance(result, (Booking, SeatTaken)) for result in rebooked)
        assert_nothing_was_sold_twice(show)
        for winner in winners:
            client_for(winner.user).post(f"/api/bookings/{winner.pk}/cancel/")


@pytest.mark.postgres
@pytest.mark.parametrize("field", ["screen", "movie"])
def test_a_buyer_who_waits_while_the_show_gets_another_screen_or_movie_buys_a_seat_of_it(field):
    show = make_show()
    other = make_screen(cinema=show.cinema) if field == "screen" else make_movie("Dune")
    locked, waits = Event(), Event()

    def change_the_show():
        with transaction.atomic():
            locked_show = Show.objects.lock(show.pk)
            locked.set()
            wait_for_a_waiting_transaction()
            waits.set()
            setattr(locked_show, field, other)
            locked_show.save()

    def buy():
        assert locked.wait(timeout=10)
        return book(show, 5)

    _, booking = run_concurrently(change_the_show, buy)

    assert waits.is_set()
    assert isinstance(booking, Booking), booking
    assert getattr(booking.show, field) == other
