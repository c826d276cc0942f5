"""Seats of an order are cancelled on a page that says before what that brings."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from bookings import services
from bookings.models import Booking, BookingEvent, Status
from bookings.tests.factories import by, hold, make_order
from bookings.tests.order_pages import address, clerk, messages, opened, seat, send, statuses
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    return clerk()


@pytest.fixture
def show():
    return make_show(price=Decimal("9.00"), starts_at=now() + timedelta(days=3))


@pytest.fixture
def order(show):
    return make_order(show, 1, 2, 3, status=Status.BOOKED)


def test_one_seat_of_an_order_goes_back_for_what_the_page_said(browser, order, show):
    page = browser.get(address(order, "cancel", seat(order, 2)))
    assert page.context["plan"].back == Decimal("9.00")
    assert 'Cancel 1 seat, <span class="sum-in-button">9.00</span> EUR goes back' in page.content.decode()

    response = send(browser, order, "cancel", opened(browser, order, "cancel", seat(order, 2)))

    assert messages(response) == ["Cancelled: A2. 9.00 EUR goes back."]
    assert statuses(show) == {1: "BOOKED", 3: "BOOKED"}
    event = BookingEvent.objects.latest("id")
    assert (event.channel, event.to_status) == ("ADMIN", "CANCELLED")


def test_without_a_tick_all_that_is_left_goes_back(browser, order, show):
    services.cancel_order(order, actor=by(order.user), seat_numbers=[1])

    response = send(browser, order, "cancel", opened(browser, order, "cancel"))

    assert messages(response) == ["Cancelled: A2-A3. 18.00 EUR goes back."]
    assert statuses(show) == {}


def test_nothing_was_paid_for_a_hold(browser, show):
    order = hold(show, 5)

    response = send(browser, order, "cancel", opened(browser, order, "cancel"))

    assert messages(response) == ["Cancelled: A5. Nothing goes back."]


def test_opening_the_page_cancels_nothing(browser, order, show):
    browser.get(address(order, "cancel", seat(order, 1)))

    assert statuses(show) == {1: "BOOKED", 2: "BOOKED", 3: "BOOKED"}


def test_half_a_sofa_takes_the_other_half_along(browser):
    show = make_show(screen=make_screen(seat_plan="A SSoo"), starts_at=now() + timedelta(days=3))
    order = make_order(show, 1, 2, status=Status.BOOKED)

    page = browser.get(address(order, "cancel", seat(order, 1)))

    assert page.context["plan"].added == ["A2"]
    assert messages(send(browser, order, "cancel", opened(browser, order, "cancel", seat(order, 1)))) == [
        f"Cancelled: A1-A2. {2 * seat(order, 1).price} EUR goes back."
    ]


def test_another_sum_than_the_page_said_is_shown_and_not_given(browser, order, show, settings):
    form = opened(browser, order, "cancel", seat(order, 1))
    Booking.objects.filter(order=order).update(price=Decimal("12.00"))

    response = send(browser, order, "cancel", form)

    assert response.context["alert"] == (
        "12.00 EUR would go back now. Look at it, and press the button again if that is right."
    )
    assert len(statuses(show)) == 3
    assert messages(send(browser, order, "cancel", {**form, "back": "12.00"})) == [
        "Cancelled: A1. 12.00 EUR goes back."
    ]


def test_a_single_seat_is_left_only_by_staff_who_may(browser):
    screen = make_screen(seat_plan="A ooooo", no_single_seats=True)
    show = make_show(screen=screen, starts_at=now() + timedelta(days=3))
    order = make_order(show, 1, 2, 3, 4, 5, status=Status.BOOKED)
    page = browser.get(address(order, "cancel", seat(order, 3)))
    assert page.context["plan"].leaves_single_seat
    assert "leave_single_seat" not in page.content.decode()
    form = {"booking": seat(order, 3).pk, "back": str(page.context["plan"].back), "leave_single_seat": "on"}

    assert len(messages(send(browser, order, "cancel", form))) == 0
    assert len(statuses(show)) == 5
    assert messages(send(clerk("block_seats"), order, "cancel", form))[0].startswith("Cancelled: A3.")


def test_only_those_who_may_cancel_open_the_page(order):
    browser = clerk()
    assert browser.get(address(order, "cancel")).status_code == 200
    from accounts.tests.factories import make_staff
    from movies.tests.factories import browser_for

    viewer = browser_for(make_staff("view_order"))
    assert viewer.get(address(order, "cancel")).status_code == 403
    assert viewer.post(address(order, "cancel"), {}).status_code == 403
    assert browser_for(make_staff("change_booking")).get(address(order, "cancel")).status_code == 403


def test_another_share_takes_a_right_and_a_reason(browser, order, show):
    form = opened(browser, order, "cancel", seat(order, 1))
    assert browser.post(address(order, "cancel"), {**form, "percent": "50", "reason": "x"}).status_code == 403
    manager = clerk("refund_by_exception")

    without = send(manager, order, "cancel", form, percent="50", back="4.50")
    assert list(without.context["form"].errors) == ["reason"]
    assert without.context["form"]["percent"].value() == "50"
    response = send(manager, order, "cancel", form, percent="50", back="4.50", reason="Too loud")

    assert messages(response) == ["Cancelled: A1. 4.50 EUR goes back."]
    booking = seat(order, 1)
    assert (booking.refund_percent, booking.reason) == (50, "Too loud")


def test_another_share_is_shown_before_it_is_given(order, show):
    manager = clerk("refund_by_exception")
    form = opened(manager, order, "cancel", seat(order, 1))

    response = send(manager, order, "cancel", form, percent="50", reason="Too loud")  # without the script

    assert response.context["alert"].startswith("4.50 EUR would go back now.")
    assert response.context["form"]["reason"].value() == "Too loud"
    assert len(statuses(show)) == 3


def test_too_late_by_the_terms_takes_an_exception(show, settings):
    settings.CANCEL_CUTOFF_MINUTES = 60
    late = make_show(price=Decimal("9.00"), starts_at=now() + timedelta(minutes=30))
    order = make_order(late, 1, status=Status.BOOKED)
    page = clerk().get(address(order, "cancel"))
    assert page.context["plan"].refusal_text == "It is too late to cancel: the show is about to start."
    assert "Cancel 1 seat" not in page.content.decode()
    manager = clerk("refund_by_exception")
    form = opened(manager, order, "cancel")

    assert send(manager, order, "cancel", form).context["alert"].startswith("It is too late to cancel")
    response = send(manager, order, "cancel", form, percent="100", back="9.00", reason="Ambulance")

    assert messages(response) == ["Cancelled: A1. 9.00 EUR goes back."]
