"""The statuses of bookings, and which one a booking has at a moment."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Status(models.TextChoices):
    HELD = "HELD", "Held"
    BOOKED = "BOOKED", "Booked"
    CANCELLED = "CANCELLED", "Cancelled"
    EXPIRED = "EXPIRED", "Expired"
    BLOCKED = "BLOCKED", "Blocked"


# While a booking is in one of these, no other booking can have its seat; a hold, until it expires.
LIVE = (Status.HELD, Status.BOOKED, Status.BLOCKED)
# The status of an order is the first of these that one of its bookings has.
STATUS_PRECEDENCE = (Status.HELD, Status.BOOKED, Status.BLOCKED, Status.EXPIRED, Status.CANCELLED)
# What was bought, whatever became of it since (what was only held brings no refund), or kept for the house.
MORE_THAN_HELD = Q(status=Status.BOOKED) | Q(refund_percent__isnull=False) | Q(is_house_seat=True)
# As `Status(value)`, which takes ten times as long and is asked of every seat of a show with every booking.
STATUS_OF = {status.value: status for status in Status}
HELD = Status.HELD.value


def is_over(status: str, expires_at: datetime | None, at: datetime) -> bool:
    """Whether a booking is a hold whose time is over at a moment, also while its row still says HELD."""
    return status == HELD and expires_at is not None and expires_at <= at


def status_at(status: str, expires_at: datetime | None, at: datetime) -> Status:
    """Return the status that a booking has at a moment: a hold is EXPIRED once its time is over."""
    return Status.EXPIRED if is_over(status, expires_at, at) else STATUS_OF[status]


def hold_is_over(at: datetime | None) -> Q:
    """The same for a query: holds that are EXPIRED at a moment, by default now, and say HELD."""
    return Q(status=Status.HELD, expires_at__lte=at or timezone.now())
