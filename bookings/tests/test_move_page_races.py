"""Staff press *Move the show* while customers buy and give back: with real threads, on PostgreSQL."""

import time
from functools import partial
from threading import Event

import pytest
from django.db import transaction

from accounts.tests.factories import make_user
from bookings.admin import moving
from bookings.models import Booking, Status
from bookings.tests import race_calls
from bookings.tests.factories import book, make_order
from bookings.tests.move_page import do, messages, mover, plan, seat_input, typed_seats, was_done
from bookings.tests.moves import REASON, show_in
from movie_booking.tests.concurrency import run_concurrently
from movies.tests.factories import make_screen

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]


def press_while_a_seat_is_bought():
    """The last free seat of the old screen is being bought when the move to one of two seats begins."""
    show, staff, user = show_in("A ooo"), mover(), make_user()
    make_order(show, 1, 2, status=Status.BOOKED)
    page = plan(staff, show, screen=make_screen(cinema=show.cinema, seat_plan="A oo").pk, refund="on")
    bought = Event()

    def buy():
        with transaction.atomic():
            booking = book(show, 3, user=user)
            bought.set()
            time.sleep(0.5)  # the move waits for the lock meanwhile
        return booking

    def press():
        assert bought.wait(timeout=10)
        return do(staff, show, page)

    booking, response = run_concurrently(buy, press)
    booking.refresh_from_db()
    return show, booking, response


def test_a_buyer_whom_the_move_waits_for_is_not_left_out_unseen():
    show, booking, response = press_while_a_seat_is_bought()

    assert messages(response)[0].endswith(
        f"orders cannot be seated that could be: {booking.order.reference}."
    )
    assert (booking.status, booking.refund_percent) == (Status.BOOKED, None)
    assert show.screen.shows.filter(pk=show.pk).exists()
    race_calls.assert_consistent()


def test_control_without_the_comparison_the_buyer_is_left_out_unseen(monkeypatch):
    monkeypatch.setattr(moving, "_refuse_surprises", lambda *args: None)

    show, booking, response = press_while_a_seat_is_bought()

    assert was_done(response, show)
    assert (booking.status, booking.refund_percent) == (Status.CANCELLED, 100)


def test_a_move_amid_buyers_and_cancelling_customers_does_what_was_shown():
    for _ in range(3):
        show, staff = show_in("A oooooo\nB oooooo\nC oooooo"), mover()
        orders = [make_order(show, first, first + 1, status=Status.BOOKED) for first in (1, 3, 5, 7, 9, 11)]
        page = plan(
            staff,
            show,
            screen=make_screen(cinema=show.cinema, seat_plan="A oooooo\nD oooooo\nE oooooo").pk,
            refund="on",
        )
        shown = typed_seats(page)
        bookings = list(Booking.objects.filter(show=show))

        results = run_concurrently(
            partial(do, staff, show, page),
            *(race_calls.book(show, number) for number in (13, 14, 15, 16, 17)),
            *(race_calls.cancel(order) for order in orders[:3]),
        )

        response = results[0]
        assert response.status_code == 200
        assert was_done(response, show), messages(response)
        live = {each.pk: each for each in Booking.objects.live().filter(show=show).with_details()}
        for booking in bookings:
            if booking.pk in live:
                assert live[booking.pk].seat_label == shown[seat_input(booking)]
            else:
                booking.refresh_from_db()
                assert (booking.status, booking.reason) == (Status.CANCELLED, "")
        assert not Booking.objects.filter(show=show, reason=REASON).exists()  # the move left out no one
        race_calls.assert_consistent()
