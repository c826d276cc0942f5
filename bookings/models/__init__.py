"""Who has which seat, who had it before, and which requests were answered already."""

from bookings.models.events import BookingEvent, new_event
from bookings.models.guests import Guest, GuestQuerySet
from bookings.models.idempotency import IdempotencyKey
from bookings.models.notes import OrderNote
from bookings.models.orders import (
    HELD,
    LIVE,
    MORE_THAN_HELD,
    STATUS_OF,
    STATUS_PRECEDENCE,
    Booking,
    BookingQuerySet,
    Customer,
    Order,
    OrderQuerySet,
    Status,
    is_over,
    status_at,
)
from bookings.models.references import REFERENCE_ALPHABET, as_reference, new_reference

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
