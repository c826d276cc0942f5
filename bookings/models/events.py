"""The history of bookings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.actors import Actor, Channel
from bookings.models.orders import Booking
from bookings.models.statuses import Status
from movies.models import MachineKey, Show


class BookingEvent(models.Model):
    """One step in the life of a booking: another status, or another seat. `SeatInventory` writes it; it is
    never changed.

    A trigger refuses changes, and on PostgreSQL deleting but for shows that never sold: see migrations 0007
    and 0011.
    """

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="events")
    # No index of its own: `booking_event_by_show` begins with it.
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="booking_events", db_index=False)
    seat_number = models.PositiveIntegerField("seat")
    at = models.DateTimeField(default=timezone.now)
    # Empty if a hold expired, by SYSTEM, and for what a guest or a machine did through the API.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="booking_events",
        db_index=False,
    )
    # No index: keys are never deleted.
    machine = models.ForeignKey(
        MachineKey,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The key of the machine that did it.",
    )
    channel = models.CharField(max_length=10, choices=Channel)
    from_status = models.CharField(max_length=10, blank=True, choices=Status)  # blank: the booking is new
    to_status = models.CharField(max_length=10, choices=Status)
    changes = models.JSONField(
        null=True, blank=True, help_text="By a move of the show: {field: [before, after]} of the booking."
    )

    class Meta:
        ordering = ("id",)
        default_permissions = ("view",)
        indexes = [
            # Read by the page of a show in the Admin, newest first.
            models.Index(fields=["show", "-id"], name="booking_event_by_show"),
            # Read by the list of the Admin, newest first and by days.
            models.Index(fields=["at"], name="booking_event_by_time"),
        ]

    def __str__(self) -> str:
        before = self.get_from_status_display() or "Free"
        return f"Booking {self.booking_id}: {before} to {self.get_to_status_display()}"

    @property
    def who(self) -> str:
        """Who did it, as staff know them; empty if time did."""
        if self.actor:
            return self.actor.username
        if self.machine:
            return self.machine.owner
        return "" if self.channel == Channel.EXPIRY else "Guest"


def new_event(
    booking: Booking,
    from_status: str,
    to_status: str,
    *,
    at: datetime,
    actor: Actor,
    changes: Mapping[str, Sequence[Any]] | None = None,
) -> BookingEvent:
    """Return the event of a booking, still to be written."""
    return BookingEvent(
        booking=booking,
        show_id=booking.show_id,
        seat_number=booking.seat_number,
        at=at,
        actor=actor.user,
        machine_id=actor.machine_id,
        channel=actor.channel,
        from_status=from_status,
        to_status=to_status,
        changes=changes,
    )
