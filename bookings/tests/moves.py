"""Moves as staff ask for them in tests, and where guests sit."""

from accounts.tests.factories import client_for, make_staff
from bookings.models import Order
from movies.services import save_screen
from movies.tests.factories import make_screen, make_show

REASON = "The projector is broken."


def ask(show, *, staff=None, headers=None, **body):
    client = client_for(staff or make_staff("move_show"))
    return client.post(f"/api/shows/{show.pk}/move/", {"reason": REASON, **body}, headers=headers)


def show_in(plan, **fields):
    return make_show(screen=make_screen(seat_plan=plan), **fields)


def seats_of(order):
    """The labels of the live seats of an order."""
    order = Order.objects.with_details().get(pk=order.pk)
    return [booking.seat_label for booking in order.bookings.all() if booking.is_live()]


def redraw(show, plan):
    save_screen(show.screen, seat_plan=plan)
