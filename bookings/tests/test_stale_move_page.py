"""Moving a show in the Admin: what happened since the page showed who would sit where."""

from decimal import Decimal

import pytest
from django.db import OperationalError
from django.urls import reverse

from accounts.tests.factories import make_user
from bookings.models import Status
from bookings.services.inventory import SeatInventory
from bookings.tests.factories import book, call_off, change, give_back, make_order
from bookings.tests.history import assert_history_consistent, db_snapshot
from bookings.tests.move_page import (
    address,
    change_page,
    do,
    messages,
    mover,
    opened,
    plan,
    press,
    seat_input,
    summary,
    typed_seats,
    was_done,
)
from bookings.tests.moves import seats_of, show_in
from movie_booking.tests.pages import inputs_of
from movies.models import Show
from movies.services import save_screen
from movies.tests.factories import browser_for, make_screen, make_show, utc

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return mover()


def test_a_show_that_was_changed_meanwhile_is_not_moved_and_the_page_says_by_whom(staff):
    show = make_show(screen=make_screen(seat_plan="A oo"), starts_at=utc(2030, 1, 15, 19))
    book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk)
    ada = browser_for(make_user("ada", is_staff=True, is_superuser=True))
    form = inputs_of(ada.get(change_page(show)), "show_form")
    assert ada.post(change_page(show), {**form, "starts_at_1": "20:00"}).status_code == 302
    before = db_snapshot()

    shown = do(staff, show, page)

    [sentence] = messages(shown)
    assert sentence.startswith("This show was changed after the page was opened, by ada on ")
    assert sentence.endswith("Nothing was moved. This is the plan as it is now.")
    assert "20:00" in summary(shown)[0]  # not back to 19:00, which the page was opened with
    assert db_snapshot() == before
    assert was_done(do(staff, show, shown), show)
    show.refresh_from_db()
    assert show.starts_at == utc(2030, 1, 15, 20)


def test_a_show_that_was_changed_before_the_first_plan_is_planned_as_it_is_now(staff):
    show = show_in("A oo")
    form = opened(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk)
    change(show, price=Decimal("99.00"))

    page = staff.post(address(show), {**form, "_plan": ""})

    assert "This show was changed after the page was opened" in messages(page)[0]
    assert page.context["plan"].can_move


def test_a_show_that_changes_while_it_is_moved_is_not_moved(staff, monkeypatch):
    show = show_in("A oo")
    book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk)
    lock, changed = SeatInventory.lock, []

    def change_first(show_id):
        if not changed:
            changed.append(Show.objects.filter(pk=show_id).update(price=Decimal("99.00")))
        return lock(show_id)

    monkeypatch.setattr(SeatInventory, "lock", change_first)

    shown = do(staff, show, page)

    assert any("was changed" in text for text in messages(shown))
    assert Show.objects.get(pk=show.pk).screen == show.screen


def test_a_move_is_not_done_twice(staff):
    show = show_in("A oo")
    book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk)
    assert was_done(do(staff, show, page), show)
    before = db_snapshot()

    response = do(staff, show, page)

    assert not response.redirect_chain
    assert db_snapshot() == before


def test_a_buyer_in_between_is_seated_around_those_who_were_shown(staff):
    show = show_in("A oooo")
    first = book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A o\nC ooo").pk)
    assert typed_seats(page) == {seat_input(first): "A1"}
    second = book(show, 4)

    response = do(staff, show, page)

    assert was_done(response, show)
    assert seats_of(first.order) == ["A1"]
    [label] = seats_of(second.order)
    assert (
        f"Taken while the page was open, and seated around the others: {label} (was A4)."
        in messages(response)[0]
    )
    assert_history_consistent()


def test_a_buyer_in_between_who_cannot_be_seated_is_shown_before_anything_is_done(staff):
    show = show_in("A ooo")
    book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A o").pk, refund="on")
    buyer = book(show, 3)
    before = db_snapshot()

    shown = do(staff, show, page)

    [sentence] = messages(shown)
    assert sentence == (
        "Nothing was moved: seats were taken since, and orders cannot be seated that could be: "
        f"{buyer.order.reference}."
    )
    assert db_snapshot() == before
    assert [row.order for row in shown.context["plan"].noteworthy] == [buyer.order]
    assert was_done(do(staff, show, shown), show)
    buyer.refresh_from_db()
    assert (buyer.status, buyer.refund_percent) == (Status.CANCELLED, 100)


def test_only_orders_that_were_shown_as_left_out_are_left_out(staff):
    show = show_in("A ooo", price=Decimal("10.00"))
    group = make_order(show, 1, 2, status=Status.BOOKED)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A o").pk, refund="on")
    buyer = book(show, 3)

    assert was_done(do(staff, show, page), show)

    assert seats_of(group) == []
    assert seats_of(buyer.order) == ["A1"]


def test_a_seat_given_back_in_between_is_no_obstacle(staff):
    show = show_in("A oooo")
    goes, stays = book(show, 1), book(show, 4)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="C oooo").pk)
    shown = typed_seats(page)[seat_input(stays)]
    give_back(goes)

    response = do(staff, show, page)

    assert was_done(response, show)
    assert "Given up while the page was open: 1 seat." in messages(response)[0]
    assert seats_of(stays.order) == [shown]
    assert_history_consistent()


def test_a_seat_given_back_in_between_goes_to_those_who_were_without(staff):
    show = show_in("A oo")
    one, two = book(show, 1), book(show, 2)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A o").pk, refund="on")
    seated, left_out = (one, two) if typed_seats(page)[seat_input(one)] else (two, one)
    give_back(seated)

    response = do(staff, show, page)

    assert was_done(response, show)
    assert seats_of(left_out.order) == ["A1"]
    assert "Shown as without a seat, and seated after all: A1." in messages(response)[0]


def test_a_screen_that_was_drawn_anew_in_between_is_looked_at_again(staff):
    show = show_in("A oo")
    screen = make_screen(cinema=show.cinema, seat_plan="A oo")
    order = make_order(show, 1, 2, status=Status.BOOKED)
    page = plan(staff, show, screen=screen.pk)
    save_screen(screen, seat_plan="A _oo")
    before = db_snapshot()

    shown = do(staff, show, page)

    assert messages(shown) == [
        "Nothing was moved: seats were drawn anew since. This is the plan as it is now."
    ]
    assert db_snapshot() == before
    assert was_done(do(staff, show, shown), show)
    assert seats_of(order) == ["A1", "A2"]


@pytest.mark.parametrize("button", ["_check", "_move"])
def test_a_show_that_is_busy_is_said_to_be_and_nothing_that_was_typed_is_lost(button, staff, monkeypatch):
    show = show_in("A oo")
    booking = book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk)

    def time_out(show_id):
        raise OperationalError("database is locked")

    monkeypatch.setattr(SeatInventory, "lock", time_out)

    response = press(staff, show, page, button, **{seat_input(booking): "B2"})

    assert messages(response)[-1] == "Too many requests at once. Please try again in a moment."
    assert typed_seats(response) == {seat_input(booking): "B2"}


def test_a_show_that_is_gone_leads_back_to_the_list(staff):
    show = show_in("A oo")
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk)
    Show.objects.all().delete()
    assert do(staff, show, page).redirect_chain == [(reverse("admin:movies_show_changelist"), 302)]


def test_a_screen_that_is_gone_is_an_error_next_to_the_field(staff):
    show = show_in("A oo")
    screen = make_screen(cinema=show.cinema, seat_plan="B oo")
    page = plan(staff, show, screen=screen.pk)
    screen.delete()
    assert list(do(staff, show, page).context["form"].errors) == ["screen"]


def test_a_show_that_was_cancelled_in_between_stays_where_it_was(staff):
    show = show_in("A oo")
    book(show, 1)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="B oo").pk)
    call_off(show)
    response = do(staff, show, page)
    assert (response.redirect_chain, messages(response)) == (
        [(change_page(show), 302)],
        ["The show was cancelled."],
    )
