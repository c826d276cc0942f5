"""What is called at the same moment in the tests of races, and what must be true afterwards.

The calls are made ready before: with users of their own, to be run in a thread each.
"""

import time
from collections import Counter
from datetime import timedelta
from functools import partial

from django.utils import timezone

from accounts.tests.factories import make_user
from bookings.models import Booking, BookingEvent
from bookings.services import cancel_order, confirm_order, exchange_seats
from bookings.tests import factories
from bookings.tests.factories import by
from bookings.tests.history import assert_history_consistent
from movies.models import Show


def hold(show, *seats, user=None):
    return partial(factories.hold, show, *seats, user=user or make_user())


def best(show, size, user=None):
    return partial(factories.hold, show, best_available=size, user=user or make_user())


def book(show, seat):
    return partial(factories.book, show, seat, user=make_user())


def block(show, seats):
    return partial(factories.block, show, seats, staff=make_user())


def call_off(show):
    return partial(factories.call_off, show, staff=make_user())


def confirm(order):
    return partial(confirm_order, order, actor=by(order.user))


def cancel(order):
    return partial(cancel_order, order, actor=by(order.user))


def exchange(order, from_seats, to_seats):
    return partial(exchange_seats, order, actor=by(order.customer), from_seats=from_seats, to_seats=to_seats)


def swap(order, from_seats, show, to_seats):
    call = exchange(order, from_seats, to_seats)
    return partial(call, to_show=show.pk)


def move(show, screen, **how):
    return partial(factories.move, show, staff=make_user(), screen=screen, **how)


def at(moment, call):
    """Do it as soon as that moment has come."""

    def wait_and_call():
        time.sleep(max(0.0, (moment - timezone.now()).total_seconds()))
        return call()

    return wait_and_call


def hold_until(moment, order):
    Booking.objects.filter(order=order).update(expires_at=moment)


def soon(**time_from_now):
    return timezone.now() + timedelta(**time_from_now)


def statuses(order):
    return list(order.bookings.order_by("id").values_list("status", flat=True))


def steps(order):
    """What happened to the seats of an order, in short: "HELD BOOKED"."""
    changes = BookingEvent.objects.filter(booking__order=order).order_by("booking", "id")
    return " ".join(changes.values_list("to_status", flat=True))


def assert_consistent():
    """Events replay to what the tables say, and no seat is sold twice, whatever the constraint would say."""
    assert_history_consistent()
    live = Booking.objects.in_seat_index().values_list("show", "seat_number")
    assert max(Counter(live).values(), default=0) <= 1
    plans = {show.pk: show.plan for show in Show.objects.all()}
    assert all(plans[show].has_seat(number) for show, number in live)


def kinds(results):
    return sorted(type(result).__name__ for result in results)
