"""Who has which seat."""

from collections.abc import Collection
from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from movies.models import Show


class Status(models.TextChoices):
    HELD = "HELD", "Held"
    BOOKED = "BOOKED", "Booked"
    CANCELLED = "CANCELLED", "Cancelled"
    EXPIRED = "EXPIRED", "Expired"
    BLOCKED = "BLOCKED", "Blocked"


# A booking in one of these keeps everybody else out of its seat.
LIVE = (Status.HELD, Status.BOOKED, Status.BLOCKED)


class BookingQuerySet(models.QuerySet["Booking"]):
    def of_user(self, user: User) -> "BookingQuerySet":
        """What a customer bought. Seats that a member of staff withheld are not purchases."""
        return self.filter(user=user, for_house=False)

    def live(self) -> "BookingQuerySet":
        return self.filter(status__in=LIVE)

    def taken(self, seat_numbers: Collection[int]) -> dict[int, str]:
        """Return the status of each of these seats that is not free, by its number."""
        taken = self.live().filter(seat_number__in=seat_numbers)
        return dict(taken.order_by("seat_number").values_list("seat_number", "status"))

    def with_details(self) -> "BookingQuerySet":
        """With all that a ticket says, in the same query."""
        return self.select_related("show__movie", "show__screen__cinema")


class Booking(models.Model):
    """One seat of one show for one user. It is never deleted: it changes its status."""

    # No index of its own: the owner's index begins with it.
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="bookings", db_index=False)
    # No index of its own: `booking_by_user` begins with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bookings", db_index=False
    )
    seat_number = models.PositiveIntegerField("seat", validators=[MinValueValidator(1)])
    status = models.CharField(max_length=10, choices=Status, default=Status.BOOKED)
    price = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        help_text="What the seat cost when it was booked.",
        validators=[MinValueValidator(Decimal(0))],
    )
    for_house = models.BooleanField(default=False, help_text="Withheld by the user for the house.")
    reason = models.CharField(
        max_length=200,
        blank=True,
        help_text="Why the house blocked the seat, or cancelled the booking.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = BookingQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        permissions = [("block_seats", "Can block and free seats of the house")]
        indexes = [
            # Read by every booking, to see whether the seat is free, and by the seat map.
            models.Index(fields=["show", "seat_number", "status"], name="booking_by_seat"),
            # Read by a user's list of bookings, newest first.
            models.Index(fields=["user", "-id"], name="booking_by_user"),
        ]
        constraints = [
            # The promise. The lock on the show makes it polite; this makes it true.
            models.UniqueConstraint(
                fields=["show", "seat_number"],
                condition=Q(status__in=["HELD", "BOOKED", "BLOCKED"]),
                name="one_live_booking_per_seat",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["HELD", "BOOKED", "CANCELLED", "EXPIRED", "BLOCKED"]),
                name="a_booking_has_a_known_status",
            ),
            models.CheckConstraint(
                condition=Q(status="CANCELLED", cancelled_at__isnull=False)
                | (~Q(status="CANCELLED") & Q(cancelled_at__isnull=True)),
                name="cancelled_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="BLOCKED") | Q(for_house=True), name="only_the_house_blocks_seats"
            ),
            models.CheckConstraint(condition=Q(seat_number__gte=1), name="seats_count_from_one"),
            models.CheckConstraint(condition=Q(price__gte=0), name="a_seat_costs_nothing_or_more"),
        ]

    def __str__(self) -> str:
        return f"Booking {self.pk}: seat {self.seat_number}, {self.get_status_display().lower()}"

    @property
    def seat_label(self) -> str:
        return self.show.seat_label(self.seat_number)

    def cancel(self, *, locked_show: Show) -> "Booking":
        """Free the seat; the row stays. The caller holds the lock of `locked_show`."""
        self.status = Status.CANCELLED
        self.cancelled_at = timezone.now()
        self.save(update_fields=["status", "cancelled_at"])
        locked_show.count_taken(-1)
        self.show = locked_show
        return self
