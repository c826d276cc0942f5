"""Guests at the same moment as others: for one seat, beyond their limits, and while an account claims."""

from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.utils.timezone import now

from accounts.tests.factories import make_user
from bookings.access_keys import key_of
from bookings.errors import SeatTaken, TooManyHolds, TooManySeats
from bookings.models import Booking, Guest, Order
from bookings.rows import HOLDS_OF_ADDRESS
from bookings.services import claim_order, claiming, guests, limits, sell_seats
from bookings.services.holds import SeatChoice
from bookings.services.inventory import SeatInventory
from bookings.tests.factories import by, make_guest, make_order, make_shows_of_one_movie
from bookings.tests.race_calls import assert_consistent, hold, swap
from movie_booking.composed import ComposedQuery
from movie_booking.errors import NotFound
from movie_booking.tests.concurrency import run_concurrently
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.usefixtures("real_transactions")


def test_of_a_user_a_guest_and_staff_who_want_a_seat_one_gets_it():
    staff = by(make_user(is_staff=True))
    for _ in range(4):
        show = make_show()
        sell = partial(sell_seats, show.pk, SeatChoice([5]), guest=None, actor=staff)

        results = run_concurrently(hold(show, 5), hold(show, 5, user=make_guest()), sell)

        assert Counter(type(result) for result in results) == {Order: 1, SeatTaken: 2}
        assert Guest.objects.count() == Order.objects.filter(guest__isnull=False).count()
        assert_consistent()


def test_guests_with_one_address_have_no_more_seats_of_a_show_than_allowed(settings):
    settings.MAX_SEATS_PER_SHOW = 2
    for round_ in range(4):
        show, email = make_show(), f"ann{round_}@example.com"

        results = run_concurrently(*(hold(show, seat, user=make_guest(email)) for seat in (1, 4, 7, 10)))

        assert Counter(type(result) for result in results) == {Order: 2, TooManySeats: 2}


def hold_in_four_shows():
    return [hold(make_show(), 5, user=make_guest()) for _ in range(4)]


def test_guests_with_one_address_hold_seats_of_no_more_shows_at_once_than_allowed(settings):
    settings.MAX_HELD_ORDERS = 2

    results = run_concurrently(*hold_in_four_shows())

    assert Counter(type(result) for result in results) == {Order: 2, TooManyHolds: 2}


@pytest.mark.postgres
def test_control_guests_whose_holds_are_counted_all_at_once_get_more(settings, monkeypatch):
    settings.MAX_HELD_ORDERS, settings.HOARDING_ORDERS = 2, 0  # the plain statement
    counted, allocate = Barrier(4), SeatInventory.allocate
    monkeypatch.setattr(limits, "HOLDS_OF_ADDRESS", ComposedQuery(HOLDS_OF_ADDRESS.build, str))

    def wait_then_allocate(*args, **kwargs):
        counted.wait(10)
        return allocate(*args, **kwargs)

    monkeypatch.setattr(SeatInventory, "allocate", wait_then_allocate)

    assert Counter(type(result) for result in run_concurrently(*hold_in_four_shows())) == {Order: 4}


def test_of_two_accounts_that_claim_an_order_one_has_it():
    guest = make_guest()
    order = make_order(make_show(), 5, 6, user=guest)
    key = key_of(guest.access_salt)
    users = [make_user(), make_user()]

    results = run_concurrently(*(partial(claim_order, order.reference, key, user=user) for user in users))

    order.refresh_from_db()
    assert sorted(type(result).__name__ for result in results) == ["NotFound", "list"]
    assert order.user == users[0 if isinstance(results[0], list) else 1]
    assert set(Booking.objects.values_list("user", flat=True)) == {order.user_id}


def test_an_order_that_is_exchanged_for_another_show_while_it_is_claimed_comes_along():
    for _ in range(4):
        show, other = make_shows_of_one_movie()
        guest = make_guest()
        order = make_order(show, 5, 6, user=guest)
        key, user = key_of(guest.access_salt), make_user()

        _, swapped = run_concurrently(
            partial(claim_order, order.reference, key, user=user), swap(order, [6], other, [1])
        )

        assert isinstance(swapped, Order), swapped
        assert set(Order.objects.filter(show__in=[show, other]).values_list("user", "guest")) == {
            (user.pk, None)
        }
        assert_consistent()


def test_an_exchange_that_comes_between_reading_and_locking_is_seen(monkeypatch):
    """The claim has read which shows to lock, and then there is one more."""
    show, other = make_shows_of_one_movie()
    guest = make_guest()
    order = make_order(show, 5, 6, user=guest)
    read, exchange = claiming._shows_of, [swap(order, [6], other, [1])]

    def read_then_exchange(of_guest):
        shows = read(of_guest)
        while exchange:
            exchange.pop()()
        return shows

    monkeypatch.setattr(claiming, "_shows_of", read_then_exchange)

    claimed = claim_order(order.reference, key_of(guest.access_salt), user=make_user())

    assert len(claimed) == Order.objects.count() == 2
    assert not Guest.objects.exists()


def test_an_order_is_claimed_once():
    guest, user = make_guest(), make_user()
    order = make_order(make_show(), 5, user=guest)
    claim_order(order.reference, key_of(guest.access_salt), user=user)

    with pytest.raises(NotFound):
        claim_order(order.reference, key_of(guest.access_salt), user=make_user())
    assert Order.objects.get().user == user


@pytest.mark.postgres
def test_two_commands_that_forget_guests_forget_each_once(monkeypatch):
    monkeypatch.setattr(guests, "BATCH", 2)
    show = make_show()
    for seat in range(1, 14, 2):
        make_order(show, seat, user=make_guest(f"ann{seat}@example.com"))
    Show.objects.update(ends_at=now() - timedelta(days=2), starts_at=now() - timedelta(days=3))
    Guest.objects.update(created_at=now() - timedelta(days=4))
    forget = partial(guests.anonymise_guests, now() - timedelta(days=1))

    assert sum(run_concurrently(forget, forget)) == Guest.objects.count() == 7
    assert not Guest.objects.filter(anonymised_at=None).exists()
    assert set(Guest.objects.values_list("email", "email_folded", "telephone_reversed")) == {("", "", "")}
