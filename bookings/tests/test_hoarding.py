"""Holding seats again and again without buying any."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.admin.hoarding import orders_of_hoarders
from bookings.models import Booking, Order
from bookings.rows import holds_and_order_of_address, holds_and_order_of_user
from bookings.tests.factories import block, make_guest, make_order
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_an_hour(settings):
    settings.HOARDING_ORDERS, settings.HOARDING_HOURS = 3, 1


@pytest.fixture
def show():
    return make_show()


@pytest.fixture
def user():
    return make_user()


def hold(user, show, seat=1):
    return client_for(user).post("/api/orders/", {"show": show.pk, "seat_numbers": [seat]})


def hold_and_let_go(user, show, times=1):
    for _ in range(times):
        held = hold(user, show)
        assert held.status_code == 201
        assert client_for(user).post(f"/api/orders/{held.data['reference']}/cancel/").status_code == 200


def assert_refused(response):
    assert (response.status_code, response.data["code"]) == (429, "held_too_often")
    assert 3500 < response.data["retry_after"] <= 3600
    assert response.headers["Retry-After"] == str(response.data["retry_after"])


def test_who_let_too_many_orders_go_in_a_row_waits(user, show):
    hold_and_let_go(user, show, times=3)

    assert_refused(hold(user, show))
    assert Order.objects.count() == 3
    assert hold(make_user(), show).status_code == 201


def test_holds_that_expired_count_alike(user, show):
    for seat in (1, 3, 5):
        hold(user, show, seat)
    Booking.objects.update(expires_at=Booking.objects.first().created_at)

    assert_refused(hold(user, show))


def test_seats_on_hold_do_not_count(user, show):
    assert [hold(user, show, seat).status_code for seat in (1, 3, 5, 7, 9, 11)] == [201] * 5 + [409]


def test_buying_begins_a_new_row(user, show):
    hold_and_let_go(user, show, times=2)
    reference = hold(user, show).data["reference"]
    assert client_for(user).post(f"/api/orders/{reference}/confirm/").status_code == 200
    hold_and_let_go(user, make_show(), times=2)
    another = make_show()
    assert client_for(user).post(f"/api/shows/{another.pk}/book/", {"seat_number": 1}).status_code == 201
    booked = Booking.objects.get(show=another)
    assert client_for(user).post(f"/api/bookings/{booked.pk}/cancel/").status_code == 200

    hold_and_let_go(user, another, times=3)
    assert_refused(hold(user, another))


def test_who_waits_can_buy_at_once(user, show):
    hold_and_let_go(user, show, times=3)

    assert client_for(user).post(f"/api/shows/{show.pk}/book/", {"seat_number": 1}).status_code == 201
    assert hold(user, show, 3).status_code == 201


def test_it_is_over_when_the_first_of_them_is_long_ago(user, show):
    hold_and_let_go(user, show, times=3)
    Order.objects.filter(pk=Order.objects.order_by("pk").first().pk).update(
        created_at=Order.objects.first().created_at - timedelta(hours=1)
    )

    assert hold(user, show).status_code == 201


def test_guests_are_counted_by_address(show):
    def hold_as(email):
        body = {"show": show.pk, "seat_numbers": [1], "guest": {"email": email}}
        return client_for().post("/api/orders/", body)

    for _ in range(3):
        held = hold_as("anna@example.com")
        Booking.objects.filter(order__reference=held.data["reference"]).update(
            expires_at=Order.objects.first().created_at
        )

    assert_refused(hold_as("ANNA@example.com"))
    assert hold_as("ben@example.com").status_code == 201


def test_house_seats_are_no_hoard(show):
    staff = make_staff("block_seats")
    for row in "ABC":
        block(show, f"{row}1-{row}2", staff=staff)

    assert hold(staff, show, 25).status_code == 201


def test_zero_switches_it_off(user, show, settings):
    settings.HOARDING_ORDERS = 0

    hold_and_let_go(user, show, times=5)


def test_it_takes_no_further_statement_for_those_who_made_few_orders(user, show, settings):
    with CaptureQueriesContext(connection) as watched:
        assert hold(user, show).status_code == 201
    settings.HOARDING_ORDERS = 0
    with CaptureQueriesContext(connection) as not_watched:
        assert hold(user, show, 5).status_code == 201

    assert len(watched) == len(not_watched)


@pytest.mark.parametrize("nth", [1, 2, 8])
def test_the_statement_returns_what_the_orm_returns(user, show, nth):
    hold_and_let_go(user, show, times=2)
    hold(user, show, 3)
    body = {"show": show.pk, "seat_numbers": [7], "guest": {"email": "anna@example.com"}}
    assert client_for().post("/api/orders/", body).status_code == 201

    for query, who in (
        (holds_and_order_of_user(nth), user.pk),
        (holds_and_order_of_address(nth), "anna@example.com"),
    ):
        assert sorted(query(who), key=str) == sorted(query.build(who), key=str) != []


def test_staff_see_whose_orders_they_are(user, show):
    hold_and_let_go(user, show, times=2)
    hold_and_let_go(make_user(), show)
    buyer = make_user()
    client_for(buyer).post(f"/api/shows/{show.pk}/book/", {"seat_number": 9})
    browser = Client()
    browser.force_login(make_staff("view_order"))

    listed = browser.get("/admin/bookings/order/?hoarding=yes").context["cl"].result_list

    assert {order.user for order in listed} == {user}
    hold_and_let_go(user, show)
    assert browser.get("/admin/bookings/order/?hoarding=yes").context["cl"].result_count == 3
    client_for(user).post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})
    assert browser.get("/admin/bookings/order/?hoarding=yes").context["cl"].result_count == 0


@pytest.mark.parametrize(("email", "found"), [("ann@example.com", 2), ("", 0)])
def test_customers_are_one_by_their_address_and_not_for_want_of_one(show, email, found):
    for seat in (1, 3):
        make_order(show, seat, user=make_guest(email))

    assert Order.objects.filter(orders_of_hoarders()).count() == found
