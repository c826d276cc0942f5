"""Reads whose answer is not rows: what an order comes to, and whether a show sold."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from bookings.models import LIVE, STATUS_PRECEDENCE, Booking, BookingEvent, Status
from movies.models import Show


class OrderSummary(NamedTuple):
    """What follows from the bookings of an order."""

    status: Status
    total: Decimal  # in `settings.CURRENCY`
    expires_at: datetime | None


def order_summary(bookings: Iterable[Booking], at: datetime) -> OrderSummary:
    """Return status, total and end of hold of an order with these bookings at a moment. No query.

    It is HELD while a seat is, else BOOKED while a seat is, else EXPIRED if a hold of it ran out, else
    CANCELLED; BLOCKED is for house seats. `total` is the price of the seats that are live.
    """
    statuses = {booking: booking.status_at(at) for booking in bookings}
    live = [booking for booking, status in statuses.items() if status in LIVE]
    status = next((each for each in STATUS_PRECEDENCE if each in statuses.values()), Status.CANCELLED)
    expiries = [booking.expires_at for booking in live if booking.expires_at is not None]
    total = sum((booking.price for booking in live), Decimal("0.00"))
    return OrderSummary(status, total, min(expiries, default=None))


def sold_among(shows: Iterable[Show], at: datetime | None = None) -> set[int]:
    """Return the ids of those of the shows that sold, as `was_sold` tells it. One query."""
    ids = [show.pk for show in shows]
    live = Booking.objects.live(at).filter(show__in=ids).order_by().values_list("show")
    booked = BookingEvent.objects.filter(show__in=ids, to_status=Status.BOOKED).order_by()
    return {show_id for (show_id,) in live.union(booked.values_list("show"))}


def was_sold(show: Show, at: datetime | None = None) -> bool:
    """Whether the show sold: a seat of it is live at a moment, by default now, or was once BOOKED.

    A hold that was let go or expired and a house seat that was released sold nothing.
    """
    if Booking.objects.live(at).filter(show=show).exists():
        return True
    return BookingEvent.objects.filter(show=show, to_status=Status.BOOKED).exists()
