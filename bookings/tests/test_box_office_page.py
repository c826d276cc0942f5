"""The box office: staff sell and hold seats on the page of the seats of a show in the Admin."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.timezone import now

from accounts.tests.factories import make_user
from bookings.admin.box_office_form import hold_choices
from bookings.models import Booking, Order
from bookings.roles import BOX_OFFICE
from bookings.tests.factories import block, book
from bookings.tests.history import db_snapshot
from bookings.tests.seats_page import address, inputs, opened, press, receipt, said, statuses, ticked
from movies.tests.factories import (
    browser_for,
    give_role,
    make_cinema,
    make_screen,
    make_show,
    utc,
)

pytestmark = pytest.mark.django_db
NEW_YORK = "America/New_York"


@pytest.fixture
def clerk():
    return give_role(make_user("tom"), BOX_OFFICE)


@pytest.fixture
def staff(clerk):
    return browser_for(clerk)


@pytest.fixture
def show():
    return make_show()


# --- Selling ---------------------------------------------------------------------------------------


def test_two_seats_are_sold_to_somebody_who_says_nothing(staff, clerk, show):
    response = press(staff, show, "_sell", 5, 6, **opened(staff, show))

    order = Order.objects.get()
    assert (order.sold_by, order.user, order.guest) == (clerk, None, None)
    assert statuses(show) == {5: "BOOKED", 6: "BOOKED"}
    assert response.redirect_chain == [(f"{address(show)}?order={order.reference}", 302)]
    reference = f"{order.reference[:5]}-{order.reference[5:]}"
    assert receipt(response) == f"{reference} Sold: A5-A6, 20.00 EUR Open the order"
    assert ticked(response) == []
    assert reverse("admin:bookings_order_change", args=[order.pk]) in response.content.decode()


def test_what_a_customer_says_is_kept_with_the_order(staff, show):
    press(staff, show, "_sell", 5, name="Ada Lovelace", email="ada@example.com", telephone="020 7946 0018")

    guest = Order.objects.get().guest
    assert (guest.name, guest.email, guest.telephone) == ("Ada Lovelace", "ada@example.com", "020 7946 0018")


def test_the_seats_say_for_whom_they_are_and_who_sold_them(staff, show):
    press(staff, show, "_sell", 5, name="Ada Lovelace")

    page = staff.get(address(show)).content.decode()

    reference = Order.objects.get().reference
    note = f"Ada Lovelace, {reference[:5]}-{reference[5:]}, sold by tom"
    assert f'aria-label="A5, standard, 10.00 EUR, booked, {note}"' in page


def test_a_sale_that_is_sent_twice_is_one_sale(staff, show):
    page = opened(staff, show)
    first = press(staff, show, "_sell", 5, 6, **page)

    second = press(staff, show, "_sell", 5, 6, **page)

    assert receipt(second) == receipt(first)
    assert Order.objects.count() == 1


def test_a_page_that_the_browser_brought_back_sells_other_seats(staff, show):
    page = opened(staff, show)
    press(staff, show, "_sell", 5, 6, **page)

    press(staff, show, "_sell", 8, **page)

    assert statuses(show) == {5: "BOOKED", 6: "BOOKED", 8: "BOOKED"}


def test_seats_that_the_page_showed_as_taken_do_not_stand_in_the_way(staff, show):
    book(show, 7)
    block(show, "A8")

    press(staff, show, "_sell", 5, 7, 8, **opened(staff, show))

    assert statuses(show) == {5: "BOOKED", 7: "BOOKED", 8: "BLOCKED"}


@pytest.mark.parametrize("button", ["_sell", "_hold"])
def test_without_a_free_seat_nothing_is_sold(staff, show, button):
    book(show, 7)
    before = db_snapshot()

    response = press(staff, show, button, 7, **opened(staff, show), hold_until="2999-01-01T12:00")

    assert said(response) == ["Choose at least one seat first."]
    assert db_snapshot() == before


# --- Refused: nothing that was typed or chosen is lost ---------------------------------------------


TYPED = {"name": "Ada Lovelace", "email": "ada@example.com", "telephone": "020 7946 0018"}


def test_a_seat_that_was_taken_meanwhile_is_named_and_the_others_stay_chosen(staff, show):
    page = opened(staff, show)
    book(show, 6)

    response = press(staff, show, "_sell", 5, 6, 7, **page, **TYPED)

    assert (response.status_code, response.redirect_chain) == (200, [])
    assert said(response) == ["Seat already booked. A6 booked. Still chosen: A5, A7."]
    assert ticked(response) == [5, 7]
    text = response.content.decode()
    assert '<p class="problem" role="alert" tabindex="-1" autofocus>Seat already booked.' in text
    assert re.search(r'class="seat kind-standard status-booked refused"[^>]*><input[^>]* value="6"', text)
    for name, value in TYPED.items():
        assert re.search(f'name="{name}"[^>]* value="{value}"', text)
    assert statuses(show) == {6: "BOOKED"}
    # The page that says so knows it: pressing again sells the others.
    assert receipt(press(staff, show, "_sell", 5, 7, **inputs(response)))


def test_a_choice_that_leaves_a_single_seat_stays_as_it_is_and_can_be_insisted_on(staff):
    show = make_show(screen=make_screen(seat_plan="A oooooo", no_single_seats=True))

    response = press(staff, show, "_sell", 3, 5)

    assert ticked(response) == [3, 5]
    [text] = said(response)
    assert "A4 would be left single" in text
    assert statuses(show) == {}
    press(staff, show, "_sell", 3, 5, leave_single_seat="on")
    assert statuses(show) == {3: "BOOKED", 5: "BOOKED"}


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ({"email": "ada"}, "E-mail address: Enter a valid email address."),
        (
            {"telephone": "call me"},
            "Telephone: Enter a telephone number: digits, with + ( ) . / - and blanks between them.",
        ),
        ({"name": "a" * 151}, "Name: Ensure this value has at most 150 characters (it has 151)."),
    ],
)
def test_what_is_wrong_with_the_customer_is_said_beside_the_button(staff, show, typed, text):
    response = press(staff, show, "_sell", 5, **typed)

    assert said(response) == [text]
    assert response.context["problem"].place == "sale"
    [value] = typed.values()
    assert value in response.content.decode()
    assert ticked(response) == [5]
    assert statuses(show) == {}


# --- Holding for a group ---------------------------------------------------------------------------


def show_in(zone, starts_at):
    return make_show(screen=make_screen(cinema=make_cinema(time_zone=zone)), starts_at=starts_at)


def test_a_group_holds_until_a_time_by_the_clock_of_the_cinema(staff):
    start = (now() + timedelta(days=20)).replace(microsecond=0)
    show = show_in(NEW_YORK, start)
    until = (start.astimezone(ZoneInfo(NEW_YORK)) - timedelta(days=3)).replace(hour=12, minute=0, second=0)

    response = press(staff, show, "_hold", 5, 6, hold_until=f"{until:%Y-%m-%dT%H:%M}")

    assert set(Booking.objects.values_list("status", "expires_at")) == {("HELD", until)}
    assert f"Held until {until:%a %d %b, %H:%M}: A5-A6" in receipt(response)


def test_a_button_holds_until_its_own_time(staff):
    show = show_in("Europe/London", now() + timedelta(days=20))
    page = staff.get(address(show))
    choice = page.context["hold_choices"][0]

    response = staff.post(
        address(show), {"_hold": choice.value, "seat": 5, "hold_until": "2999-01-01T12:00"}, follow=True
    )

    assert "Held until" in receipt(response)
    until = Booking.objects.get().expires_at.astimezone(ZoneInfo("Europe/London"))
    assert f"{until:%Y-%m-%dT%H:%M}" == choice.value


def test_groups_are_offered_times_before_the_show_by_the_clock_of_the_cinema():
    show = show_in(NEW_YORK, utc(2031, 3, 13, 23, 30))  # a Thursday, 19:30
    thursday_before = utc(2031, 3, 6, 15, 10)  # 10:10; the clocks go forward on the 9th

    assert [choice.label for choice in hold_choices(show, thursday_before)] == [
        "half an hour (Thu 06 Mar, 10:40)",
        "tomorrow noon (Fri 07 Mar, 12:00)",
        "Monday noon (Mon 10 Mar, 12:00)",
        "1 hour before the show (Thu 13 Mar, 18:30)",
    ]
    assert [choice.label for choice in hold_choices(show, utc(2031, 3, 13, 22, 45))] == [
        "half an hour (Thu 13 Mar, 19:15)"
    ]
    assert hold_choices(show, utc(2031, 3, 13, 23, 10)) == []


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("", "Say until when the seats shall be held."),
        ("tomorrow", "Hold until: Give a date and a time."),
        ("9999-99-99T99:99", "Hold until: Give a date and a time."),
        ("0001-01-01T00:00", "Hold until: That time is over. Give a later one."),
        ("9999-12-31T23:59", "Hold until: Give a date and a time."),
        ("2020-01-01T12:00", "Hold until: That time is over. Give a later one."),
        ("2031-03-09T02:30", "Hold until: The clocks of the cinema skip this time on that day."),
    ],
)
def test_a_time_that_makes_no_sense_is_refused_beside_the_button(staff, typed, text):
    show = show_in(NEW_YORK, now() + timedelta(days=20))

    response = press(staff, show, "_hold", 5, hold_until=typed)

    assert said(response) == [text]
    assert ticked(response) == [5]
    assert statuses(show) == {}


# --- The best available, and the total without a script --------------------------------------------


@pytest.mark.parametrize("asked", [{"_find": "2"}, {"_find": "", "party": "2"}])
def test_the_best_available_seats_are_chosen_by_number(staff, show, asked):
    response = staff.post(address(show), {**asked, "name": "Ada"})

    assert len(ticked(response)) == 2
    assert [line.price for line in response.context["bill"]["lines"]] == ["10.00", "10.00"]
    assert 'value="Ada"' in response.content.decode()
    answer = staff.get(reverse("admin:movies_show_seats_now", args=[show.pk]), {"party": 2}).json()
    assert answer["best"] == ticked(response)


def test_of_a_kind_that_is_asked_for(staff):
    show = make_show(screen=make_screen(seat_plan="A ooooo\nB PPPPP"))

    response = staff.post(address(show), {"_find": "2", "kind": "premium"})

    assert {show.plan.seat(number).kind.value for number in ticked(response)} == {"premium"}


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"_find": "6"}, "There are no 6 such seats left."),
        ({"party": "51", "_find": ""}, "There are no 51 such seats left."),
        ({"_find": ""}, "Say for how many."),
        ({"_find": "", "party": "x"}, "Best available: Enter a whole number."),
        ({"_find": "", "party": "0"}, "Best available: Ensure this value is greater than or equal to 1."),
    ],
)
def test_why_no_seats_were_found_is_said_where_they_were_asked_for(staff, asked, text):
    show = make_show(screen=make_screen(seat_plan="A ooooo"))

    response = staff.post(address(show), {**asked, "seat": ["1"]})

    assert said(response) == [text]
    assert response.context["problem"].place == "find"
    assert ticked(response) == [1]
    now_address = reverse("admin:movies_show_seats_now", args=[show.pk])
    party = asked.get("party", asked["_find"])
    assert staff.get(now_address, {"party": party}).json()["problem"] == text


def test_without_a_script_the_total_is_shown_when_asked_for(staff, show):
    response = staff.post(address(show), {"_total": "", "seat": ["5", "6"], "name": "Ada"})

    text = " ".join(response.content.decode().split())
    assert "2 seats <b>20.00 EUR</b>" in text
    assert ticked(response) == [5, 6]
    assert statuses(show) == {}
