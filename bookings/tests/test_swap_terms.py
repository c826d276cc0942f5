"""Seats of another show are on terms of their own, and never on better ones than those that were given up."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from accounts.tests.factories import client_for
from bookings.models import Booking, Order, Status
from bookings.tests.api import post_to, swap
from bookings.tests.factories import change, make_order
from movies.models import Show
from movies.tests.factories import make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

TIERS = "24:100,2:50"


@pytest.fixture(autouse=True)
def _terms(settings):
    settings.REFUND_TIERS = TIERS


def make_shows(*hours_ahead):
    movie = make_movie()
    return [make_show(movie=movie, starts_at=now() + timedelta(hours=hours)) for hours in hours_ahead]


def swapped(order, seat, show, to_seat):
    response = swap(order, [seat], show, [to_seat])
    assert response.status_code == 200, response.data
    return Order.objects.get(reference=response.data["reference"])


def percent_now(order):
    [booking] = order.bookings.live()
    return client_for(order.user).get(f"/api/bookings/{booking.pk}/cancellation/").data["refund_percent"]


@pytest.mark.parametrize(
    ("hours", "there", "tiers", "percent"),
    [
        (30, 200, TIERS, 100),
        (3, 200, "2:50", 50),
        (1, 200, "0:0", 0),
        (30, 3, TIERS, 50),
        (30, 1, TIERS, 0),
        (3, 1, "2:50", 0),
    ],
)
def test_no_larger_share_comes_back_than_did_at_the_moment_of_the_exchange(hours, there, tiers, percent):
    show, other = make_shows(hours, there)
    order = make_order(show, 5, status=Status.BOOKED)

    new = swapped(order, 5, other, 1)

    assert new.refund_tiers == tiers
    assert percent_now(new) == percent
    assert post_to(new, "cancel").data["bookings"][0]["refund_percent"] == percent


def test_the_other_terms_are_those_in_force_now_for_the_other_show(settings):
    show, other = make_shows(3, 200)
    order = make_order(show, 5, status=Status.BOOKED)
    settings.REFUND_TIERS, settings.CANCEL_CUTOFF_MINUTES = "168:80,0:10", 45

    new = swapped(order, 5, other, 1)

    assert (new.refund_tiers, new.cancel_cutoff_minutes) == ("168:50,0:10", 45)
    assert (new.promised_starts_at, new.promised_screen) == (other.starts_at, other.screen)


@pytest.mark.parametrize(
    ("way", "percent"),
    [
        ((30, 3, 200), 50),  # 50 of the second show
        ((3, 30, 200), 50),  # 50 of the first is kept
        ((3, 1, 200), 0),
        ((1, 3, 200), 0),
        ((30, 100, 200), 100),
    ],
)
def test_a_chain_of_exchanges_keeps_the_smallest_share(way, percent):
    first, *others = make_shows(*way)
    order = make_order(first, 5, status=Status.BOOKED)

    for show in others:
        order = swapped(order, 5, show, 5)

    assert percent_now(order) == percent


def test_there_and_back_brings_nothing_back():
    show, other = make_shows(3, 200)
    order = make_order(show, 5, status=Status.BOOKED)

    back = swapped(swapped(order, 5, other, 5), 5, show, 5)

    assert percent_now(back) == 50


def test_an_exchange_within_the_other_show_keeps_the_cap():
    show, other = make_shows(1, 200)
    new = swapped(make_order(show, 5, status=Status.BOOKED), 5, other, 1)

    post_to(new, "exchange", {"from": [1], "to": [2]})

    assert percent_now(new) == 0


def test_what_stays_in_the_old_order_keeps_its_terms():
    show, other = make_shows(3, 200)
    order = make_order(show, 5, 6, status=Status.BOOKED)

    swapped(order, 5, other, 1)

    order.refresh_from_db()
    assert (order.refund_tiers, percent_now(order)) == (TIERS, 50)


def test_seats_of_a_show_that_was_moved_are_exchanged_at_full_share():
    show, other = make_shows(200, 300)
    order = make_order(show, 5, status=Status.BOOKED)
    change(show, starts_at=now() + timedelta(hours=1))

    new = swapped(order, 5, other, 1)

    assert (new.refund_tiers, percent_now(new)) == (TIERS, 100)


def test_guests_who_were_seated_anew_exchange_at_full_share():
    show, other = make_shows(1, 200)
    order = make_order(show, 5, status=Status.BOOKED)
    Order.objects.filter(pk=order.pk).update(is_reseated=True)

    new = swapped(order, 5, other, 1)

    assert (new.refund_tiers, new.is_reseated) == (TIERS, False)


def test_if_the_other_show_is_moved_everything_comes_back_whatever_the_cap():
    show, other = make_shows(1, 200)
    new = swapped(make_order(show, 5, status=Status.BOOKED), 5, other, 1)

    change(other, starts_at=other.starts_at + timedelta(hours=1))

    assert percent_now(new) == 100


@pytest.mark.parametrize("hours", [1, 3, 30])
def test_for_a_hold_nothing_was_paid_and_there_is_no_cap(hours):
    show, other = make_shows(hours, 200)

    new = swapped(make_order(show, 5), 5, other, 1)
    post_to(new, "confirm")

    assert (new.refund_tiers, percent_now(new)) == (TIERS, 100)


def test_a_hold_on_a_show_that_was_moved_is_on_the_terms_of_the_other_show():
    show, other = make_shows(200, 300)
    order = make_order(show, 5)
    change(show, starts_at=show.starts_at + timedelta(hours=5))

    new = swapped(order, 5, other, 1)

    assert post_to(new, "confirm").data["status"] == "BOOKED"


def test_what_was_paid_is_what_all_prices_sum_up_to_less_what_comes_back():
    movie = make_movie()
    shows = [
        make_show(
            movie=movie,
            screen=make_screen(seat_plan="A ooPP"),
            starts_at=now() + timedelta(days=days),
            price=Decimal(price),
            premium_price=Decimal(15),
        )
        for days, price in ((3, 10), (4, 12))
    ]
    order = make_order(shows[0], 1, status=Status.BOOKED)

    for seat, show, to_seat, due in (
        (1, shows[1], 3, "15.00"),
        (3, shows[0], 4, "15.00"),
        (4, shows[1], 1, "12.00"),
    ):
        order = swapped(order, seat, show, to_seat)
        rows = list(Booking.objects.all())
        assert sum(row.price - (row.refund_amount or 0) for row in rows) == Decimal(due)
    Show.objects.update(price=Decimal(99))
    post_to(order, "cancel")
    assert sum(row.price - row.refund_amount for row in Booking.objects.all()) == 0
