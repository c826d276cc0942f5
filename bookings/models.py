"""Who has which seat, who had it before, and which requests were answered already."""

import secrets
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from bookings.refunds import refund_amount
from movies.models import Show


class Status(models.TextChoices):
    HELD = "HELD", "Held"
    BOOKED = "BOOKED", "Booked"
    CANCELLED = "CANCELLED", "Cancelled"
    EXPIRED = "EXPIRED", "Expired"
    BLOCKED = "BLOCKED", "Blocked"


# A booking in one of these keeps everybody else out of its seat; a hold, until it expires.
LIVE = (Status.HELD, Status.BOOKED, Status.BLOCKED)
# An order stands as the first of these that a booking of it has.
STANDINGS = (Status.HELD, Status.BOOKED, Status.BLOCKED, Status.EXPIRED, Status.CANCELLED)


class Door(models.TextChoices):
    """The way by which somebody came to change a seat."""

    API = "API", "API"
    ADMIN = "ADMIN", "Admin"
    COMMAND = "COMMAND", "Command"
    EXPIRY = "EXPIRY", "Expiry"


# 32 signs that nobody mistakes for one another on the phone (Crockford's base 32).
REFERENCE_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH = 10  # 50 bits: nobody guesses one, and no two orders get the same


def new_reference() -> str:
    """Return a reference for an order, such as "7KX2M9QF4T"."""
    return "".join(secrets.choice(REFERENCE_SIGNS) for _ in range(REFERENCE_LENGTH))


class OrderQuerySet(models.QuerySet["Order"]):
    def of_user(self, user: User) -> "OrderQuerySet":
        """What a customer ordered. Seats that a member of staff withheld are no orders of theirs."""
        for_house = Booking.objects.filter(order=OuterRef("pk"), for_house=True)
        return self.filter(~Exists(for_house), user=user)

    def standing(self, status: Status, at: datetime | None = None) -> "OrderQuerySet":
        """Orders that stand so at a moment: what `queries.standing` says of one."""
        at = at or timezone.now()
        bookings = Booking.objects.filter(order=OuterRef("pk"))
        found = {
            Status.HELD: bookings.live(at).filter(status=Status.HELD),
            Status.BOOKED: bookings.filter(status=Status.BOOKED),
            Status.BLOCKED: bookings.filter(status=Status.BLOCKED),
            Status.EXPIRED: bookings.filter(
                Q(status=Status.EXPIRED) | Q(status=Status.HELD, expires_at__lte=at)
            ),
        }
        before = STANDINGS[: STANDINGS.index(status)]
        orders = self.filter(*(~Exists(found[earlier]) for earlier in before))
        return orders.filter(Exists(found[status])) if status in found else orders

    def with_details(self) -> "OrderQuerySet":
        """With the bookings and all that their tickets say, in two queries."""
        bookings = Booking.objects.with_details().order_by("seat_number", "id")
        return self.prefetch_related(models.Prefetch("bookings", bookings))


class Order(models.Model):
    """The seats of one show that one user took together. How it stands follows from its bookings."""

    reference = models.CharField(max_length=20, unique=True, default=new_reference, editable=False)
    # No index of its own: `order_by_user` begins with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="orders")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = [
            # Read by a user's list of orders, newest first.
            models.Index(fields=["user", "-id"], name="order_by_user"),
        ]

    def __str__(self) -> str:
        return self.reference


class BookingQuerySet(models.QuerySet["Booking"]):
    def of_user(self, user: User) -> "BookingQuerySet":
        """What a customer bought. Seats that a member of staff withheld are not purchases."""
        return self.filter(user=user, for_house=False)

    def live(self, at: datetime | None = None) -> "BookingQuerySet":
        """Bookings that keep others out of their seats; a hold that has expired does not."""
        return self.filter(status__in=LIVE).exclude(status=Status.HELD, expires_at__lte=at or timezone.now())

    def expired(self, at: datetime | None = None) -> "BookingQuerySet":
        """Holds whose time is over and that nobody has freed yet."""
        return self.filter(status=Status.HELD, expires_at__lte=at or timezone.now())

    def unfinished(self) -> "BookingQuerySet":
        """Rows that occupy their seat in the table: the live ones and the holds that have expired."""
        return self.filter(status__in=LIVE)

    def with_details(self) -> "BookingQuerySet":
        """With all that a ticket says, in the same query."""
        return self.select_related("order", "show__movie", "show__screen__cinema").defer(
            "show__movie__description", "show__screen__seat_plan"
        )


class Booking(models.Model):
    """One seat of one show for one user. It is never deleted: it changes its status."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="bookings")
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
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="cancelled_bookings",
    )
    refund_percent = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        editable=False,
        validators=[MaxValueValidator(100)],
        help_text="Which share of the price came back.",
    )

    objects = BookingQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        permissions = [("block_seats", "Can block and free seats of the house")]
        indexes = [
            # The owner's: whether a seat is free, and what became of its bookings. Read by every
            # booking and by the seat map (PostgreSQL prefers the constraint's index for live ones).
            models.Index(fields=["show", "seat_number", "status"], name="booking_by_seat"),
            # Read by a user's list of bookings, newest first.
            models.Index(fields=["user", "-id"], name="booking_by_user"),
            # Read by the sweeper, and by the seat map for the next hold that will expire.
            models.Index(fields=["show", "expires_at"], name="booking_by_expiry", condition=Q(status="HELD")),
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
                condition=~Q(status="HELD") | Q(expires_at__isnull=False), name="a_hold_says_until_when"
            ),
            models.CheckConstraint(
                condition=~Q(status="BLOCKED") | Q(for_house=True), name="only_the_house_blocks_seats"
            ),
            models.CheckConstraint(
                condition=Q(refund_percent__isnull=True) | Q(refund_percent__lte=100),
                name="no_more_comes_back_than_was_paid",
            ),
            models.CheckConstraint(condition=Q(seat_number__gte=1), name="seats_count_from_one"),
            models.CheckConstraint(condition=Q(price__gte=0), name="a_seat_costs_nothing_or_more"),
        ]

    def __str__(self) -> str:
        return f"Booking {self.pk}, {self.get_status_display().lower()}"

    @property
    def seat_label(self) -> str:
        return self.show.seat_label(self.seat_number)

    @property
    def refund_amount(self) -> Decimal | None:
        """What came back to the customer, in the currency of the house; None if nothing was paid."""
        return None if self.refund_percent is None else refund_amount(self.price, self.refund_percent)

    def has_expired(self, at: datetime | None = None) -> bool:
        return (
            self.status == Status.HELD
            and self.expires_at is not None
            and self.expires_at <= (at or timezone.now())
        )


class SeatChange(models.Model):
    """One step in the life of a booking. Written by the ledger, and never changed or deleted.

    A trigger sees to that: see migration 0006.
    """

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="changes")
    # No index of its own: `change_by_show` begins with it.
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="seat_changes", db_index=False)
    seat_number = models.PositiveIntegerField("seat")
    at = models.DateTimeField(default=timezone.now)
    # Nobody, if the change came with time.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="seat_changes",
        db_index=False,
    )
    door = models.CharField(max_length=10, choices=Door)
    from_status = models.CharField(max_length=10, blank=True, choices=Status)  # blank: it was free
    to_status = models.CharField(max_length=10, choices=Status)

    class Meta:
        ordering = ("id",)
        default_permissions = ("view",)
        indexes = [
            # Read by the page of a show in the Admin, newest first.
            models.Index(fields=["show", "-id"], name="change_by_show"),
        ]

    def __str__(self) -> str:
        before = self.get_from_status_display() or "Free"
        return f"Booking {self.booking_id}: {before} to {self.get_to_status_display()}"

    @property
    def seat_label(self) -> str:
        return self.show.seat_label(self.seat_number)


class IdempotencyKey(models.Model):
    """The answer already given to a request, for the client that never received it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)  # read by the purge
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key"),
        ]

    def __str__(self) -> str:
        return self.key
