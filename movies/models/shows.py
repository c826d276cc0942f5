"""When it is shown: shows, and what changed of them."""

import zoneinfo
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now

from accounts.actors import Channel
from movie_booking.composed import ComposedQuery
from movie_booking.errors import NotFound
from movie_booking.limits import MAX_ID
from movie_booking.metrics import LOCK_WAIT
from movies.local_days import by_local_day
from movies.models.catalogue import MAX_PRE_SHOW_MINUTES, Cinema, Movie, Screen
from movies.prices import PRICE_FIELDS, prices_by_kind
from movies.seat_plan import MAX_SEATS, SeatKind, SeatPlan, label_in, plan_of
from movies.validators import MOMENTS, validate_plan


def default_price() -> Decimal:
    """The price of a seat where staff give none, in the currency of the settings."""
    return settings.DEFAULT_PRICE


class ShowQuerySet(models.QuerySet["Show"]):
    def lock(self, show_id: int) -> "Show":
        """Lock one show for the rest of the transaction and return it, with movie and cinema.

        The only lock on the way to a seat, and the first lock of its transaction after the claim of an
        idempotency key: every change of a seat waits here for its turn. NO KEY: rows may still be inserted
        that merely point at the show. Raises NotFound.
        """
        if show_id <= MAX_ID:
            for show in LOCKED_SHOW(show_id):
                return show
        raise NotFound

    def lock_all(self, show_ids: Iterable[int]) -> "list[Show]":
        """Lock several shows as `lock` does and return them in ascending id, in which all who lock several
        wait for them. Those that are there no more are left out. One statement.
        """
        ids = {show_id for show_id in show_ids if show_id <= MAX_ID}  # SQLite fails at a larger one
        # PostgreSQL locks the rows as it returns them, and so in this order.
        locked = self.with_details().select_for_update(of=("self",), no_key=True).order_by("pk")
        with LOCK_WAIT.labels("movies_show").time():
            shows = list(locked.filter(pk__in=ids))
        if len(shows) < len(ids):
            # A show that got another screen or movie during the wait does not go with the row of the old one,
            # beside which the statement had found it, and PostgreSQL drops it from the result, locked.
            # https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
            shows = list(locked.filter(pk__in=ids))
        return shows

    def with_details(self) -> "ShowQuerySet":
        """With all that a ticket says of the show, in the same query, and not the long texts."""
        return self.select_related("movie", "screen__cinema").defer(
            "movie__description", "movie__description_folded", "screen__seat_plan"
        )

    def visible_to_customers(self, *, drafts_of: Collection[int] = ()) -> "ShowQuerySet":
        """All but drafts; those of some cinemas too, for their staff."""
        if not drafts_of:
            return self.exclude(status=Show.Status.DRAFT)
        return self.filter(~Q(status=Show.Status.DRAFT) | Q(cinema__in=drafts_of))

    def upcoming(self, at: datetime | None = None) -> "ShowQuerySet":
        """Shows on sale that have yet to start."""
        return self.filter(status=Show.Status.ON_SALE, starts_at__gt=at or now())

    def with_available(self, seats: int) -> "ShowQuerySet":
        """Shows of which so many seats or more can be had, as `Show.available_seats` counts them."""
        if seats <= 0:
            return self
        return self.exclude(status=Show.Status.CANCELLED).filter(total_seats__gte=F("live_seats") + seats)

    def to_come(self, at: datetime | None = None) -> "ShowQuerySet":
        """Shows that have yet to start, drafts too, and are not cancelled."""
        return self.exclude(status=Show.Status.CANCELLED).filter(starts_at__gt=at or now())

    def on_local_date(self, day: date | None = None) -> "ShowQuerySet":
        """Shows that start on that day, or today, by the clock of their own cinema."""

        def day_of(zone: zoneinfo.ZoneInfo) -> tuple[date, date]:
            return (day or now().astimezone(zone).date(),) * 2

        zones = Cinema.objects.time_zones()
        return self.filter(by_local_day(zones, day_of, moment="starts_at", cinema="cinema"))

    def occupying(self, screen_ids: Iterable[int], start: datetime, end: datetime) -> "ShowQuerySet":
        """Shows that keep one of the screens busy at some moment from `start` until just before `end`."""
        return self.exclude(status=Show.Status.CANCELLED).filter(
            screen__in=screen_ids, starts_at__lt=end, screen_free_at__gt=start
        )


def _price_of_a_kind(help_text: str = "") -> "models.DecimalField[Any, Any]":
    return models.DecimalField(
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=help_text,
    )


# A week: no cinema closes the sales of a show earlier than that.
MAX_CUTOFF_MINUTES = 7 * 24 * 60


class Show(models.Model):
    """One screening: the row that bookings queue on."""

    cinema_lookup: ClassVar = "cinema"

    class Status(models.TextChoices):
        DRAFT = "DRAFT", "Draft"
        ON_SALE = "ON_SALE", "On sale"
        CANCELLED = "CANCELLED", "Cancelled"

    # No index of its own: `show_by_movie` begins with it.
    movie = models.ForeignKey(Movie, on_delete=models.PROTECT, related_name="shows", db_index=False)
    screen = models.ForeignKey(Screen, on_delete=models.PROTECT, related_name="shows", db_index=False)
    # For ever, and that of the screen: the trigger `show_stays_in_cinema` and, on PostgreSQL, the foreign key
    # `show_cinema_is_of_screen` see to that (migrations 0014 to 0016). Deleting a cinema that has screens is
    # refused already. Its index is `show_by_cinema`.
    cinema = models.ForeignKey(
        Cinema,
        on_delete=models.DO_NOTHING,
        related_name="+",
        editable=False,
        db_index=False,
        db_constraint=False,
    )
    starts_at = models.DateTimeField(validators=MOMENTS)
    pre_show_minutes = models.PositiveSmallIntegerField(
        "minutes of pre-show",
        default=0,
        validators=[MaxValueValidator(MAX_PRE_SHOW_MINUTES)],
        help_text="Adverts and trailers between the advertised start and the film.",
    )
    ends_at = models.DateTimeField(editable=False, help_text="Start plus pre-show and running time.")
    screen_free_at = models.DateTimeField(
        editable=False, help_text="When the screen has been cleaned and the next show may start."
    )
    total_seats = models.PositiveIntegerField(
        "seats", validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS)]
    )
    seat_plan = models.TextField(
        blank=True,
        editable=False,
        validators=[validate_plan],
        help_text="The screen's as it was when the show was made: re-seating a screen moves no sold ticket.",
    )
    price = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        default=default_price,
        validators=[MinValueValidator(Decimal(0))],
        help_text="Of a standard seat, and of every kind that has no price of its own.",
    )
    premium_price = _price_of_a_kind()
    sofa_price = _price_of_a_kind(help_text="Of one half: sofas are sold in pairs.")
    wheelchair_price = _price_of_a_kind()
    companion_price = _price_of_a_kind()
    status = models.CharField(max_length=10, choices=Status, default=Status.ON_SALE)
    sales_open_at = models.DateTimeField(
        null=True,
        blank=True,
        validators=MOMENTS,
        help_text="Empty: as soon as the show is on sale.",
    )
    sales_cutoff_minutes = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(MAX_CUTOFF_MINUTES)],
        help_text="So many minutes before the start, sales end.",
    )
    cancel_reason = models.CharField(max_length=200, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, editable=False)
    # How often what a ticket says of the show has changed: each time is a ShowEvent.
    version = models.PositiveIntegerField(default=0, editable=False)
    # How many seats are taken, and how often that changed: written only under the lock of this row,
    # so that lists and caches read availability without counting bookings.
    live_seats = models.PositiveIntegerField("taken", default=0, editable=False)
    seats_version = models.PositiveBigIntegerField(default=0, editable=False)

    objects = ShowQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at", "id")
        permissions = [("move_show", "Can move a show with its guests")]
        indexes = [
            # Read by the list of shows, whole or for a range of time.
            models.Index(fields=["starts_at", "id"], name="show_by_start"),
            # Read by a movie's page and by "now showing".
            models.Index(fields=["movie", "starts_at"], name="show_by_movie"),
            # Read by a screen's schedule and by the check that two shows do not overlap.
            models.Index(fields=["screen", "starts_at"], name="show_by_screen"),
            # Read by the list of shows, if it is narrowed down to a cinema.
            models.Index(fields=["cinema", "starts_at"], name="show_by_cinema"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(live_seats__lte=F("total_seats")), name="show_live_seats_at_most_total_seats"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), screen_free_at__gte=F("ends_at")),
                name="show_ends_at_after_starts_at",
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="show_price_at_least_0"),
            models.CheckConstraint(
                condition=Q(status__in=["DRAFT", "ON_SALE", "CANCELLED"]), name="show_status_is_known"
            ),
            # On PostgreSQL there is `show_screen_times_do_not_overlap` too: see migrations 0002 and 0010.
        ]

    def __str__(self) -> str:
        local = self.starts_at.astimezone(self.screen.cinema.zone)
        return f"{self.movie}, {self.screen}, {local:%a %d %b %Y %H:%M}"

    @property
    def available_seats(self) -> int:
        return available_seats(self.status, self.total_seats, self.live_seats)

    @property
    def plan(self) -> SeatPlan:
        return plan_of(self.seat_plan, self.total_seats)

    @property
    def prices(self) -> dict[SeatKind, Decimal]:
        """What a seat of each kind costs."""
        return prices_by_kind(*(getattr(self, name) for name in PRICE_FIELDS))

    @property
    def sales_close_at(self) -> datetime:
        return sales_end(self.starts_at, self.sales_cutoff_minutes)

    def has_started(self, at: datetime | None = None) -> bool:
        return self.starts_at <= (at or now())

    def has_ended(self, at: datetime | None = None) -> bool:
        return self.ends_at <= (at or now())

    def seat_label(self, number: int) -> str:
        """Row and place of a seat as its ticket says it: "C7".

        A show that never sold may have got fewer seats since one of them was held. Then its number is all
        that is left to say.
        """
        return label_in(self.plan, number)


def show_to_lock(show_id: int) -> "models.QuerySet[Show, int]":
    """The row of one show to be locked, before what is to be known of the show is read."""
    return (
        Show.objects.filter(pk=show_id).select_for_update(no_key=True).order_by().values_list("pk", flat=True)
    )


LOCKED_SHOW: ComposedQuery[Show] = ComposedQuery(
    lambda show_id: Show.objects.with_details().filter(pk=show_id).order_by(), after=show_to_lock
)


def sales_end(starts_at: datetime, cutoff_minutes: int) -> datetime:
    """When the sale of a show ends: so many minutes before its start."""
    return starts_at - timedelta(minutes=cutoff_minutes)


def available_seats(status: str, total_seats: int, taken: int) -> int:
    """How many seats of a show can still be had: of a cancelled one, none."""
    return 0 if status == Show.Status.CANCELLED else total_seats - taken


class ShowEvent(models.Model):
    """One change of a show that people must hear of: start, screen, seats, movie, or that it is cancelled.

    Append-only: a trigger in the database sees to that (migration 0007). Only with a show that never sold do
    its events go.
    """

    # No index of its own: `show_event_version_unique` begins with it.
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="events", db_index=False)
    version = models.PositiveIntegerField(help_text="Of the show, after the change.")
    at = models.DateTimeField(default=now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    channel = models.CharField(max_length=10, choices=Channel)
    changes = models.JSONField(help_text="By field: [before, after]. Rows by id, moments in ISO 8601.")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("id",)
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["show", "version"], name="show_event_version_unique"),
        ]

    def __str__(self) -> str:
        return f"Show {self.show_id}, version {self.version}: {', '.join(self.changes)}"
