"""All that is held of a user, for the user."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.admin.models import LogEntry
from django.db.models import Q
from django.utils import timezone

from accounts.models import OutgoingMail, TokenFamily, User
from bookings.models import BookingEvent, IdempotencyKey, Order

# Of each kind the newest: more than a person has, and not so many that one answer stops the others.
MAX_ROWS = 10_000


class PersonalData(NamedTuple):
    user: User
    at: datetime
    log_ins: Sequence[TokenFamily]
    mails: Sequence[OutgoingMail]
    orders: Sequence[Order]
    events: Sequence[BookingEvent]
    requests: Sequence[IdempotencyKey]
    changes: Sequence[LogEntry]
    is_complete: bool


def personal_data(user: User) -> PersonalData:
    """Return all that is held of a user; `is_complete` says whether no list was cut off at MAX_ROWS."""
    # Customers act on what is theirs only. What staff did elsewhere is found without an index: they are few.
    events_of = Q(booking__user=user) | Q(actor=user) if user.is_staff else Q(booking__user=user)
    orders: Any = Order.objects.of_user(user).with_details().order_by("-pk")
    rows: dict[str, Any] = {
        "log_ins": TokenFamily.objects.filter(user=user).order_by("-issued_at"),
        "mails": OutgoingMail.objects.filter(address=user.email.lower()).order_by("-pk"),
        "orders": orders,
        "events": BookingEvent.objects.filter(events_of).select_related("booking__order").order_by("-pk"),
        "requests": IdempotencyKey.objects.filter(user=user).defer("body").order_by("-pk"),
        "changes": LogEntry.objects.filter(user=user).select_related("content_type").order_by("-pk"),
    }
    found = {name: list(queryset[: MAX_ROWS + 1]) for name, queryset in rows.items()}
    return PersonalData(
        user=user,
        at=timezone.now(),
        is_complete=all(len(each) <= MAX_ROWS for each in found.values()),
        **{name: each[:MAX_ROWS] for name, each in found.items()},
    )
