"""The seats of a show in the Admin: a chart on which staff work, cancelling the show, and CSV exports."""

import csv
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import make_staff, make_user
from bookings.models import Booking, Status
from bookings.tests.factories import block, book, make_booking
from bookings.tests.seats_page import address, cancel, press, said, statuses
from movies.models import Show
from movies.services import schedule_show
from movies.tests.factories import make_movie, make_screen, make_show, tomorrow

pytestmark = pytest.mark.django_db

ALL = ("view_show", "change_show", "block_seats", "view_booking", "change_booking", "view_people")


def client_of(*permissions):
    client = Client()
    client.force_login(make_staff(*permissions))
    return client


def test_the_chart_shows_every_seat_with_its_kind_its_status_and_its_customer():
    screen = make_screen(seat_plan="A oP\nB SS")
    show = schedule_show(movie=make_movie(), screen=screen, starts_at=tomorrow())
    booking = book(show, 2, user=make_user("ada"))

    page = client_of(*ALL).get(address(show)).content.decode()

    assert page.count('name="seat"') == 4
    reference = booking.order.reference
    note = f"ada, {reference[:5]}-{reference[5:]}"
    assert f'title="A2 · Premium seat · booked · {note}"' in page
    assert f'aria-label="A2, premium, 10.00 EUR, booked, {note}"' in page
    assert 'aria-label="B1, sofa, 10.00 EUR, free"' in page
    assert "3</strong> of 4 seats free" in page


def test_staff_who_may_not_see_people_see_no_names_and_cannot_tick_seats():
    show = make_show()
    book(show, 2, user=make_user("ada"))

    page = client_of("view_show").get(address(show)).content.decode()

    assert "ada" not in page
    assert 'name="seat"' not in page
    assert "status-booked" in page


def test_the_pages_of_a_show_and_of_its_seats_link_to_each_other():
    show, client = make_show(), client_of(*ALL)
    change_page = reverse("admin:movies_show_change", args=[show.pk])

    assert f'href="{address(show)}"' in client.get(change_page).content.decode()
    assert f'href="{change_page}"' in client.get(address(show)).content.decode()


def test_a_show_that_is_not_there_has_no_page_of_seats():
    response = client_of(*ALL).get(reverse("admin:movies_show_seats", args=[999_999]), follow=True)

    assert response.redirect_chain == [(reverse("admin:movies_show_changelist"), 302)]


def test_ticked_seats_are_blocked_and_released():
    show, client = make_show(), client_of(*ALL)

    blocked = press(client, show, "_block", "1", "2", "3", reason="Camera")
    assert blocked.redirect_chain == [(address(show), 302)]
    assert said(blocked) == ["Blocked: A1-A3."]
    assert statuses(show) == {1: "BLOCKED", 2: "BLOCKED", 3: "BLOCKED"}
    assert set(Booking.objects.values_list("reason", flat=True)) == {"Camera"}

    released = press(client, show, "_release", "2", "3")
    assert said(released) == ["Released: A2-A3."]
    assert statuses(show) == {1: "BLOCKED"}


def test_a_block_over_a_sold_seat_names_it_and_blocks_none():
    show = make_show()
    book(show, 2)

    response = press(client_of(*ALL), show, "_block", "1", "2", "3")

    assert said(response) == ["Seat already booked. A2 booked"]
    assert statuses(show) == {2: "BOOKED"}


@pytest.mark.parametrize(
    ("button", "seats"), [("_block", ("1", "2")), ("_release", ("1", "2")), ("_block", ("1", "51"))]
)
def test_a_refused_action_keeps_the_ticks_and_the_reason(button, seats):
    show = make_show(total_seats=50)
    book(show, 2)

    response = press(client_of(*ALL), show, button, *seats, reason="Camera")

    assert (response.status_code, response.redirect_chain) == (200, [])
    page = response.content.decode()
    ticked = re.findall(r'<input type="checkbox" name="seat" value="(\d+)"[^>]* checked>', page)
    assert ticked == [seat for seat in seats if seat != "51"]  # there is no such seat to be drawn
    assert 'name="reason" maxlength="200" value="Camera"' in page
    assert statuses(show) == {2: "BOOKED"}


def test_ticked_bookings_are_cancelled():
    show = make_show()
    book(show, 2)

    response = cancel(client_of(*ALL), show, "2", "3")

    assert said(response) == [
        "No customer has A3: nothing to cancel there.",
        "Cancelled: 1. To give back: 5.00 EUR.",
    ]
    assert statuses(show) == {}


def test_a_sofa_is_cancelled_whole_though_both_halves_are_ticked():
    screen = make_screen(seat_plan="A ooSS")
    show = schedule_show(movie=make_movie(), screen=screen, starts_at=tomorrow())
    for seat_number in (3, 4):
        make_booking(show, user=make_user(), seat_number=seat_number)

    response = cancel(client_of(*ALL), show, "3", "4")

    assert said(response) == ["Cancelled: 2. To give back: 10.00 EUR."]
    assert statuses(show) == {}


@pytest.mark.parametrize(
    ("seats", "hint"),
    [
        ((), "Choose at least one seat first."),
        (("0",), "Select a valid choice. 0 is not one of the available choices."),
        (("1", "51"), "Select a valid choice. 51 is not one of the available choices."),
        (("x", "-1"), "Select a valid choice. x is not one of the available choices."),
        (("1" * 30,), f"Select a valid choice. {'1' * 30} is not one of the available choices."),
        (("²",), "Select a valid choice. ² is not one of the available choices."),
    ],
)
def test_an_action_without_seats_of_the_show_is_a_hint(seats, hint):
    show = make_show()

    response = press(client_of(*ALL), show, "_block", *seats)

    assert said(response) == [hint]
    assert statuses(show) == {}


@pytest.mark.parametrize(
    ("button", "permissions"),
    [
        ("_block", ("view_show", "change_show", "change_booking")),
        ("_release", ("view_show", "change_show", "change_booking")),
        ("_cancel", ("view_show", "change_show", "block_seats")),
        ("_block", ("block_seats",)),
        ("_save", ALL),
    ],
)
def test_each_action_takes_its_own_permission(button, permissions):
    show = make_show()
    book(show, 2)

    response = press(client_of(*permissions), show, button, "1", "2")

    assert response.status_code == 403
    assert statuses(show) == {2: "BOOKED"}


@pytest.mark.parametrize("button", ["_block", "_release", "_cancel"])
def test_opening_the_page_with_the_name_of_a_button_changes_nothing(button):
    show = make_show()
    book(show, 2)
    block(show, "A5")

    page = client_of(*ALL).get(address(show), {button: "", "seat": ["1", "2", "5"]})

    assert (page.status_code, said(page)) == (200, [])
    assert statuses(show) == {2: "BOOKED", 5: "BLOCKED"}


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
    [text] = said(response)
    assert text.startswith("The show is cancelled, and with it 2 bookings. <a href=")
    assert (show.status, show.cancel_reason) == (Show.Status.CANCELLED, "No heating")
    assert statuses(show) == {}
    assert client.post(url, {"reason": "again"}).context["alert"] == "The show was cancelled."


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

    rows = export(client_of(*ALL, "view_reports"), "admin:movies_show_changelist", "report", show, empty)

    figures = ("seats", "booked", "held", "blocked", "free", "occupancy in %", "takings", "currency")
    assert [[row[name] for name in figures] for row in rows] == [
        ["4", "2", "0", "1", "1", "50.0", "25.00", "EUR"],
        ["4", "0", "0", "0", "4", "0.0", "0.00", "EUR"],
    ]
    assert rows[0]["film"] == "'=1+1"


def test_bookings_as_csv():
    show = make_show(price=Decimal("12.50"))
    booking = book(show, 17, user=make_user("@ada"))

    [row] = export(client_of(*ALL, "view_reports"), "admin:bookings_booking_changelist", "export", booking)

    assert (row["booking"], row["label"], row["price"], row["status"]) == (
        str(booking.pk),
        "B7",
        "12.50",
        Status.BOOKED,
    )
    assert row["customer"] == "'@ada"


def buttons(show):
    page = client_of(*ALL).get(address(show)).content.decode()
    names = re.findall(r'<button class="button[ \w]*" name="(\w+)"', page)
    return [*names, "show"] if reverse("admin:movies_show_cancel", args=[show.pk]) in page else names


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["_block", "_release", "_cancel", "show"]),
        ({"status": "DRAFT"}, ["_block", "_release", "_cancel"]),
        ({"starts_at": now() - timedelta(minutes=1)}, ["_release", "show"]),
        ({"starts_at": now() - timedelta(days=1)}, ["_release"]),
        ({"status": "CANCELLED", "cancelled_at": now()}, []),
    ],
)
def test_only_what_the_services_would_do_has_a_button(fields, expected):
    assert buttons(make_show(**fields)) == expected


def test_ticked_seats_without_a_booking_to_cancel_are_named():
    show = make_show()
    booking = book(show, 2)
    block(show, "A5", staff=booking.user)

    response = cancel(client_of(*ALL), show, "2", "3", "4", "5")

    assert said(response) == [
        "No customer has A3-A5: nothing to cancel there.",
        "Cancelled: 1. To give back: 5.00 EUR.",
    ]
    assert statuses(show) == {5: "BLOCKED"}
