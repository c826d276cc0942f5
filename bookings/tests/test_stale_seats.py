"""The page of the seats is out of date: what staff do reaches the bookings that it showed, and no other."""

from functools import partial
from threading import Barrier

import pytest
from django.urls import reverse

from accounts.tests.factories import make_staff, make_user
from bookings import services
from bookings.models import Booking, Status
from bookings.tests.factories import block, book, by, give_back, hold, make_order, release
from bookings.tests.seats_page import address, cancel, said, statuses
from bookings.tests.seats_page import press as press_button
from movie_booking.tests.concurrency import run_concurrently
from movie_booking.tests.pages import inputs_of
from movies.services import schedule_show
from movies.tests.factories import browser_for, make_movie, make_screen, make_show, tomorrow

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return browser_for(make_staff("view_show", "block_seats", "view_booking", "change_booking"))


@pytest.fixture
def show():
    return make_show()


def opened(browser, show):
    """What the page sends beside the ticks."""
    return {"shown": inputs_of(browser.get(address(show)), "box-office")["shown"]}


def press(browser, show, page, button, *seats):
    if button == "_cancel":
        return cancel(browser, show, *seats, **page)
    return press_button(browser, show, button, *seats, **page)


def test_a_seat_that_was_sold_anew_is_not_cancelled(staff, show):
    first = book(show, 5)
    page = opened(staff, show)
    give_back(first)
    second = book(show, 5)

    response = press(staff, show, page, "_cancel", "5")

    assert said(response) == ["Taken anew since this page was opened, and left alone: A5."]
    second.refresh_from_db()
    assert second.status == Status.BOOKED


def test_a_seat_that_was_free_is_not_cancelled_by_a_page_that_showed_it_free(staff, show):
    page = opened(staff, show)
    book(show, 5)

    response = press(staff, show, page, "_cancel", "5")

    assert said(response) == ["Taken anew since this page was opened, and left alone: A5."]
    assert statuses(show) == {5: "BOOKED"}


def test_the_others_that_were_ticked_are_cancelled(staff, show):
    first, _ = book(show, 5), book(show, 6)
    page = opened(staff, show)
    give_back(first)
    book(show, 5)

    response = press(staff, show, page, "_cancel", "5", "6", "7")

    assert said(response) == [
        "Taken anew since this page was opened, and left alone: A5.",
        "No customer has A7: nothing to cancel there.",
        "Cancelled: 1. To give back: 5.00 EUR.",
    ]
    assert statuses(show) == {5: "BOOKED"}


def test_a_hold_that_was_confirmed_meanwhile_is_still_that_booking(staff, show):
    order = hold(show, 5)
    page = opened(staff, show)
    services.confirm_order(order, actor=by(order.user))

    assert said(press(staff, show, page, "_cancel", "5")) == ["Cancelled: 1. To give back: 5.00 EUR."]
    assert Booking.objects.get().status == Status.CANCELLED


def test_a_seat_that_was_exchanged_for_another_stays_with_its_customer(staff, show):
    order = make_order(show, 5, status=Status.BOOKED)
    page = opened(staff, show)
    services.exchange_seats(order, actor=by(order.user), from_seats=[5], to_seats=[7])

    assert said(press(staff, show, page, "_cancel", "5")) == ["No customer has A5: nothing to cancel there."]
    assert statuses(show) == {7: "BOOKED"}


def test_a_seat_that_was_blocked_anew_is_not_released(staff, show):
    block(show, "A5-A6", reason="Camera")
    page = opened(staff, show)
    release(show, "A5")
    block(show, "A5", reason="Press")

    response = press(staff, show, page, "_release", "5", "6")

    assert said(response) == ["Seats were blocked anew meanwhile: none was released. A5 blocked anew"]
    assert statuses(show) == {5: "BLOCKED", 6: "BLOCKED"}
    # The page that says so shows the new block: pressing again is meant.
    again = press(staff, show, {"shown": inputs_of(response, "box-office")["shown"]}, "_release", "5", "6")
    assert said(again) == ["Released: A5-A6."]
    assert statuses(show) == {}


def test_a_seat_that_was_sold_after_it_was_released_is_not_released_again(staff, show):
    block(show, "A5")
    page = opened(staff, show)
    release(show, "A5")
    book(show, 5)

    response = press(staff, show, page, "_release", "5")

    assert said(response) == ["Only blocked house seats can be released. A5 booked"]
    assert statuses(show) == {5: "BOOKED"}


def test_a_seat_that_was_sold_meanwhile_is_not_blocked(staff, show):
    page = opened(staff, show)
    book(show, 5)

    response = press(staff, show, page, "_block", "5", "6")

    assert said(response) == ["Seat already booked. A5 booked"]
    assert statuses(show) == {5: "BOOKED"}


def test_the_other_half_of_a_sofa_goes_with_its_own_order_only(staff):
    screen = make_screen(seat_plan="A ooSS")
    show = schedule_show(movie=make_movie(), screen=screen, starts_at=tomorrow())
    order = make_order(show, 3, 4, status=Status.BOOKED)
    first, second = order.bookings.order_by("seat_number")
    page = opened(staff, show)

    assert said(press(staff, show, page, "_cancel", "3")) == ["Cancelled: 2. To give back: 10.00 EUR."]
    make_order(show, 3, 4, status=Status.BOOKED)
    assert services.cancel_seats(show.pk, [first.pk, second.pk], actor=by()) == []
    assert statuses(show) == {3: "BOOKED", 4: "BOOKED"}


def test_bookings_of_another_show_are_out_of_reach(staff, show):
    other = book(make_show(), 5)
    book(show, 5)

    press(staff, show, {"shown": f'{{"5": {other.pk}}}'}, "_cancel", "5")

    other.refresh_from_db()
    assert other.status == Status.BOOKED
    assert statuses(show) == {5: "BOOKED"}


@pytest.mark.parametrize(
    "shown",
    [
        "nonsense",
        "[1]",
        "5",
        '{"5": "x"}',
        '{"x": 5}',
        '{"5": null}',
        '{"5": [1]}',
        '{"5": Infinity}',
        '{"5": 1e400}',
        f'{{"5": {"9" * 5000}}}',
        "[" * 100_000,
    ],
    ids=lambda shown: shown[:20],
)
def test_a_page_that_cannot_be_read_does_nothing(staff, show, shown):
    book(show, 5)

    response = press(staff, show, {"shown": shown}, "_cancel", "5")

    assert said(response) == ["This page cannot be read. Please open it anew."]
    assert statuses(show) == {5: "BOOKED"}


def test_the_action_on_the_list_of_bookings_reaches_those_that_were_ticked(staff, show):
    first = book(show, 5)
    give_back(first)
    second = book(show, 5)

    data = {"action": "cancel", "post": "yes", "_selected_action": [first.pk]}
    response = staff.post(reverse("admin:bookings_booking_changelist"), data, follow=True)

    assert said(response) == [f"Booking {first.pk}: The booking is already cancelled."]
    second.refresh_from_db()
    assert second.status == Status.BOOKED


# --- At the same moment ----------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_staff_who_cancel_a_seat_while_it_changes_hands_never_reach_the_next_customer():
    staff, show = make_user(), make_show()

    for seat_number in range(1, 9):
        first = book(show, seat_number)

        def change_hands(first=first, seat_number=seat_number):
            give_back(first)
            return book(show, seat_number)

        cancel = partial(services.cancel_seats, show.pk, [first.pk], actor=by(staff))
        second, _ = run_concurrently(change_hands, cancel)

        # Either staff were first, and the customer was told; or the seat has its next customer.
        if isinstance(second, Booking):
            assert show.bookings.live().get(seat_number=seat_number) == second


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_control_whoever_asks_for_the_seat_by_its_number_reaches_the_next_customer():
    staff, show = make_user(), make_show()
    first = book(show, 5)
    page_opened, seat_sold = Barrier(2), Barrier(2)

    def change_hands():
        page_opened.wait(timeout=10)
        give_back(first)
        second = book(show, 5)
        seat_sold.wait(timeout=10)
        return second

    def cancel_by_number():
        page_opened.wait(timeout=10)
        seat_sold.wait(timeout=10)
        found = show.bookings.live().filter(seat_number=5).values_list("pk", flat=True)
        return services.cancel_seats(show.pk, found, actor=by(staff))

    second, cancelled = run_concurrently(change_hands, cancel_by_number)

    assert cancelled == [second]
