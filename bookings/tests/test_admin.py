"""Bookings in the Admin: to look up and to cancel, never to edit."""

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import make_staff, make_user
from bookings.models import STATUS_PRECEDENCE, Booking, Order, Status
from bookings.queries import order_summary
from bookings.tests.factories import book, give_back, let_expire, make_booking, make_order
from bookings.tests.history import db_snapshot
from movie_booking.tests.pages import inputs_of
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db

LIST = "/admin/bookings/booking/"


def text_of(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def cancel(client, *bookings):
    data = {"action": "cancel", "post": "yes", "_selected_action": [booking.pk for booking in bookings]}
    return client.post(LIST, data, follow=True)


def messages(response):
    return [str(message) for message in response.context["messages"]]


def test_staff_cancel_bookings_of_customers_through_the_service():
    show = make_show()
    bookings = [book(show, n) for n in (1, 2)]

    response = cancel(client_of(make_staff("view_booking", "change_booking")), *bookings)

    show.refresh_from_db()
    assert messages(response) == ["Cancelled: 2."]
    assert set(Booking.objects.values_list("status", flat=True)) == {Status.CANCELLED}
    assert (show.live_seats, show.seats_version) == (0, 4)


def test_a_booking_that_cannot_be_cancelled_is_named_and_the_others_are_cancelled():
    staff = client_of(make_staff("view_booking", "change_booking"))
    cancelled, live = (book(make_show(), 1) for _ in range(2))
    cancel(staff, cancelled)

    response = cancel(staff, cancelled, live)

    assert messages(response) == [
        f"Booking {cancelled.pk}: The booking is already cancelled.",
        "Cancelled: 1.",
    ]


def test_the_list_asks_before_it_cancels_and_says_what_goes_back():
    show = make_show(price=Decimal("9.00"), starts_at=now() + timedelta(days=3))
    first, second, ended = (book(show, number) for number in (1, 2, 3))
    give_back(ended)
    client = client_of(make_staff("view_booking", "change_booking"))
    ids = [booking.pk for booking in (first, second, ended)]
    data = {"action": "cancel", "_selected_action": ids}

    question = client.post(LIST, data)
    assert "Cancel 2 bookings, 18.00 EUR goes back" in text_of(question)
    assert show.bookings.live().count() == 2
    form = inputs_of(question, "content-main")
    Booking.objects.filter(pk=first.pk).update(price=Decimal("8.00"))
    again = client.post(LIST, form)
    assert "Another sum goes back now." in text_of(again)
    assert show.bookings.live().count() == 2
    response = client.post(LIST, inputs_of(again, "content-main"), follow=True)

    assert messages(response)[-1] == "Cancelled: 2."


def test_a_house_seat_is_to_be_released_instead():
    show = make_show()
    blocked = make_booking(show, status=Status.BLOCKED)

    response = cancel(client_of(make_staff("view_booking", "change_booking")), blocked)

    assert messages(response) == [
        f"Booking {blocked.pk} is a house seat: release it on the page of its show."
    ]
    blocked.refresh_from_db()
    assert blocked.status == Status.BLOCKED


@pytest.mark.parametrize("typed", ["4N0CV8NK71", "4noCV8NK7l", "4NOCV8NK7I", "4n0cv8nk7i"])
def test_a_reference_is_found_as_people_type_it(admin_client, typed):
    order, _other = (make_order(make_show(), 1) for _ in range(2))
    Order.objects.filter(pk=order.pk).update(reference="4N0CV8NK71")

    found = admin_client.get(LIST, {"q": typed}).context["cl"].result_list

    assert [booking.order for booking in found] == [order]


def test_the_beginning_of_a_reference_finds_orders(admin_client):
    order, _other = (make_order(make_show(), 1) for _ in range(2))
    Order.objects.filter(pk=order.pk).update(reference="4N0CV8NK71")

    found = admin_client.get(LIST, {"q": "4nocv"}).context["cl"].result_list

    assert [booking.order for booking in found] == [order]


def test_staff_who_may_only_view_bookings_cannot_cancel_them():
    booking = book(make_show(), 1)

    cancel(client_of(make_staff("view_booking")), booking)

    booking.refresh_from_db()
    assert booking.status == Status.BOOKED


@pytest.mark.parametrize("page", ["add", "change", "delete"])
def test_bookings_are_neither_added_nor_changed_nor_deleted_here(page, admin_client):
    booking = book(make_show(), 1)
    arguments = [] if page == "add" else [booking.pk]
    response = admin_client.post(
        reverse(f"admin:bookings_booking_{page}", args=arguments), {"status": "HELD"}
    )

    booking.refresh_from_db()
    assert response.status_code == 403
    assert booking.status == Status.BOOKED


def test_a_show_with_bookings_is_not_deleted_with_its_page(admin_client):
    booking = book(make_show(), 1)

    admin_client.post(reverse("admin:movies_show_delete", args=[booking.show_id]), {"post": "yes"})

    assert Show.objects.filter(pk=booking.show_id).exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number_of_rows(
    rows, admin_client, django_assert_num_queries
):
    for _ in range(rows):
        book(make_show(), 1)
    admin_client.get(LIST)

    with django_assert_num_queries(5):
        admin_client.get(LIST)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("model", "queries"), [("order", 6), ("bookingevent", 5)])
def test_the_other_lists_cost_the_same_queries_for_any_number_of_rows(
    model, queries, rows, admin_client, django_assert_num_queries
):
    for _ in range(rows):
        make_order(make_show(), 1, 2)
    path = reverse(f"admin:bookings_{model}_changelist")
    admin_client.get(path)

    with django_assert_num_queries(queries):
        admin_client.get(path)


@pytest.mark.parametrize("seats", [1, 3])
def test_the_page_of_an_order_costs_the_same_queries_for_any_number_of_seats(
    seats, admin_client, django_assert_num_queries
):
    order = make_order(make_show(), *range(1, seats + 1))
    path = reverse("admin:bookings_order_change", args=[order.pk])
    admin_client.get(path)

    with django_assert_num_queries(7):
        admin_client.get(path)


@pytest.mark.parametrize("changes", [1, 3])
def test_the_page_of_a_booking_costs_the_same_queries_for_any_number_of_changes(
    changes, admin_client, django_assert_num_queries
):
    order = make_order(make_show(), 1, status=Status.HELD if changes == 1 else Status.BOOKED)
    booking = order.bookings.get()
    if changes == 3:
        give_back(booking, user=order.user)
    path = reverse("admin:bookings_booking_change", args=[booking.pk])
    admin_client.get(path)

    with django_assert_num_queries(11 if changes == 1 else 12):  # who cancelled it is one more
        admin_client.get(path)


def lines_of(page):
    """What a list says, a dictionary of the texts of its columns a row."""
    changes = page.context["cl"]
    return [
        {
            name: str(getattr(changes.model_admin, name, lambda each, name=name: getattr(each, name))(row))
            for name in changes.list_display
            if name != "action_checkbox"
        }
        for row in changes.result_list
    ]


def test_the_list_of_orders_says_their_status_seats_and_total(admin_client):
    show = make_show(price=Decimal("12.50"), starts_at=datetime(2099, 7, 15, 20, tzinfo=timezone.utc))
    user = make_user("ada")
    order = make_order(show, 1, 2, 3, 14, user=user, status=Status.BOOKED)
    give_back(order.bookings.get(seat_number=14), user=user)
    let_expire(make_order(show, 21, 22))

    expired, booked = lines_of(admin_client.get(reverse("admin:bookings_order_changelist")))

    assert booked == {
        "reference": order.reference,
        "status": "Booked",
        "seats": "A1-A3",
        "film": "Inception",
        "starts": "Wed 15 Jul 2099, 20:00",
        "customer": "ada",
        "seller": "-",
        "total": "37.50",
    }
    assert (expired["status"], expired["seats"], expired["total"]) == ("Expired", "C1-C2", "0.00")


def make_order_with(status):
    if status == Status.BLOCKED:
        return make_booking(make_show(), status=status).order
    order = make_order(make_show(), 1, 2, status=Status.BOOKED if status == Status.CANCELLED else status)
    if status == Status.CANCELLED:
        for booking in order.bookings.all():
            give_back(booking, user=order.user)
    return order


@pytest.mark.parametrize("status", STATUS_PRECEDENCE)
def test_orders_are_filtered_by_their_status(status, admin_client):
    orders = {
        status: make_order_with(status)
        for status in (Status.HELD, Status.BOOKED, Status.BLOCKED, Status.CANCELLED)
    }
    orders[Status.EXPIRED] = make_order_with(Status.HELD)
    let_expire(orders[Status.EXPIRED])
    mixed = make_order_with(Status.BOOKED)  # one seat given back: it is a booked one all the same
    give_back(mixed.bookings.first(), user=mixed.user)

    page = admin_client.get(reverse("admin:bookings_order_changelist"), {"status": status})

    found = set(page.context["cl"].result_list)
    assert found == ({orders[status], mixed} if status == Status.BOOKED else {orders[status]})
    assert {order_summary(order.bookings.all(), now()).status for order in found} == {status}


def test_a_status_that_no_order_can_have_filters_nothing(admin_client):
    make_order_with(Status.HELD)

    page = admin_client.get(reverse("admin:bookings_order_changelist"), {"status": "nonsense"})

    assert len(page.context["cl"].result_list) == 1


PAGES_WITH_EVENTS = {
    "booking": lambda booking: reverse("admin:bookings_booking_change", args=[booking.pk]),
    "seats": lambda booking: reverse("admin:movies_show_seats", args=[booking.show_id]),
    "events": lambda booking: reverse("admin:bookings_bookingevent_changelist"),
}
PAGES_WITH_SEATS = PAGES_WITH_EVENTS | {
    "order": lambda booking: reverse("admin:bookings_order_change", args=[booking.order_id]),
    "bookings": lambda booking: reverse("admin:bookings_booking_changelist"),
    "orders": lambda booking: reverse("admin:bookings_order_changelist"),
}


@pytest.mark.parametrize("page", PAGES_WITH_SEATS)
def test_seats_have_the_labels_of_the_tickets(page, admin_client):
    booking = make_order(make_show(), 17, status=Status.BOOKED).bookings.get()

    assert re.search(r"\bB7\b", text_of(admin_client.get(PAGES_WITH_SEATS[page](booking))))


@pytest.mark.parametrize("page", PAGES_WITH_EVENTS)
def test_events_are_listed_to_the_second(page, admin_client):
    booking = make_order(make_show(), 17, status=Status.BOOKED).bookings.get()
    held, booked = booking.events.all()

    text = text_of(admin_client.get(PAGES_WITH_EVENTS[page](booking)))

    assert f"{held.at:%d %b %Y, %H:%M:%S} " in text
    assert f"{booked.at:%d %b %Y, %H:%M:%S} " in text


def test_the_page_of_a_booking_says_how_much_was_refunded(admin_client):
    show = make_show(price=Decimal("12.50"), starts_at=now() + timedelta(hours=3))
    booking = book(show, 1)
    path = reverse("admin:bookings_booking_change", args=[booking.pk])
    assert "EUR" not in text_of(admin_client.get(path))
    give_back(booking, user=booking.user)

    assert "Refund: 6.25 EUR (50 %)" in text_of(admin_client.get(path))


@pytest.mark.parametrize("model", ["booking", "order", "bookingevent"])
def test_there_is_no_button_to_a_history_that_django_does_not_have(model, admin_client):
    order = make_order(make_show(), 1)
    row = {
        "booking": order.bookings.get(),
        "order": order,
        "bookingevent": order.bookings.get().events.get(),
    }[model]

    page = admin_client.get(reverse(f"admin:bookings_{model}_change", args=[row.pk]))

    assert page.status_code == 200
    assert "historylink" not in page.content.decode()


@pytest.mark.parametrize(("page", "button"), [("seats", "_block"), ("cancel", "_save"), ("move", "_move")])
def test_a_reason_that_cannot_be_stored_is_refused_by_the_form(page, button, admin_client):
    show = make_show()
    before = db_snapshot()

    response = admin_client.post(
        reverse(f"admin:movies_show_{page}", args=[show.pk]), {button: "", "seat": ["1"], "reason": "a\0b"}
    )

    assert response.status_code == 200
    assert "reason" in response.context["form"].errors
    assert db_snapshot() == before
