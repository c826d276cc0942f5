"""The page of a show in the Admin: its room as a picture to work in, and its figures as tables."""

import csv
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import make_staff, make_user
from bookings.exports import plain_text
from bookings.models import Booking, Status
from bookings.tests.factories import block, book, make_booking
from movies.models import Show
from movies.services import schedule_show
from movies.tests.factories import make_movie, make_screen, make_show, tomorrow

pytestmark = pytest.mark.django_db

ALL = ("view_show", "change_show", "block_seats", "view_booking", "change_booking")


def client_of(*permissions):
    client = Client()
    client.force_login(make_staff(*permissions))
    return client


def page_of(show):
    return reverse("admin:movies_show_change", args=[show.pk])


def press(client, show, wish, *seats, **data):
    url = reverse("admin:movies_show_seats", args=[show.pk])
    return client.post(url, {"wish": wish, "seat": seats, **data}, follow=True)


def messages(response):
    return [str(message) for message in response.context["messages"]]


def statuses(show):
    return dict(show.bookings.live().order_by("seat_number").values_list("seat_number", "status"))


def test_the_page_draws_every_seat_with_what_it_is_and_whose():
    screen = make_screen(seat_plan="A oP\nB SS")
    show = schedule_show(movie=make_movie(), screen=screen, starts_at=tomorrow())
    booking = book(show, 2, user=make_user("ada"))

    page = client_of(*ALL).get(page_of(show)).content.decode()

    assert page.count('name="seat"') == 4
    assert f'title="A2 · Premium seat · booked · booking {booking.pk}: ada"' in page
    assert 'title="B1 · Half of a sofa · available"' in page
    assert "1 of 4 seats taken" in page


def test_who_may_not_see_bookings_sees_no_names_and_cannot_tick_seats():
    show = make_show()
    book(show, 2, user=make_user("ada"))

    page = client_of("view_show").get(page_of(show)).content.decode()

    assert "ada" not in page
    assert 'name="seat"' not in page
    assert "status-booked" in page


def test_ticked_seats_are_blocked_and_freed():
    show, client = make_show(), client_of(*ALL)

    blocked = press(client, show, "block", "1", "2", "3", reason="Camera")
    assert messages(blocked) == ["Blocked: A1-A3."]
    assert statuses(show) == {1: "BLOCKED", 2: "BLOCKED", 3: "BLOCKED"}
    assert set(Booking.objects.values_list("reason", flat=True)) == {"Camera"}

    freed = press(client, show, "free", "2", "3")
    assert messages(freed) == ["Freed: A2-A3."]
    assert statuses(show) == {1: "BLOCKED"}


def test_a_block_that_meets_a_sold_seat_says_so_seat_by_seat_and_takes_none():
    show = make_show()
    book(show, 2)

    response = press(client_of(*ALL), show, "block", "1", "2", "3")

    assert messages(response) == ["Seat already booked. A2 booked"]
    assert statuses(show) == {2: "BOOKED"}


def test_ticked_bookings_are_cancelled():
    show = make_show()
    book(show, 2)

    response = press(client_of(*ALL), show, "cancel", "2", "3")

    assert messages(response) == ["Nobody has booked A3: nothing to cancel there.", "Cancelled: 1."]
    assert statuses(show) == {}


def test_a_sofa_is_cancelled_whole_though_both_halves_are_ticked():
    screen = make_screen(seat_plan="A ooSS")
    show = schedule_show(movie=make_movie(), screen=screen, starts_at=tomorrow())
    for seat_number in (3, 4):
        make_booking(show, user=make_user(), seat_number=seat_number)

    response = press(client_of(*ALL), show, "cancel", "3", "4")

    assert messages(response) == ["Cancelled: 2."]
    assert statuses(show) == {}


@pytest.mark.parametrize("seats", [(), ("0",), ("51",), ("x", "-1", "1" * 30, "²")])
def test_no_seat_of_the_room_ticked_is_a_hint(seats):
    show = make_show()

    response = press(client_of(*ALL), show, "block", *seats)

    assert messages(response) == ["Tick at least one seat first."]
    assert statuses(show) == {}


@pytest.mark.parametrize(
    ("wish", "permissions"),
    [
        ("block", ("view_show", "change_show", "change_booking")),
        ("free", ("view_show", "change_show", "change_booking")),
        ("cancel", ("view_show", "change_show", "block_seats")),
    ],
)
def test_each_wish_takes_its_own_permission(wish, permissions):
    show = make_show()
    book(show, 2)

    response = press(client_of(*permissions), show, wish, "1", "2")

    assert response.status_code == 403
    assert statuses(show) == {2: "BOOKED"}


def test_a_look_at_the_address_of_the_buttons_changes_nothing():
    show = make_show()

    assert client_of(*ALL).get(reverse("admin:movies_show_seats", args=[show.pk])).status_code == 405


def test_a_show_is_cancelled_with_a_reason_and_all_its_bookings():
    show, client = make_show(), client_of(*ALL)
    for seat_number in (1, 2):
        book(show, seat_number)
    url = reverse("admin:movies_show_cancel", args=[show.pk])

    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": "  "}).status_code == 200
    assert statuses(show) == {1: "BOOKED", 2: "BOOKED"}
    response = client.post(url, {"reason": "No heating"}, follow=True)

    show.refresh_from_db()
    assert messages(response) == ["The show is cancelled, and with it 2 bookings."]
    assert (show.status, show.cancel_reason) == (Show.Status.CANCELLED, "No heating")
    assert statuses(show) == {}
    assert messages(client.post(url, {"reason": "again"}, follow=True)) == ["The show was cancelled."]


def test_cancelling_a_show_takes_the_permission_to_change_it():
    show = make_show()

    response = client_of("view_show").post(
        reverse("admin:movies_show_cancel", args=[show.pk]), {"reason": "why not"}
    )

    assert response.status_code == 403


def export(client, changelist, action, *rows):
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    response = client.post(reverse(changelist), data)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_occupancy_and_takings_of_shows_as_csv():
    show = make_show(total_seats=4, price=Decimal("12.50"), movie=make_movie("=1+1"))
    empty = make_show(total_seats=4)
    user = make_user()
    for seat_number in (1, 2):
        book(show, seat_number, user=user)
    block(show, "A4", staff=user)

    rows = export(client_of(*ALL), "admin:movies_show_changelist", "report", show, empty)

    figures = ("seats", "booked", "held", "blocked", "free", "occupancy in %", "takings", "currency")
    assert [[row[name] for name in figures] for row in rows] == [
        ["4", "2", "0", "1", "1", "50.0", "25.00", "EUR"],
        ["4", "0", "0", "0", "4", "0.0", "0.00", "EUR"],
    ]
    assert rows[0]["film"] == "'=1+1"


def test_bookings_as_csv():
    show = make_show(price=Decimal("12.50"))
    booking = book(show, 17, user=make_user("@ada"))

    [row] = export(client_of(*ALL), "admin:bookings_booking_changelist", "export", booking)

    assert (row["booking"], row["label"], row["price"], row["status"]) == (
        str(booking.pk),
        "B7",
        "12.50",
        Status.BOOKED,
    )
    assert row["customer"] == "'@ada"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n1", "  =1", "＝1", "＋1"])
def test_no_cell_can_start_a_formula(cell):
    assert plain_text(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Inception", "", "12 Monkeys", Decimal("-1.50"), 7, "a=b"])
def test_other_cells_stay_what_they_are(cell):
    assert plain_text(cell) == str(cell)


def buttons(show):
    page = client_of(*ALL).get(page_of(show)).content.decode()
    wishes = re.findall(r'name="wish" value="(\w+)"', page)
    return [*wishes, "show"] if reverse("admin:movies_show_cancel", args=[show.pk]) in page else wishes


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["block", "free", "cancel", "show"]),
        ({"status": "DRAFT"}, ["block", "free", "cancel"]),
        ({"starts_at": now() - timedelta(minutes=1)}, ["free", "show"]),
        ({"starts_at": now() - timedelta(days=1)}, ["free"]),
        ({"status": "CANCELLED", "cancelled_at": now()}, []),
    ],
)
def test_only_what_the_services_would_do_has_a_button(fields, expected):
    assert buttons(make_show(**fields)) == expected


def test_ticked_seats_without_a_booking_to_cancel_are_said():
    show = make_show()
    booking = book(show, 2)
    block(show, "A5", staff=booking.user)
    blocked = show.bookings.get(seat_number=5)

    response = press(client_of(*ALL), show, "cancel", "2", "3", "4", "5")

    assert messages(response) == [
        "Nobody has booked A3-A4: nothing to cancel there.",
        f"Booking {blocked.pk}: the house blocked this seat. Free it on the page of the show.",
        "Cancelled: 1.",
    ]
    assert statuses(show) == {5: "BLOCKED"}
