"""Moving a show in the Admin: where to, when, and what makes no sense."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils.timezone import now

from accounts.tests.factories import make_user
from bookings.models import Booking, Status
from bookings.services.inventory import SeatInventory
from bookings.tests.factories import book, by
from bookings.tests.history import db_snapshot
from bookings.tests.move_page import (
    address,
    do,
    form_of,
    mover,
    opened,
    plan,
    press,
    seat_input,
    typed_seats,
    was_done,
)
from bookings.tests.moves import REASON, show_in
from movies.models import Show
from movies.tests.factories import make_cinema, make_screen, make_show, utc

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return mover()


# --- Where to ----------------------------------------------------------------------------------------


def test_the_form_offers_the_screens_of_the_cinema_with_their_seats(staff):
    cinema = make_cinema(name="Zenith")
    here = make_screen(cinema=cinema, name="Screen 1", seat_plan="A oo")
    there = make_screen(cinema=cinema, name="Screen 2", seat_plan="A ooo")
    elsewhere = make_screen(cinema=make_cinema(name="Astor"), name="Hall", seat_plan="A oooo")
    show = make_show(screen=here)

    page = staff.get(address(show))

    assert page.context["form"].fields["screen"].choices == [
        (here.pk, "Screen 1 (2 seats, where the show is)"),
        (there.pk, "Screen 2 (3 seats)"),
    ]
    refused = plan(staff, show, screen=elsewhere.pk)
    assert list(refused.context["form"].errors) == ["screen"]
    assert form_of(page)["screen"] == [str(here.pk)]
    assert page.context["plan"] is None


def test_the_start_is_by_the_clock_of_the_cinema(staff):
    berlin = make_cinema(time_zone="Europe/Berlin")
    show = make_show(screen=make_screen(cinema=berlin, seat_plan="A oo"), starts_at=utc(2030, 1, 15, 19))
    book(show, 1)
    assert opened(staff, show)["starts_at_1"] == ["20:00:00"]

    page = plan(staff, show, starts_at_1="21:00")
    assert was_done(do(staff, show, page), show)

    show.refresh_from_db()
    assert show.starts_at == utc(2030, 1, 15, 20)


def test_an_hour_that_comes_twice_keeps_its_side(staff):
    screen = make_screen(cinema=make_cinema(time_zone="Europe/Berlin"), seat_plan="A oo")
    show = make_show(screen=screen, starts_at=utc(2030, 10, 27, 1, 30))  # the second 2:30
    book(show, 1)
    other = make_screen(cinema=screen.cinema, seat_plan="A oo")

    assert was_done(do(staff, show, plan(staff, show, screen=other.pk)), show)

    show.refresh_from_db()
    assert (show.screen, show.starts_at) == (other, utc(2030, 10, 27, 1, 30))


def test_another_screen_alone_is_no_other_start_to_the_second(staff):
    show = show_in("A oo", starts_at=now() + timedelta(days=1, microseconds=5), sales_cutoff_minutes=1439)
    start = show.starts_at
    book(show, 1)
    Show.objects.update(sales_cutoff_minutes=1441)  # the sale is over, and guests are moved all the same

    assert was_done(
        do(staff, show, plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oo").pk)), show
    )

    show.refresh_from_db()
    assert show.starts_at == start


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({"reason": "  "}, "reason", "Customers will ask why: give a reason."),
        ({"reason": "x" * 201}, "reason", "Ensure this value has at most 200 characters (it has 201)."),
        ({"reason": "a\0b"}, "reason", "Null characters are not allowed."),
        ({"screen": ""}, "screen", "This field is required."),
        (
            {"screen": "0"},
            "screen",
            "Select a valid choice. That choice is not one of the available choices.",
        ),
        (
            {"screen": "9" * 40},
            "screen",
            "Select a valid choice. That choice is not one of the available choices.",
        ),
        ({"screen": "a\0b"}, "screen", "Null characters are not allowed."),
        ({"starts_at_0": ""}, "starts_at", "This field is required."),
        ({"starts_at_0": "soon"}, "starts_at", "Enter a valid date."),
        ({"starts_at_1": "25:00"}, "starts_at", "Enter a valid time."),
        ({"starts_at_0": "2020-01-01"}, "starts_at", "This time has passed."),
        ({"starts_at_0": "0001-01-01"}, "starts_at", "Ensure this value is greater than or equal to"),
        ({"starts_at_0": "9999-12-31"}, "starts_at", "Ensure this value is less than or equal to"),
    ],
)
@pytest.mark.parametrize("button", ["_plan", "_check", "_move"])
def test_what_makes_no_sense_is_an_error_next_to_the_field(typed, field, error, button, staff):
    show = show_in("A oo")
    book(show, 1)
    before = db_snapshot()

    response = staff.post(address(show), {**opened(staff, show), **typed, button: ""})

    assert response.status_code == 200
    assert response.context["form"].errors[field][0].startswith(error)
    assert db_snapshot() == before


def test_an_hour_that_the_clocks_skip_is_an_error_next_to_the_field(staff):
    show = make_show(screen=make_screen(cinema=make_cinema(time_zone="Europe/Berlin")))
    page = plan(staff, show, starts_at_0="2030-03-31", starts_at_1="02:30")
    assert list(page.context["form"].errors) == ["starts_at"]


def test_a_start_at_which_the_sale_would_not_have_begun_is_an_error_next_to_the_field(staff):
    show = show_in("A oo", sales_open_at=utc(2030, 1, 15, 12), starts_at=utc(2030, 1, 15, 19))
    page = plan(staff, show, starts_at_1="11:00")
    assert page.context["form"].errors == {"starts_at": ["Sales would open only once they have ended."]}


def test_a_start_by_which_the_sale_has_ended_is_none(staff):
    show = show_in("A oo", sales_cutoff_minutes=1440)
    soon = now() + timedelta(hours=2)

    page = plan(staff, show, starts_at_0=f"{soon:%Y-%m-%d}", starts_at_1=f"{soon:%H:%M}")

    assert page.context["form"].errors == {}


def test_another_show_in_the_way_is_named_next_to_the_field(staff):
    there = show_in("A oo")
    screen = make_screen(cinema=there.cinema, seat_plan="A oo")
    show = make_show(screen=screen, starts_at=there.starts_at)
    page = plan(staff, show, screen=there.screen_id)
    [error] = page.context["form"].errors["starts_at"]
    assert "Inception" in error


def test_what_was_typed_stays_when_the_form_is_refused(staff):
    show = show_in("A oooo")
    booking = book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oooo").pk)

    refused = press(staff, show, page, "_check", **{seat_input(booking): "A4", "reason": ""})
    assert typed_seats(refused) == {seat_input(booking): "A4"}

    assert typed_seats(press(staff, show, refused, "_plan", reason=REASON)) == {seat_input(booking): "A4"}


# --- Junk --------------------------------------------------------------------------------------------

SHOWN = {"asked": [1, None, False], "plans": "", "seats": {"1": "A1"}, "by_hand": [], "left_out": []}
JUNK = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '"x"',
    "[" * 5_000,
    "1" * 5_000,
    '"\\ud800"',
    json.dumps(SHOWN),
    *(
        json.dumps({**SHOWN, name: value})
        for name in SHOWN
        for value in (None, 7, "x", ["x"], {"x": 1}, [None], [1e999], {"1": None}, {"9" * 30: "A1"}, [10**40])
    ),
]


@pytest.mark.parametrize("name", ["shown", "opened"])
def test_junk_in_what_the_page_carries_does_nothing_and_is_no_server_error(name, staff):
    show = show_in("A oo")
    book(show, 1)
    page = form_of(plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk))
    before = db_snapshot()

    for junk in JUNK:
        for button in ("_plan", "_check", "_move"):
            if (name, junk, button) != ("opened", "", "_move"):  # which is as if it were not there
                assert staff.post(address(show), {**page, name: junk, button: ""}).status_code == 200, junk
    assert db_snapshot() == before


@pytest.mark.parametrize(
    "typed",
    [
        {"seat_": "A1"},
        {"seat_x": "A1"},
        {"seat_0": "A1"},
        {"seat_" + "9" * 18: "A1"},
        {"seat_" + "9" * 40: "A1"},
        {"seat_-1": "A1"},
        {"seat_²": "A1"},
        {"apart": "x", "refund": ["x", "y"]},
    ],
)
def test_inputs_that_are_none_of_the_show_are_passed_over(typed, staff):
    show, other = show_in("A oo"), book(show_in("A oo"), 1)
    book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk)

    checked = press(staff, show, page, "_check", **typed, **{seat_input(other): "B2"})

    assert checked.status_code == 200
    assert set(typed_seats(checked).values()) == {"B1"}
    assert checked.context["plan"].problems == []


@pytest.mark.parametrize("text", ["x" * 5_000, "a\0b", "\u202e", "A1,A2", "A1-A2", "0", "²", "'; --"])
def test_texts_that_are_no_seats_are_said_to_be_none(text, staff):
    show = show_in("A oo")
    booking = book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk)

    checked = press(staff, show, page, "_check", **{seat_input(booking): text})

    [problem] = checked.context["plan"].problems
    assert problem.endswith("There is no such seat.")


def test_of_a_large_show_no_more_seats_can_be_typed_than_a_form_may_have_inputs(staff):
    show = show_in("\n".join(f"{row} {'o' * 60}" for row in "ABCDEFGHIJKLMNOPQRST"))
    customers = [make_user() for _ in range(11)]
    with transaction.atomic():
        inventory = SeatInventory.lock(show.pk)
        for at, customer in enumerate(customers):
            prices = {at * 100 + seat: show.price for seat in range(1, 101)}
            order = inventory.new_order(customer)
            inventory.allocate(prices, order=order, status=Status.BOOKED, actor=by(customer))
    last = Booking.objects.get(seat_number=1_100)
    screen = make_screen(
        cinema=show.cinema, seat_plan="\n".join(f"{row} {'o' * 60}" for row in "ABCDEFGHIJKLMNOPQRU")
    )

    page = plan(staff, show, screen=screen.pk)
    assert len(typed_seats(page)) == 900
    assert "Only the first 900 seats can be typed here" in page.content.decode()
    # The order whose seats change comes first.
    checked = press(staff, show, page, "_check", **{seat_input(last): "U20"})
    assert typed_seats(checked)[seat_input(last)] == "U20"

    assert was_done(do(staff, show, checked), show)
    last.refresh_from_db()
    assert screen.plan.seat(last.seat_number).label == "U20"
