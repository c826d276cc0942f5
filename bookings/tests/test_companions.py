"""Companion seats go with a wheelchair space of the same order, whatever is done with the order."""

import pytest

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Status
from bookings.tests.api import assert_refused, post_to, statuses
from bookings.tests.factories import block, make_booking, make_order
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db

# 1 and 2 are wheelchair spaces, 3 and 4 companion seats.
SEAT_PLAN = "A WWCC\nB oooo"


@pytest.fixture
def show():
    return make_show(screen=make_screen(seat_plan=SEAT_PLAN))


def order_seats(show, *seat_numbers):
    return client_for(make_user()).post("/api/orders/", {"show": show.pk, "seat_numbers": seat_numbers})


def assert_no_companion(response, *seat_numbers):
    assert_refused(response, 409, "companion_without_wheelchair")
    assert response.data["seats"] == [
        {"seat_number": number, "reason": "no_wheelchair_space"} for number in seat_numbers
    ]


def test_one_alone_cannot_be_booked(show):
    response = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 3})

    assert_no_companion(response, 3)
    assert Booking.objects.count() == 0


@pytest.mark.parametrize(
    ("seats", "too_many"),
    [
        ([3], [3]),
        ([3, 5], [3]),
        ([1, 3, 4], [4]),
        ([3, 4], [3, 4]),
        ([1, 3], []),
        ([1, 2, 3, 4], []),
        ([1, 2], []),
    ],
)
def test_an_order_has_at_most_one_for_each_wheelchair_space(show, seats, too_many):
    response = order_seats(show, *seats)

    if too_many:
        assert_no_companion(response, *too_many)
    else:
        assert response.status_code == 201


def test_a_wheelchair_space_of_another_order_does_not_count(show):
    user = make_user()
    make_order(show, 1, user=user)

    response = client_for(user).post("/api/orders/", {"show": show.pk, "seat_numbers": [3]})

    assert_no_companion(response, 3)


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
def test_none_is_kept_without_its_wheelchair_space(show, status):
    order = make_order(show, 1, 3, status=status)
    booking = order.bookings.get(seat_number=1)
    client = client_for(order.user)

    assert_no_companion(post_to(order, "cancel", {"seat_numbers": [1]}), 3)
    assert_no_companion(client.post(f"/api/bookings/{booking.pk}/cancel/"), 3)
    assert_no_companion(client.get(f"/api/bookings/{booking.pk}/cancellation/"), 3)
    assert post_to(order, "cancel", {"seat_numbers": [3]}).status_code == 200
    assert post_to(order, "cancel", {"seat_numbers": [1]}).status_code == 200


def test_both_go_back_together(show):
    order = make_order(show, 1, 3, 5, status=Status.BOOKED)

    assert post_to(order, "cancel", {"seat_numbers": [1, 3]}).status_code == 200
    assert statuses(order) == {1: "CANCELLED", 3: "CANCELLED", 5: "BOOKED"}


@pytest.mark.parametrize(
    ("own", "from_seats", "to_seats", "too_many"),
    [
        ([5], [5], [3], [3]),
        ([1, 3], [1], [5], [3]),
        ([1, 3], [1], [2], []),
        ([1, 3], [3], [4], []),
        ([1, 5], [5], [3], []),
        ([1, 3], [1, 3], [5, 6], []),
    ],
)
def test_none_is_got_by_exchange(show, own, from_seats, to_seats, too_many):
    order = make_order(show, *own)

    response = post_to(order, "exchange", {"from": from_seats, "to": to_seats})

    if too_many:
        assert_no_companion(response, *too_many)
    else:
        assert response.status_code == 200


def test_an_order_from_before_the_rule_is_not_worsened_and_can_be_given_back(show):
    order = make_booking(show, seat_number=3).order
    make_booking(show, seat_number=5, user=order.user, order=order)

    assert post_to(order, "exchange", {"from": [5], "to": [6]}).status_code == 200
    assert post_to(order, "cancel", {"seat_numbers": [6]}).status_code == 200
    assert post_to(order, "cancel").status_code == 200


def test_staff_block_as_they_like(show):
    assert block(show, "A3").seat_numbers == [3]
