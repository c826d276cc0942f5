"""Cancelling at the box office asks first: whose seats, and what goes back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from accounts.tests.factories import make_user
from bookings.roles import BOX_OFFICE
from bookings.tests.factories import block, book, give_back, make_order
from bookings.tests.history import db_snapshot
from bookings.tests.seats_page import confirm, inputs, is_question, opened, press, said, statuses, ticked
from movie_booking.tests.pages import inputs_of
from movies.tests.factories import browser_for, give_role, make_screen, make_show

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return browser_for(give_role(make_user("tom"), BOX_OFFICE))


@pytest.fixture
def show():
    return make_show(starts_at=now() + timedelta(hours=10))  # half of the price comes back


def told(question):
    """What the question says of each seat, and in all."""
    rows = [
        (refund.label, refund.note.split(",")[0], refund.percent, refund.amount)
        for refund in question.context["refunds"]
    ]
    return rows, question.context["total"]


def test_it_asks_first_and_says_whose_seats_they_are_and_what_goes_back(staff, show):
    make_order(show, 5, 6, user=make_user("ada"), status="BOOKED")
    make_order(show, 8, user=make_user("grace"))
    block(show, "A9")
    page, before = opened(staff, show), db_snapshot()

    question = press(staff, show, "_cancel", 5, 8, 9, **page)

    assert is_question(question)
    assert told(question) == (
        [("A5", "ada", 50, Decimal("5.00")), ("A8", "grace", 0, Decimal("0.00"))],
        Decimal("5.00"),
    )
    assert "Cancel 2 bookings, give back 5.00 EUR" in question.content.decode()
    assert db_snapshot() == before
    assert said(confirm(staff, show, question)) == [
        "No customer has A9: nothing to cancel there.",
        "Cancelled: 2. To give back: 5.00 EUR.",
    ]
    assert statuses(show) == {6: "BOOKED", 9: "BLOCKED"}


def test_of_a_sofa_both_halves_are_named(staff):
    show = make_show(screen=make_screen(seat_plan="A ooSS"))
    make_order(show, 3, 4, status="BOOKED")

    rows, _ = told(press(staff, show, "_cancel", 3, **opened(staff, show)))

    assert [label for label, *_ in rows] == ["A3", "A4"]


def test_whoever_does_not_mean_it_is_back_with_all_that_was_typed(staff, show):
    book(show, 5)
    question = press(staff, show, "_cancel", 5, **opened(staff, show), name="Ada", reason="Camera")

    page = press(staff, show, "_back", *ticked_in(question), **kept(question))

    assert ticked(page) == [5]
    assert 'value="Ada"' in page.content.decode()
    assert 'value="Camera"' in page.content.decode()
    assert statuses(show) == {5: "BOOKED"}


def kept(question):
    sent = inputs_of(question, "content-main")
    return {name: values for name, values in sent.items() if name != "seat"}


def ticked_in(question):
    return inputs_of(question, "content-main")["seat"]


def test_if_what_goes_back_has_changed_since_it_asks_again(staff, show, settings):
    book(show, 5)
    question = press(staff, show, "_cancel", 5, **opened(staff, show))
    show.orders.update(refund_tiers="24:100,2:25")  # as time does, which passes

    again = confirm(staff, show, question)

    assert is_question(again)
    assert said(again) == ["What comes back has changed since this page was opened. Look at it again."]
    assert told(again)[1] == Decimal("2.50")
    assert statuses(show) == {5: "BOOKED"}
    assert said(confirm(staff, show, again)) == ["Cancelled: 1. To give back: 2.50 EUR."]


def test_a_seat_that_was_sold_anew_since_the_question_is_left_alone(staff, show):
    first, _ = book(show, 5), book(show, 6)
    question = press(staff, show, "_cancel", 5, 6, **opened(staff, show))
    give_back(first)
    book(show, 5)

    again = confirm(staff, show, question)

    assert [label for label, *_ in told(again)[0]] == ["A6"]
    assert said(confirm(staff, show, again)) == [
        "Taken anew since this page was opened, and left alone: A5.",
        "Cancelled: 1. To give back: 5.00 EUR.",
    ]
    assert statuses(show) == {5: "BOOKED"}


def test_what_is_refused_anyway_is_refused_before_it_asks(staff):
    show = make_show(screen=make_screen(seat_plan="A oooooo", no_single_seats=True))
    make_order(show, 3, 4, 5, status="BOOKED")

    response = press(staff, show, "_cancel", 4, **opened(staff, show))

    [text] = said(response)
    assert "A4 would be left single" in text
    assert response.context["problem"].place == "cancel"
    assert ticked(response) == [4]
    assert inputs(response)["shown"]
