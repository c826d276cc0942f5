"""Exchanging seats: in one step, never without a seat and never with two."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts.tests.factories import client_for
from bookings.models import Booking, Status
from bookings.tests.api import assert_refused, post_to, read
from bookings.tests.factories import block, let_expire, make_order, make_shows_of_one_movie
from bookings.tests.history import assert_history_consistent, db_snapshot
from movies.models import Show
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db


def exchange(order, from_seats, to_seats):
    return post_to(order, "exchange", {"from": from_seats, "to": to_seats})


def statuses(order):
    return list(order.bookings.order_by("id").values_list("seat_number", "status"))


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
def test_seats_are_exchanged_for_as_many_others(status):
    show = make_show()
    order = make_order(show, 5, 6, 7, status=status)
    before = read(order).json()

    response = exchange(order, [5, 7], [9, 8])

    assert response.status_code == 200
    after = response.json()
    assert {field: after[field] for field in ("reference", "status", "total", "expires_at")} == {
        field: before[field] for field in ("reference", "status", "total", "expires_at")
    }
    assert [(row["seat_number"], row["status"]) for row in after["bookings"]] == [
        (5, "CANCELLED"),
        (6, status),
        (7, "CANCELLED"),
        (8, status),
        (9, status),
    ]
    show.refresh_from_db()
    assert show.live_seats == 3
    assert_history_consistent()


def test_a_seat_whose_hold_has_expired_is_free_for_an_exchange():
    show = make_show()
    order, other = make_order(show, 5, status=Status.BOOKED), make_order(show, 7)
    let_expire(other)

    assert exchange(order, [5], [7]).status_code == 200
    assert statuses(order) == [(5, "CANCELLED"), (7, "BOOKED")]
    assert statuses(other) == [(7, "EXPIRED")]
    assert_history_consistent()


def test_what_was_held_stays_held_until_the_same_moment():
    order = make_order(make_show(), 5)
    until = now() + timedelta(minutes=3)
    Booking.objects.update(expires_at=until)

    exchange(order, [5], [7])

    assert order.bookings.get(seat_number=7).expires_at == until


def test_each_new_seat_costs_what_its_kind_costs_now_and_the_others_what_they_did():
    show = make_show(
        screen=make_screen(seat_plan="A ooooPP"), price=Decimal("10.00"), premium_price=Decimal("15.00")
    )
    order = make_order(show, 1, 2, status=Status.BOOKED)
    Show.objects.update(price=Decimal("11.00"), premium_price=Decimal("16.00"))

    assert exchange(order, [2], [5]).data["total"] == "26.00"
    assert exchange(order, [1], [3]).data["total"] == "27.00"


@pytest.mark.parametrize(("status", "back"), [(Status.BOOKED, 100), (Status.HELD, None)])
def test_what_was_paid_for_a_seat_counts_towards_the_new_one_and_the_row_says_why(status, back):
    """Even when cancelling would bring nothing: the seat is exchanged, not given up."""
    order = make_order(make_show(starts_at=now() + timedelta(hours=1)), 5, status=status)

    exchange(order, [5], [7])

    old, new = order.bookings.order_by("id")
    assert (old.status, old.reason, old.refund_percent, old.cancelled_by) == (
        Status.CANCELLED,
        "Exchanged",
        back,
        order.user,
    )
    assert (new.status, new.user, new.cancelled_at) == (status, order.user, None)


def test_what_was_paid_is_what_the_prices_sum_up_to_less_what_comes_back():
    show = make_show(
        screen=make_screen(seat_plan="A ooooPP"),
        price=Decimal("10.00"),
        premium_price=Decimal("15.00"),
        starts_at=now() + timedelta(days=3),
    )
    order = make_order(show, 1, status=Status.BOOKED)

    for from_seat, to_seat, due in ((1, 5, "15.00"), (5, 6, "15.00"), (6, 2, "10.00")):
        exchange(order, [from_seat], [to_seat])
        rows = list(order.bookings.all())
        assert sum(row.price - (row.refund_amount or 0) for row in rows) == Decimal(due)
    post_to(order, "cancel")
    rows = list(order.bookings.all())
    assert sum(row.price - row.refund_amount for row in rows) == 0


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
def test_a_seat_that_is_named_on_both_sides_stays_as_it_is(status):
    order = make_order(make_show(price=Decimal("10.00")), 5, 6, status=status)
    Show.objects.update(price=Decimal("20.00"))

    response = exchange(order, [5, 6], [6, 7])

    assert response.status_code == 200
    assert [(b["seat_number"], b["status"], b["price"]) for b in response.data["bookings"]] == [
        (5, "CANCELLED", "10.00"),
        (6, status, "10.00"),
        (7, status, "20.00"),
    ]
    before = db_snapshot()
    assert exchange(order, [7, 6], [6, 7]).status_code == 200
    assert db_snapshot() == before


@pytest.mark.parametrize(("from_seats", "to_seats"), [([5, 6], [6, 7]), ([6, 5], [5, 4]), ([5, 6], [6, 5])])
def test_neighbours_may_move_up_by_one(from_seats, to_seats):
    order = make_order(make_show(), 5, 6, status=Status.BOOKED)

    assert exchange(order, from_seats, to_seats).status_code == 200
    live = order.bookings.live().order_by("seat_number")
    assert list(live.values_list("seat_number", flat=True)) == sorted(to_seats)
    assert_history_consistent()


def test_a_customer_at_the_limit_of_seats_can_still_exchange(settings):
    settings.MAX_SEATS_PER_SHOW, settings.MAX_HELD_ORDERS = 2, 1
    order = make_order(make_show(), 5, 6)

    assert exchange(order, [5], [7]).status_code == 200


def test_every_seat_in_the_way_is_named_and_nothing_changes():
    show = make_show(total_seats=50)
    order = make_order(show, 1, 2, 3, 4, 5, status=Status.BOOKED)
    make_order(show, 11)
    make_order(show, 12, status=Status.BOOKED)
    block(show, "B3")
    let_expire(make_order(show, 14))
    before = db_snapshot()

    # Seat 5 is in the order, but is not among those that are given up.
    response = exchange(order, [1, 2, 3, 4], [5, 11, 12, 13])
    assert_refused(response, 409, "seat_taken")
    assert response.data["seats"] == [
        {"seat_number": 5, "reason": "booked", "order": order.reference},
        {"seat_number": 11, "reason": "held"},
        {"seat_number": 12, "reason": "booked"},
        {"seat_number": 13, "reason": "blocked"},
    ]
    assert db_snapshot() == before


def test_a_seat_that_the_show_does_not_have_is_invalid_and_nothing_changes():
    show = make_show(total_seats=50)
    order = make_order(show, 1, 2, status=Status.BOOKED)
    before = db_snapshot()

    response = exchange(order, [1, 2], [14, 51])

    assert_refused(response, 400, "no_such_seat")
    assert response.data["errors"] == {"to": ["Seats are numbered 1 to 50."]}
    assert db_snapshot() == before


@pytest.mark.parametrize(
    ("from_seats", "to_seats", "field"),
    [
        ([7], [8], "from"),
        ([5, 7], [8, 9], "from"),
        ([5], [8, 9], "to"),
        ([5, 6], [8], "to"),
    ],
)
def test_only_seats_of_the_order_are_exchanged_and_for_as_many(from_seats, to_seats, field):
    show = make_show()
    order = make_order(show, 4, 5, 6)
    post_to(order, "cancel", {"seat_numbers": [4]})
    make_order(show, 7, user=order.user)
    before = db_snapshot()

    response = exchange(order, from_seats, to_seats)

    assert_refused(response, 400, "invalid")
    assert response.data["errors"].keys() == {field}
    assert db_snapshot() == before


@pytest.mark.parametrize(
    ("from_seats", "to_seats", "missing"),
    [([3], [1], 3), ([1], [5], 6), ([1, 2], [5, 7], 6), ([3, 4], [1, 5], 6)],
)
def test_sofas_are_exchanged_whole(from_seats, to_seats, missing):
    show = make_show(screen=make_screen(seat_plan="A ooSSSSSSo"))
    order = make_order(show, 3, 4) if 3 in from_seats else make_order(show, 1, 2)

    response = exchange(order, from_seats, to_seats)

    assert_refused(response, 409, "sold_in_pairs")
    assert missing in [seat["seat_number"] for seat in response.data["seats"]]
    assert not order.bookings.filter(status=Status.CANCELLED).exists()


def test_a_sofa_is_exchanged_for_another_or_for_two_seats():
    order = make_order(make_show(screen=make_screen(seat_plan="A ooSSSS")), 3, 4)

    assert exchange(order, [3, 4], [5, 6]).status_code == 200
    assert exchange(order, [5, 6], [1, 2]).status_code == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"starts_at": now() - timedelta(minutes=1)}, "show_started"),
        ({"status": Show.Status.CANCELLED}, "show_cancelled"),
        ({"sales_open_at": now() + timedelta(hours=1)}, "not_on_sale"),
        ({"sales_cutoff_minutes": 7 * 24 * 60}, "sales_closed"),
    ],
)
def test_a_show_that_is_not_on_sale_exchanges_nothing(change, code):
    order = make_order(make_show(), 5, status=Status.BOOKED)
    Show.objects.update(**change)

    response = exchange(order, [5], [7])

    assert_refused(response, 409, code)
    assert statuses(order) == [(5, "BOOKED")]


def test_what_was_given_back_is_not_exchanged():
    order = make_order(make_show(), 5)
    post_to(order, "cancel")

    assert exchange(order, [5], [7]).data["code"] == "already_cancelled"


def test_what_was_exchanged_is_not_exchanged_again():
    order = make_order(make_show(), 5, 6)
    exchange(order, [5], [7])

    assert exchange(order, [5], [8]).data["code"] == "already_cancelled"
    assert exchange(order, [7], [5]).status_code == 200
    assert exchange(order, [5], [8]).status_code == 200


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED])
@pytest.mark.parametrize("to_another_show", [False, True])
def test_the_answer_says_what_the_order_says_when_it_is_read(status, to_another_show):
    """It is made of what the service left: after the commit nothing is asked that might fail."""
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, 2, status=status)
    client = client_for(order.user)
    body = {"from": [1], "to_show": (other if to_another_show else show).pk, "to": [5]}

    with CaptureQueriesContext(connection) as asked:
        answer = client.post(f"/api/orders/{order.reference}/exchange/", body)

    assert answer.status_code == 200
    end = [n for n, query in enumerate(asked) if re.match("COMMIT|RELEASE", query["sql"])]
    assert end[-1] == len(asked) - 1
    read = client.get(f"/api/orders/{answer.data['reference']}/")
    told, known = ({**each.json(), "expires_in_seconds": None} for each in (answer, read))
    del told["seats_version"]  # which is of the map, and goes on
    assert told == known
