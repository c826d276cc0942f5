"""Seats of an order are exchanged on a page that says before what that brings."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from bookings.models import Order, Status
from bookings.tests.factories import book, hold, make_order
from bookings.tests.order_pages import address, clerk, messages, opened, seat, send, statuses
from movies.models import Show
from movies.tests.factories import browser_for, give_role, make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    return clerk()


@pytest.fixture
def show():
    screen = make_screen(seat_plan="A ooooo\nB PPPPP")
    return make_show(screen=screen, price=Decimal("9.00"), premium_price=Decimal("12.50"), starts_at=soon())


@pytest.fixture
def order(show):
    return make_order(show, 1, 2, status=Status.BOOKED)


def soon(days=3):
    return now() + timedelta(days=days)


def test_seats_are_exchanged_for_others_of_the_show(browser, order, show):
    form = opened(browser, order, "exchange", seat(order, 1))
    checked = send(browser, order, "exchange", form, seat="6", _check="")
    plan = checked.context["plan"]
    assert (plan.old, plan.new, plan.paid, plan.costs) == ("A1", "B1", Decimal("9.00"), Decimal("12.50"))
    assert statuses(show) == {1: "BOOKED", 2: "BOOKED"}  # nothing has happened yet

    response = send(browser, order, "exchange", form, seat="6", checked=plan.as_text, _exchange="")

    assert messages(response) == ["Exchanged: A1 for B1. The customer pays 3.50 EUR more."]
    assert statuses(show) == {2: "BOOKED", 6: "BOOKED"}


def test_cheaper_seats_give_the_difference_back(browser, show):
    order = make_order(show, 6, status=Status.BOOKED)
    form = opened(browser, order, "exchange")
    plan = send(browser, order, "exchange", form, seat="5", _check="").context["plan"]

    response = send(browser, order, "exchange", form, seat="5", checked=plan.as_text, _exchange="")

    assert messages(response) == ["Exchanged: B1 for A5. 3.50 EUR goes back."]


def test_other_seats_than_those_that_were_checked_are_checked_first(browser, order, show):
    form = opened(browser, order, "exchange", seat(order, 1))
    plan = send(browser, order, "exchange", form, seat="6", _check="").context["plan"]

    response = send(browser, order, "exchange", form, seat="7", checked=plan.as_text, _exchange="")

    assert response.context["alert"] == "This is what it brings now. Press the button again if that is right."
    assert response.context["plan"].new == "B2"
    assert statuses(show) == {1: "BOOKED", 2: "BOOKED"}


def test_a_refusal_names_the_seats_and_keeps_what_was_chosen(browser, order, show):
    book(show, 5)
    form = opened(browser, order, "exchange", seat(order, 1))

    response = send(browser, order, "exchange", form, seat="5", _check="")

    assert response.context["alert"] == "Seat already booked. A5 booked"
    assert 5 in response.context["ticked"]


def test_without_seats_the_page_asks_for_them(browser, order):
    form = opened(browser, order, "exchange", seat(order, 1))

    assert send(browser, order, "exchange", form, _check="").context["alert"] == (
        "Choose the new seats on the picture first."
    )


def test_an_order_moves_to_another_show_of_the_film(browser, order, show):
    other = make_show(movie=show.movie, price=Decimal("7.00"), starts_at=soon(5))
    listed = browser.get(address(order, "move")).context["groups"]
    assert next((name, list(shows)) for name, shows in listed) == ("The same film", [other])
    form = opened(browser, order, "exchange", show=other.pk)
    checked = send(browser, order, "exchange", form, _best="")
    plan = checked.context["plan"]
    assert plan.costs == Decimal("14.00")

    seats = [str(number) for number in plan.numbers]
    response = send(browser, order, "exchange", form, seat=seats, checked=plan.as_text, _exchange="")

    new = Order.objects.get(exchanged_from=order)
    assert messages(response) == [f"Exchanged: A1, A2 for {plan.new}. 4.00 EUR goes back."]
    assert response.redirect_chain == [(address(new), 302)]
    assert len(statuses(other)) == 2
    assert statuses(show) == {}
    page = browser.get(address(order)).content.decode()
    assert address(new) in page


def test_only_shows_that_can_be_had_are_offered(browser, order, show):
    here = show.screen.cinema
    fitting = make_show(screen=make_screen(cinema=here), movie=make_movie("Other"), starts_at=soon(4))
    make_show(movie=make_movie("Elsewhere"), starts_at=soon(4))
    make_show(movie=show.movie, starts_at=now() - timedelta(hours=1))
    make_show(movie=show.movie, starts_at=soon(4), status=Show.Status.DRAFT)
    full = make_show(movie=show.movie, total_seats=2, starts_at=soon(4))
    hold(full, 1)

    groups = dict(browser.get(address(order, "move")).context["groups"])

    assert [list(shows) for shows in groups.values()] == [[], [fitting]]


def test_shows_are_chosen_by_day(browser, order, show):
    first, second = (make_show(movie=show.movie, starts_at=soon(days)) for days in (4, 6))

    page = browser.get(address(order, "move", day=f"{second.starts_at:%Y-%m-%d}"))

    assert [list(shows) for _, shows in page.context["groups"]] == [[second], []]
    assert first not in page.context["groups"][0][1]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "tomorrow"])
def test_what_is_no_day_is_said_so_beside_it(browser, order, day):
    page = browser.get(address(order, "move", day=day))

    assert (page.status_code, len(page.context["form"].errors["day"])) == (200, 1)


def test_staff_of_one_cinema_move_nobody_to_another(show):
    from accounts.tests.factories import make_user

    order = make_order(show, 1, status=Status.BOOKED)
    other = make_show(movie=show.movie, screen=make_screen(cinema=make_cinema()), starts_at=soon(4))
    rights = ["bookings.view_order", "bookings.change_booking", "movies.view_show"]
    browser = browser_for(give_role(make_user(), rights, show.screen.cinema))

    assert [list(shows) for _, shows in browser.get(address(order, "move")).context["groups"]] == [[], []]
    response = browser.get(address(order, "exchange", show=other.pk), follow=True)
    assert messages(response) == ["This show cannot be chosen."]


def test_the_best_available_are_as_many_as_the_old_ones(browser, show):
    order = make_order(show, 1, 2, status=Status.BOOKED)
    other = make_show(movie=show.movie, total_seats=3, starts_at=soon(5))
    book(other, 2)
    form = opened(browser, order, "exchange", show=other.pk)

    plan = send(browser, order, "exchange", form, _best="").context["plan"]

    assert plan.new == "A1, A3"
