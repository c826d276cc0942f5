"""Moving a show in the Admin: seats that staff choose by hand."""

import pytest

from bookings.models import Booking, Status
from bookings.tests.factories import block, book, make_order
from bookings.tests.history import db_snapshot
from bookings.tests.move_page import (
    booking_of,
    do,
    messages,
    mover,
    plan,
    press,
    seat_input,
    typed_seats,
    was_done,
)
from bookings.tests.moves import seats_of, show_in
from movies.tests.factories import make_screen

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return mover()


def test_seats_that_are_typed_are_kept_and_the_others_are_seated_around_them(staff):
    show = show_in("A oo\nB oo")
    john, jane = book(show, 1), book(show, 2)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oo\nB oo").pk)

    checked = press(staff, show, page, "_check", **{seat_input(jane): " a 1 "})
    assert typed_seats(checked) == {seat_input(john): "A2", seat_input(jane): "A1"}
    again = press(staff, show, checked, "_check")
    assert typed_seats(again) == typed_seats(checked)

    assert was_done(do(staff, show, again), show)
    assert (seats_of(john.order), seats_of(jane.order)) == (["A2"], ["A1"])


def test_a_seat_by_hand_on_the_same_screen_is_a_move_too(staff):
    show = show_in("A oooo")
    booking = book(show, 1)
    checked = press(staff, show, plan(staff, show), "_check", **{seat_input(booking): "A4"})
    assert was_done(do(staff, show, checked), show)
    assert seats_of(booking.order) == ["A4"]


def test_an_emptied_input_has_the_seat_chosen_again(staff):
    show = show_in("A oooo")
    booking = book(show, 1)
    checked = press(staff, show, plan(staff, show), "_check", **{seat_input(booking): "A4"})
    emptied = press(staff, show, checked, "_check", **{seat_input(booking): ""})
    assert typed_seats(emptied) == {seat_input(booking): "A1"}


def test_seats_that_were_typed_and_not_checked_are_looked_at_before_it_is_done(staff):
    show = show_in("A oooo")
    booking = book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oooo").pk)
    before = db_snapshot()

    shown = do(staff, show, page, **{seat_input(booking): "A3"})

    assert messages(shown) == [
        "Nothing was moved yet: you typed other seats. Look at the plan with them first."
    ]
    assert db_snapshot() == before
    assert was_done(do(staff, show, shown), show)
    assert seats_of(booking.order) == ["A3"]


@pytest.mark.parametrize(
    ("seats", "problems"),
    [
        (("A4", ""), ["Order {}: A1-A2 would sit alone."]),
        (
            ("B1", ""),
            ["Order {}: A1 would get a wheelchair space without need of it; A1-A2 would sit alone."],
        ),
        (("Z9", ""), ["“Z9”: There is no such seat."]),
        (("<b>", ""), ["“<B>”: There is no such seat."]),
        (("A4", "a4"), ["“A4”: Choose each seat once."] * 2),
    ],
)
def test_what_is_wrong_with_typed_seats_is_said_and_nothing_that_was_typed_is_lost(seats, problems, staff):
    show = show_in("A oooo\nB W")
    order = make_order(show, 1, 2, status=Status.BOOKED)
    names = [seat_input(booking_of(order, number)) for number in (1, 2)]
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oooo\nB W").pk)
    typed = {name: seat for name, seat in zip(names, seats, strict=True) if seat}
    before = db_snapshot()

    checked = press(staff, show, page, "_check", **typed)

    assert checked.context["plan"].problems == [text.format(order.reference) for text in problems]
    assert {name: typed_seats(checked)[name] for name in typed} == {
        name: seat.upper() for name, seat in typed.items()
    }
    assert 'name="_move"' not in checked.content.decode()
    refused = do(staff, show, checked)
    assert refused.context["plan"].problems == checked.context["plan"].problems
    assert db_snapshot() == before


def test_a_seat_for_a_party_of_which_others_find_none_stays_typed_and_is_a_problem(staff):
    show = show_in("A oo")
    order = make_order(show, 1, 2, status=Status.BOOKED)
    one, two = (seat_input(booking_of(order, number)) for number in (1, 2))
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A o").pk, refund="on")

    checked = press(staff, show, page, "_check", **{one: "A1"})

    assert typed_seats(checked) == {one: "A1", two: ""}
    assert checked.context["plan"].problems == [
        f"Order {order.reference}: cannot be seated with the seats that were typed: empty or change them."
    ]


def test_guests_who_were_left_out_can_be_given_seats_by_hand(staff):
    show = show_in("A oo\nB o")
    order = make_order(show, 1, 2, status=Status.BOOKED)
    one, two = (seat_input(booking_of(order, number)) for number in (1, 2))
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A o\nB o").pk)
    assert typed_seats(page) == {one: "", two: ""}

    checked = press(staff, show, page, "_check", **{one: "A1", two: "B1", "apart": "on"})

    assert was_done(do(staff, show, checked), show)
    assert seats_of(order) == ["A1", "B1"]


def test_seats_that_were_typed_for_another_screen_are_passed_over_and_that_is_said(staff):
    show = show_in("A oooo")
    booking = book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oooo").pk)
    checked = press(staff, show, page, "_check", **{seat_input(booking): "A4"})

    other = press(
        staff, show, checked, "_plan", screen=make_screen(cinema=show.cinema, seat_plan="A oooo").pk
    )

    assert messages(other) == ["Seats that were typed for another screen are passed over."]
    assert typed_seats(other) == {seat_input(booking): "A1"}


def test_house_seats_can_be_given_another_place_by_hand(staff):
    show = show_in("A oo\nB oo")
    block(show, "B2")
    house = Booking.objects.get()
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oo").pk)
    assert typed_seats(page) == {seat_input(house): ""}

    checked = press(staff, show, page, "_check", **{seat_input(house): "A2"})

    assert was_done(do(staff, show, checked), show)
    assert dict(Booking.objects.values_list("seat_number", "status")) == {2: Status.BLOCKED}


def test_a_single_seat_that_a_choice_would_leave_is_a_problem_unless_ticked(staff):
    show = show_in("A oo\nB oo")
    order = make_order(show, 1, 2, status=Status.BOOKED)
    one, two = (seat_input(booking_of(order, number)) for number in (1, 2))
    screen = make_screen(cinema=show.cinema, seat_plan="A ooooo", no_single_seats=True)
    other = make_order(show, 3, 4, status=Status.BOOKED)
    page = plan(staff, show, screen=screen.pk)
    assert sorted(typed_seats(page).values()) == ["A1", "A2", "A3", "A4"]
    choice = {one: "A1", two: "A2"}
    choice |= {seat_input(booking_of(other, number)): label for number, label in ((3, "A4"), (4, "A5"))}

    checked = press(staff, show, page, "_check", **choice)

    assert checked.context["plan"].problems == [
        f"Order {other.reference}: B1 would leave a single seat free."
    ]
    again = press(staff, show, checked, "_check", single="on")
    assert again.context["plan"].problems == []
    assert was_done(do(staff, show, again), show)
