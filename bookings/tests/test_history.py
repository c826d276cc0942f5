"""Booking events: who changed which seat, when, from what to what and through which channel."""

import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking, BookingEvent, Order, Status
from bookings.tests.factories import book, let_expire, make_order
from bookings.tests.history import assert_history_consistent
from bookings.tests.seats_page import cancel
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_staff(
        "block_seats",
        "change_show",
        "view_show",
        "view_booking",
        "change_booking",
        "view_order",
        "view_bookingevent",
    )


@pytest.fixture
def admin(staff):
    client = Client()
    client.force_login(staff)
    return client


def events(**fields):
    return list(
        BookingEvent.objects.filter(**fields).values_list(
            "seat_number", "from_status", "to_status", "actor", "channel"
        )
    )


def test_each_step_by_the_api_is_an_event(staff):
    show, user = make_show(), make_user()
    client, staff_client = client_for(user), client_for(staff)
    path = f"/api/shows/{show.pk}"
    begun = now()

    order = client.post("/api/orders/", {"show": show.pk, "seat_numbers": [2, 1]}).data["reference"]
    client.post(f"/api/orders/{order}/extend/", {})
    client.post(f"/api/orders/{order}/confirm/")
    client.post(f"/api/orders/{order}/exchange/", {"from": [2], "to": [3]})
    client.post(f"/api/orders/{order}/cancel/", {"seat_numbers": [1]})
    booking = client.post(f"{path}/book/", {"seat_number": 4}).data["id"]
    client.post(f"/api/bookings/{booking}/cancel/")
    staff_client.post(f"{path}/block/", {"seats": "A5"})
    staff_client.post(f"{path}/free/", {"seats": "A5"})
    staff_client.post(f"{path}/cancel/", {"reason": "No heating"})

    assert events() == [
        (1, "", "HELD", user.pk, "API"),
        (2, "", "HELD", user.pk, "API"),
        (1, "HELD", "BOOKED", user.pk, "API"),
        (2, "HELD", "BOOKED", user.pk, "API"),
        (2, "BOOKED", "CANCELLED", user.pk, "API"),
        (3, "", "BOOKED", user.pk, "API"),
        (1, "BOOKED", "CANCELLED", user.pk, "API"),
        (4, "", "BOOKED", user.pk, "API"),
        (4, "BOOKED", "CANCELLED", user.pk, "API"),
        (5, "", "BLOCKED", staff.pk, "API"),
        (5, "BLOCKED", "CANCELLED", staff.pk, "API"),
        (3, "BOOKED", "CANCELLED", staff.pk, "API"),
    ]
    times = list(BookingEvent.objects.values_list("at", flat=True))
    assert begun <= times[0] <= times[-1] <= now()
    assert times == sorted(times)
    assert_history_consistent()


def test_each_step_in_the_admin_is_an_event(staff, admin):
    show = make_show()
    bought = make_order(show, 1, 2, status=Status.BOOKED)
    make_order(show, 3)
    seats = reverse("admin:movies_show_seats", args=[show.pk])
    newest = BookingEvent.objects.latest("id").pk

    admin.post(seats, {"_block": "", "seat": ["5"]})
    admin.post(seats, {"_release": "", "seat": ["5"]})
    cancel(admin, show, 1)
    admin.post(
        reverse("admin:bookings_booking_changelist"),
        {"action": "cancel", "post": "yes", "_selected_action": [bought.bookings.get(seat_number=2).pk]},
    )
    admin.post(reverse("admin:movies_show_cancel", args=[show.pk]), {"reason": "No heating"})

    assert events(pk__gt=newest) == [
        (5, "", "BLOCKED", staff.pk, "ADMIN"),
        (5, "BLOCKED", "CANCELLED", staff.pk, "ADMIN"),
        (1, "BOOKED", "CANCELLED", staff.pk, "ADMIN"),
        (2, "BOOKED", "CANCELLED", staff.pk, "ADMIN"),
        (3, "HELD", "CANCELLED", staff.pk, "ADMIN"),
    ]
    assert_history_consistent()


def test_a_hold_that_expires_has_an_event_without_an_actor():
    let_expire(make_order(make_show(), 1, 2))

    call_command("expire_holds", stdout=StringIO())

    assert sorted(events(to_status="EXPIRED")) == [
        (1, "HELD", "EXPIRED", None, "EXPIRY"),
        (2, "HELD", "EXPIRED", None, "EXPIRY"),
    ]
    assert_history_consistent()


def test_a_refused_request_leaves_no_event():
    show = make_show()
    order = make_order(show, 1)
    before = events()
    client = client_for(make_user())

    client.post("/api/orders/", {"show": show.pk, "seat_numbers": [1, 2]})
    client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})
    client_for(order.user).post(f"/api/orders/{order.reference}/exchange/", {"from": [1], "to": [99]})

    assert events() == before


def test_the_database_itself_refuses_to_change_events():
    event = book(make_show(), 1).events.get()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        BookingEvent.objects.update(channel="COMMAND")
    event.refresh_from_db()
    assert event.channel == "API"


@pytest.mark.postgres
def test_the_database_itself_refuses_to_delete_events():
    book(make_show(), 1)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        BookingEvent.objects.all().delete()
    assert BookingEvent.objects.count() == 1


@pytest.mark.parametrize("row", ["booking", "order", "show", "user"])
def test_what_has_events_cannot_be_deleted(row):
    booking = book(make_show(), 1)

    with pytest.raises(ProtectedError):
        (booking if row == "booking" else getattr(booking, row)).delete()


# --- In the Admin ------------------------------------------------------------------------------


def test_the_pages_of_a_booking_and_of_the_seats_of_its_show_list_its_events(admin):
    user = make_user("ada")
    order = make_order(make_show(), 5, user=user, status=Status.BOOKED)
    [booking] = order.bookings.all()

    of_booking = admin.get(reverse("admin:bookings_booking_change", args=[booking.pk]))
    of_show = admin.get(reverse("admin:movies_show_seats", args=[order.show_id]))

    [inline] = of_booking.context["inline_admin_formsets"]
    assert [form.instance.to_status for form in inline.formset.forms] == ["HELD", "BOOKED"]
    assert [event.to_status for event, _ in of_show.context["events"]] == ["BOOKED", "HELD"]
    for page in (of_booking, of_show):
        rows = re.sub(r"<[^>]*>|\s+", " ", page.content.decode())
        assert re.search(r" Held +Booked +ada +API ", rows)


def test_staff_without_the_permission_see_no_events():
    order = make_order(make_show(), 5, user=make_user("ada"))
    client = Client()
    client.force_login(make_staff("view_show", "view_booking"))

    show = client.get(reverse("admin:movies_show_seats", args=[order.show_id]))
    booking = client.get(reverse("admin:bookings_booking_change", args=[order.bookings.get().pk]))

    assert "Latest changes" not in show.content.decode()
    assert show.context["events"] is None
    assert booking.context["inline_admin_formsets"] == []
    assert client.get(reverse("admin:bookings_bookingevent_changelist")).status_code == 403


@pytest.mark.parametrize("model", ["booking", "order", "bookingevent"])
@pytest.mark.parametrize("page", ["add", "change", "delete"])
def test_orders_bookings_and_events_are_not_added_changed_or_deleted_in_the_admin(model, page, admin_client):
    order = make_order(make_show(), 5)
    rows = {"booking": order.bookings.get(), "order": order, "bookingevent": BookingEvent.objects.get()}
    before = [list(cls.objects.values()) for cls in (Order, Booking, BookingEvent)]
    url = reverse(f"admin:bookings_{model}_{page}", args=[] if page == "add" else [rows[model].pk])

    response = admin_client.post(
        url, {"post": "yes", "status": "BOOKED", "channel": "COMMAND", "reference": "X", "seat_number": 1}
    )

    # The page of an order takes what it offers itself, and nothing else.
    assert response.status_code == (200 if (model, page) == ("order", "change") else 403)
    assert [list(cls.objects.values()) for cls in (Order, Booking, BookingEvent)] == before


@pytest.mark.parametrize("model", ["booking", "order", "bookingevent"])
def test_no_list_has_an_action_that_deletes(model, admin_client):
    make_order(make_show(), 5)

    page = admin_client.get(reverse(f"admin:bookings_{model}_changelist"))

    assert "delete_selected" not in page.content.decode()


def test_orders_are_found_by_reference_customer_and_film(admin):
    order = make_order(make_show(), 5, user=make_user("ada"))
    make_order(make_show(), 5)
    path = reverse("admin:bookings_order_changelist")

    def found(text):
        response = admin.get(path, {"q": text}, follow=True)
        if response.redirect_chain:  # to the only one
            return [response.context["order"].reference]
        return [row.reference for row in response.context["cl"].result_list]

    assert found(order.reference) == found("ada") == found("ada@example") == [order.reference]
    assert len(found("Inception")) == 2
    assert found("nothing of the kind") == []
    bookings = admin.get(reverse("admin:bookings_booking_changelist"), {"q": order.reference})
    assert [row.pk for row in bookings.context["cl"].result_list] == [order.bookings.get().pk]
