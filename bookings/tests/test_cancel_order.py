"""Cancelling an order: all of it, some of its seats, or one booking by its id."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from accounts.tests.factories import client_for
from bookings.models import Booking, Status
from bookings.tests.api import assert_refused, post_to, read, statuses
from bookings.tests.factories import make_order
from bookings.tests.history import assert_history_consistent
from movies.models import Show
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db


def test_releasing_a_hold_frees_its_seats_and_nothing_was_paid():
    show = make_show()
    held = make_order(show, 5, 6)

    response = post_to(held, "cancel")

    assert response.status_code == 200
    assert (response.data["status"], response.data["total"]) == ("CANCELLED", "0.00")
    assert [row["refund_percent"] for row in response.data["bookings"]] == [None, None]
    assert make_order(show, 5, 6).bookings.count() == 2
    assert_history_consistent()


def test_a_booked_order_is_cancelled_whole():
    booked = make_order(make_show(starts_at=now() + timedelta(days=3)), 5, 6, status=Status.BOOKED)

    response = post_to(booked, "cancel")

    assert (response.data["status"], response.data["total"]) == ("CANCELLED", "0.00")
    assert [row["refund_amount"] for row in response.data["bookings"]] == ["10.00", "10.00"]
    assert_refused(post_to(booked, "cancel"), 409, "already_cancelled")


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
def test_some_seats_of_an_order_are_cancelled_and_the_others_stay(status):
    show = make_show()
    placed = make_order(show, 5, 6, 7, status=status)

    response = post_to(placed, "cancel", {"seat_numbers": [6]})

    assert (response.data["status"], response.data["total"]) == (status, "20.00")
    assert statuses(placed) == {5: status, 6: "CANCELLED", 7: status}
    assert make_order(show, 6).bookings.count() == 1
    assert_history_consistent()


@pytest.mark.parametrize("seat_numbers", [[7], [5, 7], [4, 7], [51], [10**30]])
def test_seats_that_are_not_in_the_order_cannot_be_cancelled_with_it(seat_numbers):
    placed = make_order(make_show(), 4, 5)
    post_to(placed, "cancel", {"seat_numbers": [4]})
    make_order(placed.show, 7, user=placed.user)

    response = post_to(placed, "cancel", {"seat_numbers": seat_numbers})

    assert_refused(response, 400, "invalid")
    assert response.data["errors"].keys() == {"seat_numbers"}
    assert statuses(placed) == {4: "CANCELLED", 5: "HELD"}


def test_a_seat_is_cancelled_once():
    placed = make_order(make_show(), 4, 5, 6)
    post_to(placed, "cancel", {"seat_numbers": [4]})

    assert_refused(post_to(placed, "cancel", {"seat_numbers": [4]}), 409, "already_cancelled")
    assert_refused(post_to(placed, "cancel", {"seat_numbers": [4, 5]}), 409, "already_cancelled")
    Booking.objects.filter(seat_number=5).update(expires_at=now())
    assert_refused(post_to(placed, "cancel", {"seat_numbers": [5]}), 409, "hold_expired")
    assert statuses(placed) == {4: "CANCELLED", 5: "HELD", 6: "HELD"}


def test_an_order_gives_back_both_halves_of_a_sofa_or_none():
    show = make_show(screen=make_screen(seat_plan="A ooSS"))
    placed = make_order(show, 1, 3, 4, status=Status.BOOKED)

    response = post_to(placed, "cancel", {"seat_numbers": [1, 3]})

    assert_refused(response, 409, "sold_in_pairs")
    assert response.data["seats"] == [{"seat_number": 4, "reason": "other_half"}]
    assert post_to(placed, "cancel", {"seat_numbers": [3, 4]}).status_code == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"starts_at": now() - timedelta(minutes=1)}, "show_started"),
        ({"status": Show.Status.CANCELLED}, "show_cancelled"),
    ],
)
def test_half_a_sofa_of_a_show_that_is_past_or_cancelled_is_refused_for_that(change, code):
    show = make_show(screen=make_screen(seat_plan="A ooSS"))
    booked = make_order(show, 3, 4, status=Status.BOOKED)
    Show.objects.update(**change)

    assert_refused(post_to(booked, "cancel", {"seat_numbers": [3]}), 409, code)


def test_the_booking_of_half_a_sofa_takes_the_other_half_along():
    show = make_show(screen=make_screen(seat_plan="A ooSS"))
    placed = make_order(show, 1, 3, 4, status=Status.BOOKED)
    client, half = client_for(placed.user), placed.bookings.get(seat_number=3)

    quote = client.get(f"/api/bookings/{half.pk}/cancellation/")
    response = client.post(f"/api/bookings/{half.pk}/cancel/")

    assert (response.status_code, response.data["seat_number"]) == (200, 3)
    assert statuses(placed) == {1: "BOOKED", 3: "CANCELLED", 4: "CANCELLED"}
    returned = sum(booking.refund_amount for booking in placed.bookings.filter(seat_number__gt=1))
    assert Decimal(quote.data["refund_amount"]) == returned


def test_a_single_booking_of_an_order_is_cancelled_by_its_id():
    placed = make_order(make_show(), 5, 6, status=Status.BOOKED)
    booking = placed.bookings.get(seat_number=5)

    response = client_for(placed.user).post(f"/api/bookings/{booking.pk}/cancel/")

    assert (response.status_code, response.data["order"]) == (200, placed.reference)
    assert read(placed).data["status"] == "BOOKED"
    assert statuses(placed) == {5: "CANCELLED", 6: "BOOKED"}
