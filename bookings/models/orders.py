"""Who has which seat, and who had it before."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from bookings.models.guests import Guest
from bookings.models.references import as_reference, new_reference
from bookings.models.statuses import LIVE, STATUS_PRECEDENCE, Status, hold_is_over, status_at
from bookings.refunds import refund_amount
from bookings.roles import SEAT_RIGHTS
from movies.models import MachineKey, Screen, Show

# What staff read where the customer gave no name.
WALK_IN = "Walk-in"
# For whom seats are. A guest may be one who has just come, and is not stored yet.
Customer = User | Guest


class OrderQuerySet(models.QuerySet["Order"]):
    def with_reference(self, typed: str) -> "OrderQuerySet":
        """The order of this reference, as people type it.

        What was typed counts as it stands too: that of an order from elsewhere may have an O in it.
        """
        return self.filter(reference__in={typed.upper(), as_reference(typed)})

    def beginning(self, typed: str) -> "OrderQuerySet":
        """Orders whose references begin so."""
        as_typed, as_printed = typed.upper(), as_reference(typed)
        return self.filter(Q(reference__startswith=as_typed) | Q(reference__startswith=as_printed))

    def of_user(self, user: User | int) -> "OrderQuerySet":
        """What a customer ordered, without the house seats that a member of staff blocked."""
        return self.of_customers().filter(user=user)

    def of_customers(self) -> "OrderQuerySet":
        """Orders without those of house seats, which no customer has."""
        house_seats = Booking.objects.filter(order=OuterRef("pk"), show=OuterRef("show"), is_house_seat=True)
        return self.filter(~Exists(house_seats))

    def of_machine(self, key_id: int) -> "OrderQuerySet":
        """What a machine sold, until an account took it over."""
        return self.filter(machine=key_id, guest__isnull=False)

    def known_to(self, customer: "Customer") -> "OrderQuerySet":
        """Orders of which the customer may be told: of a guest, those that were given the same key.

        Everybody can give somebody else's e-mail address.
        """
        if isinstance(customer, User):
            return self.filter(user=customer)
        return self.filter(guest=customer.pk) if customer.pk else self.none()

    def with_status(self, status: Status, at: datetime | None = None) -> "OrderQuerySet":
        """Orders of this status at a moment, by default now: what `queries.order_summary` says of one."""
        at = at or timezone.now()
        bookings = Booking.objects.filter(order=OuterRef("pk"))
        has = {each: Exists(bookings.with_status(each, at)) for each in STATUS_PRECEDENCE}
        earlier = STATUS_PRECEDENCE[: STATUS_PRECEDENCE.index(status)]
        orders = self.filter(*(~has[each] for each in earlier))
        # An order without bookings is CANCELLED too, as the summary has it.
        return orders if status == STATUS_PRECEDENCE[-1] else orders.filter(has[status])

    def with_details(self) -> "OrderQuerySet":
        """With the bookings and all that their tickets say, in two queries."""
        bookings = Booking.objects.with_details().order_by("seat_number", "id")
        return self.select_related("exchanged_from").prefetch_related(models.Prefetch("bookings", bookings))


class Order(models.Model):
    """The seats of one show that one customer took together. Its status follows from its bookings.

    The customer is a user, or a guest; or, if staff sold the seats, perhaps somebody who gave no name.
    """

    reference = models.CharField(max_length=20, unique=True, default=new_reference, editable=False)
    # No index of its own: `order_by_user` begins with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        db_index=False,
    )
    # Its index is `order_by_guest`.
    guest = models.ForeignKey(
        Guest, on_delete=models.PROTECT, null=True, blank=True, related_name="orders", db_index=False
    )
    # Its index is `order_by_seller`.
    sold_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="sold_orders",
        db_index=False,
        help_text="The member of staff who sold it; empty if the customer bought it without them.",
    )
    # Its index is `order_by_machine`.
    machine = models.ForeignKey(
        MachineKey,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="The key of the machine that sold it; empty if the customer bought it without one.",
    )
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="orders")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The terms of the sale, whatever settings and show become later.
    refund_tiers = models.TextField(editable=False, help_text='Such as "24:100,2:50".')
    cancel_cutoff_minutes = models.PositiveIntegerField(editable=False)
    promised_starts_at = models.DateTimeField(editable=False)
    promised_screen = models.ForeignKey(
        Screen, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    show_version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Of the show, as the customer knows it."
    )
    # Its index is `order_by_exchanged_from`.
    exchanged_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="The order of another show whose seats were exchanged for these.",
    )
    # The default of the database is for `insert_statement`, which names no column that it need not.
    is_reseated = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="A move of the show gave the customer another seat than was sold.",
    )

    # All of its bookings by seat, with what their tickets say, as a service left them.
    known_bookings: "Sequence[Booking] | None" = None

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = [
            # Read by a user's list of orders, newest first.
            models.Index(fields=["user", "-id"], name="order_by_user"),
            # Read by the list of the Admin, newest first and by days.
            models.Index(fields=["created_at"], name="order_by_creation"),
            # Read for a guest's orders, and for the limits of the next one.
            models.Index(fields=["guest"], name="order_by_guest", condition=Q(guest__isnull=False)),
            # Read when a user is deleted. Most orders were sold by no one.
            models.Index(fields=["sold_by"], name="order_by_seller", condition=Q(sold_by__isnull=False)),
            # Read by a machine's list of what it sold, newest first.
            models.Index(
                fields=["machine", "-id"], name="order_by_machine", condition=Q(machine__isnull=False)
            ),
            # Read when orders are deleted, with a show that never sold.
            models.Index(
                fields=["exchanged_from"],
                name="order_by_exchanged_from",
                condition=Q(exchanged_from__isnull=False),
            ),
        ]

        constraints = [
            # A user or a guest, not both; and at the box office neither will do.
            models.CheckConstraint(
                condition=Q(user__isnull=False, guest__isnull=True)
                | Q(user__isnull=True, guest__isnull=False)
                | Q(user__isnull=True, guest__isnull=True, sold_by__isnull=False),
                name="order_has_customer_or_seller",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def customer(self) -> "Customer | None":
        """Whose it is; None for somebody at the box office who gave no name. A query, if it was not read."""
        return self.user or self.guest

    @property
    def customer_name(self) -> str:
        """As staff know the customer: a user name, or what a guest gave first of name, e-mail, telephone."""
        return self.user.username if self.user else str(self.guest or WALK_IN)

    @property
    def seller(self) -> str:
        """Who sold it, as staff know them: one of them, or the owner of a machine; empty for neither."""
        if self.sold_by:
            return self.sold_by.username
        return self.machine.owner if self.machine else ""

    @property
    def customer_email(self) -> str:
        return self.customer.email if self.customer else ""

    def all_bookings(self) -> "Sequence[Booking]":
        """Return those of `known_bookings`, or else what `bookings` has, prefetched or not."""
        return list(self.bookings.all()) if self.known_bookings is None else self.known_bookings


class BookingQuerySet(models.QuerySet["Booking"]):
    def of_user(self, user: User) -> "BookingQuerySet":
        """What a customer bought, without the house seats that a member of staff blocked."""
        return self.filter(user=user, is_house_seat=False)

    def with_status(self, status: Status, at: datetime | None = None) -> "BookingQuerySet":
        """Bookings of this status at a moment, by default now: the twin of `Booking.status_at`."""
        match status:
            case Status.HELD:
                return self.filter(status=status).exclude(hold_is_over(at))
            case Status.EXPIRED:
                return self.filter(Q(status=status) | hold_is_over(at))
        return self.filter(status=status)

    def live(self, at: datetime | None = None) -> "BookingQuerySet":
        """Bookings whose seats no other booking can have; holds that have expired are not among them."""
        return self.in_seat_index().exclude(hold_is_over(at))

    def expired_holds(self, at: datetime | None = None) -> "BookingQuerySet":
        """Holds whose time is over, and whose rows still have to become EXPIRED."""
        return self.filter(hold_is_over(at))

    def in_seat_index(self) -> "BookingQuerySet":
        """Rows that `one_live_booking_per_seat` counts: the live ones and the holds that have expired."""
        return self.filter(status__in=LIVE)

    def with_details(self) -> "BookingQuerySet":
        """With all that a ticket says, in the same query."""
        return self.select_related("order", "show__movie", "show__screen__cinema").defer(
            "show__movie__description", "show__movie__description_folded", "show__screen__seat_plan"
        )


class Booking(models.Model):
    """One seat of one show, of an order. It changes its status; with a show that never sold, it may go."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="bookings")
    # No index of its own: `booking_by_seat` begins with it.
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="bookings", db_index=False)
    # That of its order. No index of its own: `booking_by_user` begins with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bookings",
        db_index=False,
    )
    seat_number = models.PositiveIntegerField("seat", validators=[MinValueValidator(1)])
    status = models.CharField(max_length=10, choices=Status, default=Status.BOOKED)
    price = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        help_text="What the seat cost when it was booked.",
        validators=[MinValueValidator(Decimal(0))],
    )
    is_house_seat = models.BooleanField(
        "house seat", default=False, help_text="Blocked by staff, not taken by a customer."
    )
    reason = models.CharField(
        max_length=200,
        blank=True,
        help_text="Why staff blocked the seat, or cancelled the booking.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Its index is `booking_by_canceller`.
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="cancelled_bookings",
        db_index=False,
    )
    refund_percent = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        editable=False,
        validators=[MaxValueValidator(100)],
        help_text="Share of the price that the customer gets back.",
    )
    former_label = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="The label of the seat, if the show got another plan when the booking was over.",
    )

    objects = BookingQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        permissions = [*SEAT_RIGHTS]
        indexes = [
            # What became of a seat's bookings; for live ones PostgreSQL prefers the constraint's index.
            models.Index(fields=["show", "seat_number", "status"], name="booking_by_seat"),
            # Read by a user's list of bookings, newest first.
            models.Index(fields=["user", "-id"], name="booking_by_user"),
            # Read by the list of the Admin, newest first and by days.
            models.Index(fields=["created_at"], name="booking_by_creation"),
            # Read when a user is deleted. Most bookings were cancelled by no one.
            models.Index(
                fields=["cancelled_by"],
                name="booking_by_canceller",
                condition=Q(cancelled_by__isnull=False),
            ),
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
                name="booking_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status="CANCELLED", cancelled_at__isnull=False)
                | (~Q(status="CANCELLED") & Q(cancelled_at__isnull=True)),
                name="booking_cancelled_at_matches_status",
            ),
            models.CheckConstraint(
                condition=~Q(status="HELD") | Q(expires_at__isnull=False), name="booking_hold_has_expiry"
            ),
            models.CheckConstraint(
                condition=~Q(status="BLOCKED") | Q(is_house_seat=True), name="booking_blocked_is_house_seat"
            ),
            models.CheckConstraint(
                condition=Q(refund_percent__isnull=True) | Q(refund_percent__lte=100),
                name="booking_refund_percent_at_most_100",
            ),
            models.CheckConstraint(condition=Q(seat_number__gte=1), name="booking_seat_number_at_least_1"),
            models.CheckConstraint(condition=Q(price__gte=0), name="booking_price_at_least_0"),
        ]

    def __str__(self) -> str:
        return f"Booking {self.pk}, {self.get_status_display().lower()}"

    @property
    def seat_label(self) -> str:
        return self.former_label or self.show.seat_label(self.seat_number)

    @property
    def refund_amount(self) -> Decimal | None:
        """What the customer gets back, in `settings.CURRENCY`; None unless a booked seat was cancelled."""
        return None if self.refund_percent is None else refund_amount(self.price, self.refund_percent)

    def status_at(self, at: datetime | None = None) -> Status:
        """The status at a moment, by default now. The twin of `BookingQuerySet.with_status`."""
        return status_at(self.status, self.expires_at, at or timezone.now())

    def is_live(self, at: datetime | None = None) -> bool:
        """Whether no other booking can have its seat at a moment, by default now."""
        return self.status_at(at) in LIVE
