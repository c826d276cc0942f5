"""A quote for a whole order or some of its seats says what cancelling them then brings, and refuses alike."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Status
from bookings.tests.api import assert_refused, iso, post_to
from bookings.tests.factories import let_expire, make_order
from bookings.tests.history import db_snapshot
from movie_booking.tests.problems import problem_of
from movies.tests.factories import make_screen, make_show, tomorrow

pytestmark = pytest.mark.django_db

PLAN = "A oooPPSS\nB ooooWC"


def make_bought(*seat_numbers, starts_in=timedelta(hours=5), status=Status.BOOKED, **screen):
    show = make_show(
        screen=make_screen(seat_plan=PLAN, **screen),
        price=Decimal("8.35"),
        premium_price=Decimal("11.15"),
        starts_at=tomorrow() - timedelta(days=1) + starts_in,
    )
    return make_order(show, *seat_numbers, status=status)


def quote(order, seat_numbers=None, *, user=None, query=""):
    query = f"?seat_numbers={seat_numbers}" if seat_numbers is not None else query
    return client_for(user or order.user).get(f"/api/orders/{order.reference}/cancellation/{query}")


@pytest.mark.parametrize("named", [None, "1,2,4", "2", "4", "1,4"])
def test_it_says_what_cancelling_then_brings(named):
    order = make_bought(1, 2, 4)
    before = db_snapshot()

    quoted = quote(order, named)
    assert quoted.status_code == 200
    assert db_snapshot() == before
    numbers = [1, 2, 4] if named is None else [int(number) for number in named.split(",")]
    body = {} if named is None else {"seat_numbers": numbers}
    assert post_to(order, "cancel", body).status_code == 200

    cancelled = Booking.objects.filter(order=order, status=Status.CANCELLED).order_by("seat_number")
    assert [booking.seat_number for booking in cancelled] == numbers
    assert quoted.json() == {
        "order": order.reference,
        "seat_numbers": numbers,
        "refund_percent": 50,
        "refund_amount": str(sum(booking.refund_amount for booking in cancelled)),
        "currency": "EUR",
        "valid_until": iso(order.show.starts_at - timedelta(hours=2)),
        "cancel_until": iso(order.show.starts_at),
    }


def test_the_halves_of_cents_are_rounded_seat_by_seat():
    assert quote(make_bought(1, 2)).json()["refund_amount"] == "8.36"  # twice 4.175


def test_a_hold_brings_nothing():
    order = make_bought(1, 2, status=Status.HELD)

    answer = quote(order).json()

    assert (answer["refund_percent"], answer["refund_amount"], answer["valid_until"]) == (0, "0.00", None)
    assert answer["cancel_until"] == iso(order.bookings.first().expires_at)


def over(order):
    let_expire(order)


def given_back(order):
    assert post_to(order, "cancel").status_code == 200


REFUSED = [
    (over, None, "hold_expired"),
    (given_back, None, "already_cancelled"),
    (given_back, "1", "already_cancelled"),
    (None, "6", "sold_in_pairs"),
    (None, "12", "companion_without_wheelchair"),
    (None, "9", "leaves_single_seat"),
]


@pytest.mark.parametrize(("happened", "named", "code"), REFUSED)
def test_it_is_refused_as_cancelling_is(happened, named, code):
    order = make_bought(1, 6, 7, 8, 9, 10, 11, 12, 13, no_single_seats=True, status=Status.HELD)
    if happened:
        happened(order)
    body = {"seat_numbers": [int(named)]} if named else {}

    quoted, cancelled = quote(order, named), post_to(order, "cancel", body)

    assert_refused(quoted, 409, code)
    assert problem_of(quoted) == problem_of(cancelled)


def test_seats_that_were_never_in_it_and_what_is_no_seat_are_invalid():
    order = make_bought(1, 2)

    for named in ("3", "1,3", "", "x", "1,,2", "1;2", "0", "-1", "1,1", "9" * 30, "%00"):
        response = quote(order, named)
        assert_refused(response, 400, "invalid")
        assert response.data["errors"].keys() == {"seat_numbers"}
    assert quote(order, query="?seat_numbers=1&seat_numbers=2").json()["seat_numbers"] == [1, 2]


def test_a_misspelt_parameter_does_not_quote_for_everything():
    response = quote(make_bought(1, 2), query="?seats=1")

    assert_refused(response, 400, "invalid")
    assert response.data["errors"].keys() == {"seats"}


def test_orders_of_others_are_not_found():
    assert_refused(quote(make_bought(1), user=make_user()), 404, "not_found")


def test_it_takes_as_many_queries_for_one_seat_as_for_ten(django_assert_num_queries):
    few, many = make_bought(1), make_bought(1, 2, 3, 4, 8, 9)
    for order in (few, many):
        with django_assert_num_queries(4):
            assert quote(order).status_code == 200
