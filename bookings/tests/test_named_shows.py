"""Who looks up an order or a booking may say of which show it is: `?show=`. Any other show finds nothing."""

import pytest

from accounts.tests.factories import client_for, make_user
from bookings.models import Status
from bookings.tests.api import assert_refused
from bookings.tests.factories import make_order
from bookings.tests.guests import order as order_of_guest
from bookings.tests.history import db_snapshot
from movies.tests.factories import make_show
from movies.tests.machines import key_for, machine

pytestmark = pytest.mark.django_db

VERBS = [
    ("get", "orders/{order}/", {}),
    ("get", "orders/{order}/cancellation/", {}),
    ("post", "orders/{order}/confirm/", {}),
    ("post", "orders/{order}/extend/", {}),
    ("post", "orders/{order}/exchange/", {"from": [1], "to": [7]}),
    ("post", "orders/{order}/cancel/", {}),
    ("get", "bookings/{booking}/", {}),
    ("get", "bookings/{booking}/cancellation/", {}),
    ("post", "bookings/{booking}/cancel/", {}),
]


def make_bought(**customer):
    """Two seats: one that is on hold still, and one that is booked."""
    order = make_order(make_show(), 1, 2, **customer)
    order.bookings.filter(seat_number=2).update(status=Status.BOOKED, expires_at=None)
    return order


def ask(order, verb, show, client=None):
    method, path, body = verb
    booking = order.bookings.get(seat_number=2).pk
    address = f"/api/{path.format(order=order.reference, booking=booking)}"
    client = client or client_for(order.user)
    return getattr(client, method)(f"{address}?show={show}", *([body] if method == "post" else []))


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[1])
def test_with_its_show_it_is_found_and_with_another_it_is_not(verb):
    order, other = make_bought(), make_show()
    before = db_snapshot()

    for show in (other.pk, 0, 987_654, 2**63 - 1):
        assert_refused(ask(order, verb, show), 404, "not_found")
    assert db_snapshot() == before

    assert ask(order, verb, order.show_id).status_code == 200


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[1])
@pytest.mark.parametrize(
    "show", ["", "x", "-1", "1.0", "%00", "1%20", "%D9%A1", "9" * 30, "2**3", "1&show=1"]
)
def test_what_is_no_show_is_invalid_and_changes_nothing(verb, show):
    order = make_bought()
    before = db_snapshot()

    response = ask(order, verb, show)

    assert_refused(response, 400, "invalid")
    assert response.data["errors"].keys() == {"show"}
    assert db_snapshot() == before


def test_orders_of_others_are_not_found_by_their_show_either():
    order = make_bought()

    for verb in VERBS:
        assert_refused(ask(order, verb, order.show_id, client_for(make_user())), 404, "not_found")


def test_a_guest_names_the_show_beside_the_key():
    show, other = make_show(), make_show()
    made = order_of_guest(show, 5)
    client, path = client_for(), f"/api/orders/{made.data['reference']}/"
    key = {"HTTP_ORDER_KEY": made.data["access_key"]}

    assert client.get(f"{path}?show={show.pk}", **key).status_code == 200
    assert_refused(client.get(f"{path}?show={other.pk}", **key), 404, "not_found")
    assert_refused(client.get(f"{path}?show={show.pk}"), 401, "not_authenticated")
    assert client.post(f"{path}confirm/?show={show.pk}", **key).data["status"] == "BOOKED"


def test_a_machine_names_it_whether_it_sold_or_looks_up():
    show, other = make_show(), make_show()
    kiosk = machine(key_for(sells=True, reads_catalogue=False))
    desk = machine(key_for(looks_up=True, reads_catalogue=False))
    made = kiosk.post("/api/orders/", {"show": show.pk, "seat_numbers": [5]})

    for client in (kiosk, desk):
        path = f"/api/orders/{made.data['reference']}/"
        assert client.get(f"{path}?show={show.pk}").status_code == 200
        assert_refused(client.get(f"{path}?show={other.pk}"), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["orders/{order}/confirm/", "orders/{order}/cancel/", "bookings/{booking}/cancel/"]
)
def test_the_same_request_is_the_same_with_the_show_and_without(path):
    order = make_bought()
    booking = order.bookings.get(seat_number=2).pk
    client, address = client_for(order.user), f"/api/{path.format(order=order.reference, booking=booking)}"
    key = {"HTTP_IDEMPOTENCY_KEY": "k"}

    first = client.post(address, {}, **key)
    again = client.post(f"{address}?show={order.show_id}", {}, **key)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert_refused(client.post(f"{address}?show={make_show().pk}", {}, **key), 404, "not_found")
