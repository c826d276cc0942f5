"""Cancelling a booking, the list of a user's bookings, and what the database itself refuses."""

from datetime import timedelta
from operator import attrgetter

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Status
from bookings.tests.api import iso
from bookings.tests.factories import book
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


def test_cancelling_keeps_the_row_and_frees_the_seat():
    user, show = make_user(), make_show()
    booking = book(show, 5, user=user)

    response = client_for(user).post(f"/api/bookings/{booking.pk}/cancel/")

    booking.refresh_from_db()
    show.refresh_from_db()
    assert response.status_code == 200
    assert response.data["status"] == "CANCELLED"
    assert response.json()["cancelled_at"] == iso(booking.cancelled_at)
    assert booking.status == Status.CANCELLED
    assert (show.live_seats, show.seats_version) == (0, 2)
    assert book(show, 5).status == Status.BOOKED
    assert Booking.objects.count() == 2


def test_cancelling_twice_is_a_conflict():
    user = make_user()
    booking = book(make_show(), 5, user=user)
    client = client_for(user)
    client.post(f"/api/bookings/{booking.pk}/cancel/")

    response = client.post(f"/api/bookings/{booking.pk}/cancel/")

    assert response.status_code == 409
    assert response.data["code"] == "already_cancelled"


@pytest.mark.parametrize("path", ["", "cancel/"])
def test_another_users_booking_is_not_found(path):
    booking = book(make_show(), 5)
    other_client = client_for(make_user(is_staff=True))

    response = (
        other_client.post(f"/api/bookings/{booking.pk}/{path}")
        if path
        else other_client.get(f"/api/bookings/{booking.pk}/")
    )

    booking.refresh_from_db()
    assert response.status_code == 404
    assert response.data["code"] == "not_found"
    assert booking.status == Status.BOOKED


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"starts_at": now() - timedelta(minutes=1)}, "show_started"),
        ({"status": Show.Status.CANCELLED}, "show_cancelled"),
    ],
)
def test_a_booking_of_a_show_that_is_past_or_cancelled_is_not_cancelled(change, code):
    user, show = make_user(), make_show()
    booking = book(show, 5, user=user)
    Show.objects.update(**change)

    response = client_for(user).post(f"/api/bookings/{booking.pk}/cancel/")

    booking.refresh_from_db()
    assert response.status_code == 409
    assert response.data["code"] == code
    assert booking.status == Status.BOOKED


@pytest.mark.parametrize("path", ["bookings", "my-bookings"])
def test_the_list_has_the_users_own_bookings_only_newest_first(path):
    user, show = make_user(), make_show()
    first = book(show, 1, user=user)
    book(show, 2)
    second = book(show, 3, user=user)

    response = client_for(user).get(f"/api/{path}/")

    assert response.status_code == 200
    assert response.data["count"] == 2
    assert [row["id"] for row in response.data["results"]] == [second.pk, first.pk]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number_of_rows(rows, django_assert_num_queries):
    user = make_user()
    for _ in range(rows):
        book(make_show(), 1, user=user)
    client = client_for(user)

    with django_assert_num_queries(3):  # the user, how many rows, the rows
        client.get("/api/bookings/")


def test_the_list_can_be_narrowed_to_a_status():
    user, show = make_user(), make_show()
    book(show, 1, user=user)
    cancelled = book(show, 2, user=user)
    client = client_for(user)
    client.post(f"/api/bookings/{cancelled.pk}/cancel/")

    response = client.get("/api/bookings/?status=CANCELLED")

    assert [row["id"] for row in response.data["results"]] == [cancelled.pk]


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED, Status.BLOCKED])
def test_the_database_itself_refuses_a_second_live_booking(status):
    booking = book(make_show(), 5)

    # The unique index, by its name on PostgreSQL and by its columns on SQLite.
    one_live = pytest.raises(IntegrityError, match=r"(one_live_booking_per_seat|\.seat_number)")
    with one_live, transaction.atomic():
        Booking.objects.create(
            order=booking.order,
            show=booking.show,
            user=booking.user,
            seat_number=5,
            price=0,
            status=status,
            expires_at=now() + timedelta(minutes=10) if status == Status.HELD else None,
            is_house_seat=status == Status.BLOCKED,
        )


@pytest.mark.parametrize("path", ["order", "show", "show.movie", "show.screen", "user"])
def test_what_was_sold_cannot_be_deleted(path):
    row = attrgetter(path)(book(make_show(), 5))

    with pytest.raises(ProtectedError):
        row.delete()
