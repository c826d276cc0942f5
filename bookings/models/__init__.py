"""Who has which seat, who had it before, and which requests were answered already."""

from bookings.models.events import BookingEvent, new_event
from bookings.models.guests import Guest, GuestQuerySet
from bookings.models.housekeeping import HousekeepingLead, HousekeepingRun
from bookings.models.idempotency import IdempotencyKey
from bookings.models.notes import OrderNote
from bookings.models.orders import Booking, BookingQuerySet, Customer, Order, OrderQuerySet
from bookings.models.references import REFERENCE_ALPHABET, as_reference, new_reference
from bookings.models.statuses import (
    HELD,
    LIVE,
    MORE_THAN_HELD,
    STATUS_OF,
    STATUS_PRECEDENCE,
    Status,
    is_over,
    status_at,
)

__all__ = [
    "HELD",
    "LIVE",
    "MORE_THAN_HELD",
    "REFERENCE_ALPHABET",
    "STATUS_OF",
    "STATUS_PRECEDENCE",
    "Booking",
    "BookingEvent",
    "BookingQuerySet",
    "Customer",
    "Guest",
    "GuestQuerySet",
    "HousekeepingLead",
    "HousekeepingRun",
    "IdempotencyKey",
    "Order",
    "OrderNote",
    "OrderQuerySet",
    "Status",
    "as_reference",
    "is_over",
    "new_event",
    "new_reference",
    "status_at",
]
