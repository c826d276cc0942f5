"""Bookings in the Admin: to look up and to cancel, never to edit."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from bookings.models import Booking, Status
from bookings.services import book_seat
from bookings.tests.factories import make_booking
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db

LIST = "/admin/bookings/booking/"


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def cancel(client, *bookings):
    data = {"action": "cancel", "_selected_action": [booking.pk for booking in bookings]}
    return client.post(LIST, data, follow=True)


def messages(response):
    return [str(message) for message in response.context["messages"]]


def test_staff_cancel_anybodys_booking_through_the_service():
    show = make_show()
    bookings = [book_seat(user=make_user(), show_id=show.pk, seat_number=n) for n in (1, 2)]

    response = cancel(client_of(make_staff("view_booking", "change_booking")), *bookings)

    show.refresh_from_db()
    assert messages(response) == ["Cancelled: 2."]
    assert set(Booking.objects.values_list("status", flat=True)) == {Status.CANCELLED}
    assert (show.live_seats, show.seats_version) == (0, 4)


def test_what_cannot_be_cancelled_is_said_and_the_rest_is_cancelled():
    staff = client_of(make_staff("view_booking", "change_booking"))
    dead, alive = (book_seat(user=make_user(), show_id=make_show().pk, seat_number=1) for _ in range(2))
    cancel(staff, dead)

    response = cancel(staff, dead, alive)

    assert messages(response) == [
        f"Booking {dead.pk}: The booking is already cancelled.",
        "Cancelled: 1.",
    ]


def test_a_seat_that_the_house_blocked_is_to_be_freed_instead():
    show = make_show()
    blocked = make_booking(show, status=Status.BLOCKED)

    response = cancel(client_of(make_staff("view_booking", "change_booking")), blocked)

    assert messages(response) == [
        f"Booking {blocked.pk}: the house blocked this seat. Free it on the page of the show."
    ]
    blocked.refresh_from_db()
    assert blocked.status == Status.BLOCKED


def test_who_may_only_look_cannot_cancel():
    booking = book_seat(user=make_user(), show_id=make_show().pk, seat_number=1)

    cancel(client_of(make_staff("view_booking")), booking)

    booking.refresh_from_db()
    assert booking.status == Status.BOOKED


@pytest.mark.parametrize("page", ["add", "change", "delete"])
def test_bookings_are_neither_added_nor_changed_nor_deleted_here(page, admin_client):
    booking = book_seat(user=make_user(), show_id=make_show().pk, seat_number=1)
    arguments = [] if page == "add" else [booking.pk]
    response = admin_client.post(
        reverse(f"admin:bookings_booking_{page}", args=arguments), {"status": "HELD"}
    )

    booking.refresh_from_db()
    assert response.status_code == 403
    assert booking.status == Status.BOOKED


def test_a_show_with_bookings_is_not_deleted_with_its_page(admin_client):
    booking = book_seat(user=make_user(), show_id=make_show().pk, seat_number=1)

    admin_client.post(reverse("admin:movies_show_delete", args=[booking.show_id]), {"post": "yes"})

    assert Show.objects.filter(pk=booking.show_id).exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number_of_rows(
    rows, admin_client, django_assert_num_queries
):
    for _ in range(rows):
        book_seat(user=make_user(), show_id=make_show().pk, seat_number=1)
    admin_client.get(LIST)

    with django_assert_num_queries(7):
        admin_client.get(LIST)


@pytest.mark.parametrize(("page", "wish"), [("seats", "block"), ("cancel", "")])
def test_a_reason_that_cannot_be_stored_is_no_server_error(page, wish, admin_client):
    show = make_show()

    response = admin_client.post(
        reverse(f"admin:movies_show_{page}", args=[show.pk]), {"wish": wish, "seat": ["1"], "reason": "a\0b"}
    )

    show.refresh_from_db()
    assert response.status_code in (200, 302)
    assert "\0" not in show.cancel_reason
