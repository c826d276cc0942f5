"""Orders and bookings narrowed down by status and show, and shows by the seats that are left."""

import pytest

from accounts.tests.factories import client_for, make_user
from bookings.models import Status
from bookings.tests.api import assert_refused
from bookings.tests.factories import block, book, call_off, give_back, let_expire, make_order
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user()


def found(user, path, key, **query):
    response = client_for(user).get(f"/api/{path}/", query)
    assert response.status_code == 200, response.data
    return {row[key] for row in response.data["results"]}


def test_orders_by_status(user):
    show = make_show()
    held, booked, over, given = (make_order(show, number, user=user) for number in (1, 2, 3, 4))
    booked.bookings.update(status=Status.BOOKED, expires_at=None)
    let_expire(over)
    give_back(given.bookings.get(), user=user)
    block(show, "A9", staff=user)
    make_order(show, 10)

    by_status = {
        status: found(user, "orders", "reference", status=status)
        for status in ("HELD", "BOOKED", "EXPIRED", "CANCELLED")
    }

    assert by_status == {
        "HELD": {held.reference},
        "BOOKED": {booked.reference},
        "EXPIRED": {over.reference},
        "CANCELLED": {given.reference},
    }
    everything = client_for(user).get("/api/orders/").data["results"]
    assert {row["reference"]: row["status"] for row in everything} == {
        reference: status for status, references in by_status.items() for reference in references
    }


@pytest.mark.parametrize("path", ["orders", "bookings"])
def test_by_show(user, path):
    here, there = make_show(), make_show()
    make_order(here, 1, user=user)
    book(there, 1, user=user)

    assert found(user, path, "show", show=here.pk) == {here.pk}
    assert found(user, path, "show", show=here.pk, status="BOOKED") == set()
    assert found(user, path, "show", show=987654) == set()


@pytest.mark.parametrize("status", ["SOLD", "held", "BLOCKED", "%00"])
def test_a_status_that_no_order_has_is_invalid(user, status):
    assert_refused(client_for(user).get(f"/api/orders/?status={status}"), 400, "invalid")


@pytest.mark.parametrize("show", ["x", "-1", "1.5", 2**63])
@pytest.mark.parametrize("path", ["orders", "bookings"])
def test_nor_is_what_cannot_be_a_show(user, path, show):
    assert_refused(client_for(user).get(f"/api/{path}/?show={show}"), 400, "invalid")


def test_narrowed_lists_are_paged_by_row(user):
    show = make_show(total_seats=10)
    orders = [make_order(show, number, user=user) for number in (1, 2, 3)]
    client = client_for(user)

    first = client.get("/api/orders/?status=HELD&page_size=2").data
    second = client.get(first["next"]).data

    assert first["count"] == 3
    assert [row["reference"] for row in first["results"] + second["results"]] == [
        order.reference for order in reversed(orders)
    ]


def test_shows_by_how_many_seats_are_left():
    roomy, tight, off = make_show(total_seats=5), make_show(total_seats=5), make_show(total_seats=5)
    make_order(tight, 1, 2, 3, 4)
    call_off(off)

    def shows(seats):
        return found(None, "shows", "id", min_available=seats)

    assert [shows(seats) for seats in (0, 1, 2, 5, 6)] == [
        {roomy.pk, tight.pk, off.pk},
        {roomy.pk, tight.pk},
        {roomy.pk},
        {roomy.pk},
        set(),
    ]
    assert found(None, "shows", "id", min_available=2, upcoming="true") == {roomy.pk}
