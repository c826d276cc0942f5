"""Holding seats: several at once, all or none, for a while and within limits."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Order, Status
from bookings.tests.api import assert_refused, iso, post_to
from bookings.tests.factories import block, let_expire, make_order
from bookings.tests.history import assert_history_consistent
from movies.models import Show
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db


def hold(client, show, *seat_numbers):
    return client.post("/api/orders/", {"show": show.pk, "seat_numbers": seat_numbers})


def test_seats_are_held_together_and_the_response_says_until_when():
    screen = make_screen(name="Screen 1", cinema=make_cinema(name="Odeon"), seat_plan="A ooP")
    show = make_show(
        screen=screen, movie=make_movie("Inception"), price=Decimal("10.00"), premium_price=Decimal("12.50")
    )
    user = make_user()

    response = hold(client_for(user), show, 3, 2)

    placed = Order.objects.get()
    first, second = placed.bookings.order_by("seat_number")

    def booking(row, label, price):
        return {
            "id": row.pk,
            "order": placed.reference,
            "show": show.pk,
            "movie": show.movie_id,
            "movie_title": "Inception",
            "screen": show.screen_id,
            "screen_name": "Screen 1",
            "cinema": show.screen.cinema_id,
            "cinema_name": "Odeon",
            "time_zone": "UTC",
            "starts_at": iso(show.starts_at),
            "seat_number": row.seat_number,
            "seat_label": label,
            "price": price,
            "currency": "EUR",
            "status": "HELD",
            "created_at": iso(row.created_at),
            "cancelled_at": None,
            "cancel_reason": None,
            "ended_by": None,
            "refund_percent": None,
            "refund_amount": None,
        }

    assert response.status_code == 201
    answer = response.json()
    assert answer.pop("expires_in_seconds") in (599, 600)
    assert answer == {
        "reference": placed.reference,
        "guest": None,
        "show": show.pk,
        "status": "HELD",
        "bookings": [booking(first, "A2", "10.00"), booking(second, "A3", "12.50")],
        "total": "22.50",
        "currency": "EUR",
        "expires_at": iso(first.expires_at),
        "created_at": iso(placed.created_at),
        "exchanged_from": None,
        "changes": [],
        "seats_version": 1,
    }
    assert first.expires_at == second.expires_at
    assert abs(first.expires_at - placed.created_at - timedelta(minutes=10)) < timedelta(seconds=1)
    assert (placed.user, first.user, second.user) == (user, user, user)
    show.refresh_from_db()
    assert show.live_seats == 2
    assert_history_consistent()


def test_a_reference_can_be_read_out_and_not_be_guessed():
    show = make_show()

    references = {make_order(show, number).reference for number in range(1, 21)}

    assert len(references) == 20
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{10}", reference) for reference in references)


def test_how_long_seats_are_held_is_a_setting(settings):
    settings.HOLD_MINUTES = 2

    response = hold(client_for(make_user()), make_show(), 1)

    assert response.data["expires_in_seconds"] in (119, 120)


def test_a_conflict_names_every_seat_in_the_way_and_why_and_holds_nothing():
    show = make_show(total_seats=50)
    block(show, "A4")
    make_order(show, 3, 2)
    make_order(show, 1, status=Status.BOOKED)
    post_to(make_order(show, 5), "cancel")
    let_expire(make_order(show, 6))
    before = Booking.objects.count(), Order.objects.count()

    response = hold(client_for(make_user()), show, 7, 6, 5, 4, 2, 1)

    assert_refused(response, 409, "seat_taken")
    assert response.json()["seats"] == [
        {"seat_number": 1, "reason": "booked"},
        {"seat_number": 2, "reason": "held"},
        {"seat_number": 4, "reason": "blocked"},
    ]
    assert (Booking.objects.count(), Order.objects.count()) == before
    assert_history_consistent()


@pytest.mark.parametrize("unknown", [51, 10**30])
def test_a_seat_that_the_show_does_not_have_is_invalid_and_nothing_is_held(unknown):
    show = make_show(total_seats=50)
    make_order(show, 1)
    before = Booking.objects.count(), Order.objects.count()

    response = hold(client_for(make_user()), show, 2, 1, unknown)

    assert_refused(response, 400, "no_such_seat")
    assert response.data["errors"] == {"seat_numbers": ["Seats are numbered 1 to 50."]}
    assert (Booking.objects.count(), Order.objects.count()) == before


def test_half_a_sofa_is_not_held_but_a_whole_one_is():
    show = make_show(screen=make_screen(seat_plan="A ooSS"))
    client = client_for(make_user())

    half = hold(client, show, 2, 3)

    assert_refused(half, 409, "sold_in_pairs")
    assert half.data["seats"] == [{"seat_number": 4, "reason": "other_half"}]
    assert hold(client, show, 3, 4).status_code == 201


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"status": Show.Status.DRAFT}, 404, "not_found"),
        ({"status": Show.Status.CANCELLED}, 409, "show_cancelled"),
        ({"starts_at": now() - timedelta(minutes=1)}, 409, "show_started"),
        ({"sales_open_at": now() + timedelta(hours=1)}, 409, "not_on_sale"),
        ({"starts_at": now() + timedelta(minutes=30), "sales_cutoff_minutes": 31}, 409, "sales_closed"),
    ],
)
def test_a_show_that_is_not_on_sale_takes_no_order(fields, status, code):
    response = hold(client_for(make_user()), make_show(**fields), 1)

    assert_refused(response, status, code)
    assert Order.objects.count() == 0


@pytest.mark.parametrize("show", [0, 999_999, 2**63, 10**30])
def test_an_order_for_a_show_that_is_not_there_is_not_found(show):
    response = client_for(make_user()).post("/api/orders/", {"show": show, "seat_numbers": [1]})

    assert_refused(response, 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", ""), ("post", ""), ("get", "X/")]
    + [("post", f"X/{verb}/") for verb in ("confirm", "extend", "cancel", "exchange")],
)
def test_without_logging_in_there_are_no_orders(method, path):
    assert_refused(getattr(client_for(), method)(f"/api/orders/{path}"), 401, "not_authenticated")


# --- Limits ------------------------------------------------------------------------------------


def test_seats_of_a_show_are_limited_for_a_user(settings):
    settings.MAX_SEATS_PER_SHOW = 4
    user, show = make_user(), make_show()
    make_order(show, 1, 2, user=user, status=Status.BOOKED)
    held = make_order(show, 3, user=user)
    client = client_for(user)

    too_many = hold(client, show, 4, 5)
    assert_refused(too_many, 409, "too_many_seats")
    assert too_many.data["limit"] == 4
    assert hold(client, show, 4).status_code == 201
    assert_refused(client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}), 409, "too_many_seats")

    # Neither what has expired counts, nor another show, nor another user.
    let_expire(held)
    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).status_code == 201
    assert hold(client, make_show(), 1, 2, 3, 4).status_code == 201
    assert hold(client_for(make_user()), show, 6, 7, 8, 9).status_code == 201


def test_orders_on_hold_are_limited_for_a_user(settings):
    settings.MAX_HELD_ORDERS = 2
    user = make_user()
    first, second = make_order(make_show(), 1, 2, user=user), make_order(make_show(), 1, user=user)
    show, client = make_show(), client_for(user)

    too_many = hold(client, show, 1)
    assert_refused(too_many, 409, "too_many_holds")
    assert too_many.data["limit"] == 2
    # What is booked at once is never on hold.
    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1}).status_code == 201

    post_to(first, "confirm")
    assert hold(client, show, 2).status_code == 201
    assert_refused(hold(client, show, 3), 409, "too_many_holds")
    let_expire(second)
    assert hold(client, show, 3).status_code == 201
