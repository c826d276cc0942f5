"""The page of an order is out of date: what staff do reaches the bookings that it showed, and no other."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from bookings import services
from bookings.admin.order_acts import CHANGED_MEANWHILE, on_what_was_shown
from bookings.models import Status
from bookings.tests.factories import book, by, call_off, hold, make_order, move
from bookings.tests.order_pages import clerk, messages, opened, seat, send, statuses
from movie_booking.errors import Conflict
from movie_booking.tests.concurrency import run_concurrently
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    return clerk()


@pytest.fixture
def show():
    return make_show(starts_at=now() + timedelta(days=3))


@pytest.fixture
def order(show):
    return make_order(show, 1, 2, status=Status.BOOKED)


def test_a_seat_that_was_given_back_meanwhile_is_not_cancelled_again(browser, order, show):
    form = opened(browser, order, "cancel", seat(order, 1))
    services.cancel_order(order, actor=by(order.user), seat_numbers=[1])
    other = book(show, 1)

    page = send(browser, order, "cancel", form)

    assert page.context["alert"] == CHANGED_MEANWHILE
    assert statuses(show) == {1: "BOOKED", 2: "BOOKED"}
    other.refresh_from_db()
    assert other.status == Status.BOOKED


def test_seats_that_were_exchanged_meanwhile_stay_with_their_customer(browser, order, show):
    form = opened(browser, order, "cancel")
    services.exchange_seats(order, actor=by(order.user), from_seats=[1], to_seats=[5])

    page = send(browser, order, "cancel", form)

    assert page.context["alert"] == CHANGED_MEANWHILE
    assert statuses(show) == {2: "BOOKED", 5: "BOOKED"}


def test_a_hold_that_was_confirmed_meanwhile_is_not_given_back_for_nothing(browser, show):
    order = hold(show, 1)
    form = opened(browser, order, "cancel")
    assert form["back"] == ["0.00"]
    services.confirm_order(order, actor=by(order.user))

    page = send(browser, order, "cancel", form)

    assert page.context["alert"].endswith("press the button again if that is right.")
    assert statuses(show) == {1: "BOOKED"}


def test_an_order_of_other_seats_than_those_shown_is_not_confirmed(browser, show):
    order = hold(show, 1)
    form = opened(browser, order, "change")
    services.exchange_seats(order, actor=by(order.user), from_seats=[1], to_seats=[7])

    page = send(browser, order, "change", form, _confirm="")

    assert page.context["refused"] == {"confirm": CHANGED_MEANWHILE}
    assert statuses(show) == {7: "HELD"}
    again = send(browser, order, "change", opened(browser, order, "change"), _confirm="")
    assert messages(again) == ["The order is confirmed: its seats are booked."]


def test_a_show_that_was_moved_meanwhile_is_not_confirmed_unseen(browser, show):
    order = hold(show, 1)
    form = opened(browser, order, "change")
    move(show, screen=make_screen(cinema=show.screen.cinema))

    page = send(browser, order, "change", form, _confirm="")

    assert list(page.context["refused"]) == ["confirm"]
    assert statuses(show) == {1: "HELD"}


def test_seats_that_were_given_back_meanwhile_are_not_exchanged(browser, order, show):
    form = opened(browser, order, "exchange", seat(order, 1))
    plan = send(browser, order, "exchange", form, seat="9", _check="").context["plan"]
    services.cancel_order(order, actor=by(order.user), seat_numbers=[1])

    response = send(browser, order, "exchange", form, seat="9", checked=plan.as_text, _exchange="")

    assert messages(response) == [CHANGED_MEANWHILE]
    assert statuses(show) == {2: "BOOKED"}


def test_a_seat_that_was_sold_meanwhile_is_not_taken(browser, order, show):
    form = opened(browser, order, "exchange", seat(order, 1))
    plan = send(browser, order, "exchange", form, seat="9", _check="").context["plan"]
    book(show, 9)

    page = send(browser, order, "exchange", form, seat="9", checked=plan.as_text, _exchange="")

    assert page.context["alert"] == "Seat already booked. A9 booked"
    assert statuses(show) == {1: "BOOKED", 2: "BOOKED", 9: "BOOKED"}


def test_a_show_that_was_cancelled_meanwhile_has_nothing_to_cancel(browser, order, show):
    form = opened(browser, order, "cancel")
    call_off(show)

    assert send(browser, order, "cancel", form).context["alert"] == CHANGED_MEANWHILE


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_staff_and_the_customer_at_once_give_a_seat_back_once(show):
    order = make_order(show, 1, 2, status=Status.BOOKED)
    shown = [booking.pk for booking in order.bookings.all()]

    def staff():
        return on_what_was_shown(
            order, shown, lambda _: services.cancel_order(order, actor=by(), seat_numbers=[1, 2])
        )

    def customer():
        return services.cancel_order(order, actor=by(order.user), seat_numbers=[1])

    by_staff, by_customer = run_concurrently(staff, customer)

    refusals = [each for each in (by_staff, by_customer) if isinstance(each, Exception)]
    assert len(refusals) == 1
    assert isinstance(refusals[0], Conflict)
    assert statuses(show) == ({} if refusals[0] is by_customer else {2: "BOOKED"})
