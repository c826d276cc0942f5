"""Booking events: who changed which seat, when, from what to what and through which channel."""

import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking, BookingEvent, Order, Status
from bookings.tests.factories import book, let_expire, make_order
from bookings.tests.history import assert_history_consistent
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
def office(staff):
    client = Client()
    client.force_login(staff)
    return client


def history(**fields):
    return list(
        BookingEvent.objects.filter(**fields).values_list(
            "seat_number", "from_status", "to_status", "actor", "channel"
        )
    )


def test_each_step_by_the_api_is_written_down(staff):
    show, user = make_show(), make_user()
    client, desk = client_for(user), client_for(staff)
    path = f"/api/shows/{show.pk}"
    begun = now()

    order = client.post("/api/orders/", {"show": show.pk, "seat_numbers": [2, 1]}).data["reference"]
    client.post(f"/api/orders/{order}/extend/", {})
    client.post(f"/api/orders/{order}/confirm/")
    client.post(f"/api/orders/{order}/exchange/", {"from": [2], "to": [3]})
    client.post(f"/api/orders/{order}/cancel/", {"seat_numbers": [1]})
    booking = client.post(f"{path}/book/", {"seat_number": 4}).data["id"]
    client.post(f"/api/bookings/{booking}/cancel/")
    desk.post(f"{path}/block/", {"seats": "A5"})
    desk.post(f"{path}/free/", {"seats": "A5"})
    desk.post(f"{path}/cancel/", {"reason": "No heating"})

    assert history() == [
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


def test_each_step_in_the_admin_is_written_down(staff, office):
    show = make_show()
    bought = make_order(show, 1, 2, status=Status.BOOKED)
    make_order(show, 3)
    seats = reverse("admin:movies_show_seats", args=[show.pk])
    newest = BookingEvent.objects.latest("id").pk

    office.post(seats, {"_block": "", "seat": ["5"]})
    office.post(seats, {"_release": "", "seat": ["5"]})
    office.post(seats, {"_cancel": "", "seat": ["1"]})
    office.post(
        reverse("admin:bookings_booking_changelist"),
        {"action": "cancel", "_selected_action": [bought.bookings.get(seat_number=2).pk]},
    )
    office.post(reverse("admin:movies_show_cancel", args=[show.pk]), {"reason": "No heating"})

    assert history(pk__gt=newest) == [
        (5, "", "BLOCKED", staff.pk, "ADMIN"),
        (5, "BLOCKED", "CANCELLED", staff.pk, "ADMIN"),
        (1, "BOOKED", "CANCELLED", staff.pk, "ADMIN"),
        (2, "BOOKED", "CANCELLED", staff.pk, "ADMIN"),
        (3, "HELD", "CANCELLED", staff.pk, "ADMIN"),
    ]
    assert_history_consistent()


def test_what_comes_with_time_was_done_by_nobody():
    let_expire(make_order(make_show(), 1, 2))

    call_command("expire_holds", stdout=StringIO())

    assert sorted(history(to_status="EXPIRED")) == [
        (1, "HELD", "EXPIRED", None, "EXPIRY"),
        (2, "HELD", "EXPIRED", None, "EXPIRY"),
    ]
    assert_history_consistent()


def test_what_is_refused_is_no_history():
    show = make_show()
    order = make_order(show, 1)
    before = history()
    client = client_for(make_user())

    client.post("/api/orders/", {"show": show.pk, "seat_numbers": [1, 2]})
    client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})
    client_for(order.user).post(f"/api/orders/{order.reference}/exchange/", {"from": [1], "to": [99]})

    assert history() == before


def test_nobody_changes_it_not_even_in_the_database():
    event = book(make_show(), 1).events.get()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        BookingEvent.objects.update(channel="COMMAND")
    event.refresh_from_db()
    assert event.channel == "API"


@pytest.mark.postgres
def test_nobody_deletes_it_not_even_in_the_database():
    book(make_show(), 1)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        BookingEvent.objects.all().delete()
    assert BookingEvent.objects.count() == 1


def test_what_has_a_history_cannot_be_deleted():
    booking = book(make_show(), 1)

    for row in (booking, booking.order, booking.show, booking.user):
        with pytest.raises(ProtectedError):
            row.delete()


# --- In the Admin ------------------------------------------------------------------------------


def test_the_pages_of_a_booking_and_of_its_show_tell_it(office):
    user = make_user("ada")
    order = make_order(make_show(), 5, user=user, status=Status.BOOKED)
    [booking] = order.bookings.all()

    of_booking = office.get(reverse("admin:bookings_booking_change", args=[booking.pk]))
    of_show = office.get(reverse("admin:movies_show_seats", args=[order.show_id]))

    [inline] = of_booking.context["inline_admin_formsets"]
    assert [form.instance.to_status for form in inline.formset.forms] == ["HELD", "BOOKED"]
    assert [event.to_status for event in of_show.context["events"]] == ["BOOKED", "HELD"]
    for page in (of_booking, of_show):
        rows = re.sub(r"<[^>]*>|\s+", " ", page.content.decode())
        assert re.search(r" Held +Booked +ada +API ", rows)


def test_who_may_not_see_the_history_does_not():
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
def test_nobody_adds_changes_or_deletes_any_of_it_in_the_admin(model, page, admin_client):
    order = make_order(make_show(), 5)
    rows = {"booking": order.bookings.get(), "order": order, "bookingevent": BookingEvent.objects.get()}
    before = [list(cls.objects.values()) for cls in (Order, Booking, BookingEvent)]
    url = reverse(f"admin:bookings_{model}_{page}", args=[] if page == "add" else [rows[model].pk])

    response = admin_client.post(
        url, {"post": "yes", "status": "BOOKED", "channel": "COMMAND", "reference": "X", "seat_number": 1}
    )

    assert response.status_code == 403
    assert [list(cls.objects.values()) for cls in (Order, Booking, BookingEvent)] == before


@pytest.mark.parametrize("model", ["booking", "order", "bookingevent"])
def test_nothing_is_deleted_by_the_action_of_a_list(model, admin_client):
    make_order(make_show(), 5)

    page = admin_client.get(reverse(f"admin:bookings_{model}_changelist"))

    assert "delete_selected" not in page.content.decode()


def test_orders_are_found_by_reference_customer_and_film(office):
    order = make_order(make_show(), 5, user=make_user("ada"))
    make_order(make_show(), 5)
    path = reverse("admin:bookings_order_changelist")

    def found(text):
        return [row.reference for row in office.get(path, {"q": text}).context["cl"].result_list]

    assert found(order.reference) == found("ada") == found("ada@example") == [order.reference]
    assert len(found("Inception")) == 2
    assert found("nothing of the kind") == []
    bookings = office.get(reverse("admin:bookings_booking_changelist"), {"q": order.reference})
    assert [row.pk for row in bookings.context["cl"].result_list] == [order.bookings.get().pk]


@pytest.mark.parametrize("model", ["order", "bookingevent"])
def test_a_list_costs_the_same_queries_for_any_number_of_rows(model, admin_client):
    path = reverse(f"admin:bookings_{model}_changelist")

    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(path)
        return len(captured)

    make_order(make_show(), 1)
    queries()
    one = queries()
    for _ in range(3):
        make_order(make_show(), 1, 2)

    assert queries() == one
