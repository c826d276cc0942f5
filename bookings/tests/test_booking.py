"""Booking a seat."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Status
from bookings.tests.factories import book, make_booking
from movie_booking.tests.problems import problem_of
from movies.models import Show
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db


def test_booking_a_free_seat_answers_with_the_ticket():
    user = make_user()
    screen = make_screen(name="Screen 1", cinema=make_cinema(name="Odeon"))
    show = make_show(movie=make_movie("Inception"), screen=screen, price=Decimal("12.50"))

    response = client_for(user).post(f"/api/shows/{show.pk}/book/", {"seat_number": 17})

    booking = Booking.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": booking.pk,
        "order": booking.order.reference,
        "show": show.pk,
        "movie": show.movie_id,
        "movie_title": "Inception",
        "screen": show.screen_id,
        "screen_name": "Screen 1",
        "cinema": show.screen.cinema_id,
        "cinema_name": "Odeon",
        "time_zone": "UTC",
        "starts_at": show.starts_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "seat_number": 17,
        "seat_label": "B7",
        "price": "12.50",
        "currency": "EUR",
        "status": "BOOKED",
        "created_at": booking.created_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "cancelled_at": None,
        "cancel_reason": None,
        "ended_by": None,
        "refund_percent": None,
        "refund_amount": None,
        "seats_version": 1,
    }
    assert booking.user == user


def test_booking_a_taken_seat_is_a_conflict_and_books_nothing():
    show = make_show()
    book(show, 2)

    response = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 2})

    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"
    assert problem_of(response) == {
        "type": "urn:problem-type:movie-booking:seat_taken",
        "title": "Seat taken",
        "status": 409,
        "detail": "Seat already booked.",
        "code": "seat_taken",
        "seats": [{"seat_number": 2, "reason": "booked"}],
    }
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("status", [Status.HELD, Status.BLOCKED])
def test_a_held_or_blocked_seat_is_taken_too(status):
    show = make_show()
    make_booking(show, user=make_user(), seat_number=2, price=0, status=status)

    response = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 2})

    assert response.status_code == 409
    assert response.data["seats"] == [{"seat_number": 2, "reason": status.value.lower()}]


@pytest.mark.parametrize("seat_number", [1, 50])
def test_the_first_and_the_last_seat_can_be_booked(seat_number):
    show = make_show(total_seats=50)

    response = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": seat_number})

    assert response.status_code == 201


@pytest.mark.parametrize("seat_number", [51, 10**30])
def test_a_seat_that_the_show_does_not_have_is_invalid(seat_number):
    show = make_show(total_seats=50)

    response = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": seat_number})

    assert response.status_code == 400
    assert response.data["code"] == "no_such_seat"
    assert response.data["errors"] == {"seat_number": ["Seats are numbered 1 to 50."]}


@pytest.mark.parametrize(
    "body",
    [{}, [], [5], 5, "5", None, True]
    + [{"seat_number": wrong} for wrong in ("5", 5.0, True, None, [], {}, 0, -1, "five", "")],
)
def test_a_body_without_a_seat_number_is_invalid(body):
    show = make_show()

    response = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", body)

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.data["code"] == "invalid"
    assert Booking.objects.count() == 0


def test_booking_takes_a_login():
    show = make_show()

    response = client_for().post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})

    assert response.status_code == 401
    assert response.data["code"] == "not_authenticated"
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("show_id", [0, 999_999, 2**63 - 1, 2**63, 10**18 * 9, 10**30])
def test_a_show_that_is_not_there_is_not_found(show_id):
    response = client_for(make_user()).post(f"/api/shows/{show_id}/book/", {"seat_number": 1})

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_a_show_that_started_takes_no_booking():
    show = make_show(starts_at=timezone.now() - timedelta(minutes=1))

    response = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})

    assert response.status_code == 409
    assert response.data["code"] == "show_started"
    assert Booking.objects.count() == 0


def test_a_cancelled_show_takes_no_booking():
    show = make_show(status=Show.Status.CANCELLED)

    response = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})

    assert response.status_code == 409
    assert response.data["code"] == "show_cancelled"
    assert Booking.objects.count() == 0


def test_the_same_seat_of_another_show_is_free():
    user = make_user()
    book(make_show(), 1, user=user)

    assert book(make_show(), 1, user=user).status == Status.BOOKED


def test_a_booking_counts_on_the_show():
    show = make_show(total_seats=50)

    book(show, 1)
    book(show, 2)

    show.refresh_from_db()
    assert (show.live_seats, show.seats_version) == (2, 2)
    assert client_for().get(f"/api/shows/{show.pk}/").data["available_seats"] == 48


@pytest.mark.parametrize(
    ("seat_number", "label", "price"),
    [(1, "A1", "10.00"), (4, "A4", "12.50"), (5, "B1", "10.00")],
)
def test_a_booking_costs_what_a_seat_of_its_kind_costs(seat_number, label, price):
    screen = make_screen(seat_plan="A oo_oP\n\nB WC_SS")
    show = make_show(
        screen=screen, price=Decimal("10.00"), premium_price=Decimal("12.50"), companion_price=Decimal(0)
    )
    client = client_for(make_user())

    booked = client.post(f"/api/shows/{show.pk}/book/", {"seat_number": seat_number})

    assert (booked.status_code, booked.data["seat_label"], booked.data["price"]) == (201, label, price)
    [read] = client.get("/api/bookings/").data["results"]
    assert {**read, "seats_version": 1} == booked.data


@pytest.mark.parametrize(("half", "other"), [(7, 8), (8, 7)])
def test_half_a_sofa_is_not_sold_and_the_other_half_is_named(half, other):
    show = make_show(screen=make_screen(seat_plan="A oo_oP\n\nB WC_SS"))

    response = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": half})

    assert response.status_code == 409
    assert response.data["code"] == "sold_in_pairs"
    assert response.data["seats"] == [{"seat_number": other, "reason": "other_half"}]
    assert Booking.objects.count() == 0


def test_a_booking_keeps_the_price_at_which_it_was_made():
    show = make_show(price=Decimal("10.00"))
    booking = book(show, 1)
    Show.objects.update(price=Decimal("99.00"))

    booking.refresh_from_db()

    assert booking.price == Decimal("10.00")
