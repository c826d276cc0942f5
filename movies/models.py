"""What is shown, where and when."""

import zoneinfo
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.timezone import now

from movie_booking.errors import NotFound

# The largest cinemas ever built had some 6,000 seats (the Roxy in New York: 5,920).
MAX_SEATS = 6_000

# Outside of these a time may have no equivalent in another time zone. Films began in 1895.
FIRST_MOMENT = datetime(1895, 1, 1, tzinfo=timezone.utc)
LAST_MOMENT = datetime(2999, 12, 31, tzinfo=timezone.utc)
# Names in the database that are no places: what they mean depends on the machine.
NO_TIME_ZONES = {"Factory", "localtime", "posixrules"}


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless the name is in the IANA time zone database."""
    if name in NO_TIME_ZONES or name not in zoneinfo.available_timezones():
        raise ValidationError("“%(name)s” is not an IANA time zone.", params={"name": name})


def default_price() -> Decimal:
    """The price of a seat where staff do not say, in the currency of the house."""
    return settings.DEFAULT_PRICE


class GenreQuerySet(models.QuerySet["Genre"]):
    def named(self, names: Iterable[str]) -> list["Genre"]:
        """Return the genres of these names, whatever their case; one that is new is added."""
        return [self.get_or_create(name__iexact=name, defaults={"name": name})[0] for name in names]


class Genre(models.Model):
    name = models.CharField(max_length=50)

    objects = GenreQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="one_genre_of_that_name",
                violation_error_message="There is a genre of that name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class MovieQuerySet(models.QuerySet["Movie"]):
    def now_showing(self, at: datetime | None = None) -> "MovieQuerySet":
        """Movies with a show on sale that has yet to start."""
        upcoming = Show.objects.upcoming(at).filter(movie=OuterRef("pk"))
        return self.filter(Exists(upcoming))


class Movie(models.Model):
    title = models.CharField(max_length=200, db_index=True)  # the list is ordered by it
    description = models.TextField(blank=True, max_length=5000)
    duration_minutes = models.PositiveSmallIntegerField(
        "running time",
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="In minutes. The end of each show follows from it.",
    )
    language = models.CharField(
        max_length=50, blank=True, help_text="What is spoken, as on the poster: English, French (subtitled)."
    )
    genres = models.ManyToManyField(Genre, blank=True, related_name="movies")
    certificate = models.CharField(
        max_length=10, blank=True, help_text="The age rating where you are: PG-13, 12A, FSK 12."
    )
    release_date = models.DateField(null=True, blank=True)
    poster_url = models.URLField("poster", blank=True, max_length=500, help_text="Address of a picture.")

    objects = MovieQuerySet.as_manager()

    class Meta:
        ordering = ("title", "id")
        constraints = [
            models.CheckConstraint(condition=Q(duration_minutes__gte=1), name="a_movie_takes_time"),
        ]

    def __str__(self) -> str:
        return self.title


class Cinema(models.Model):
    name = models.CharField(max_length=100, unique=True)
    address = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(
        max_length=50,
        default="UTC",
        validators=[validate_time_zone],
        help_text="IANA name, such as Europe/London: the times on its posters.",
    )

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class ScreenQuerySet(models.QuerySet["Screen"]):
    def lock(self, screen_id: int) -> "Screen":
        """Lock a screen's timetable for the rest of the transaction and return the screen.

        Who puts a show on a screen takes this first. Bookings never do: they queue on the show.
        Raises NotFound.
        """
        try:
            return (
                self.select_related("cinema").select_for_update(of=("self",), no_key=True).get(pk=screen_id)
            )
        except Screen.DoesNotExist:
            raise NotFound from None


class Screen(models.Model):
    """A room of a cinema."""

    cinema = models.ForeignKey(Cinema, on_delete=models.PROTECT, related_name="screens", db_index=False)
    name = models.CharField(max_length=50, help_text="As on the door: Screen 1.")
    total_seats = models.PositiveIntegerField(
        "seats", validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS)]
    )

    objects = ScreenQuerySet.as_manager()

    class Meta:
        ordering = ("cinema__name", "name", "id")
        constraints = [
            # Also the index by which the screens of a cinema are found.
            models.UniqueConstraint(fields=["cinema", "name"], name="one_screen_of_that_name_per_cinema"),
            models.CheckConstraint(condition=Q(total_seats__gte=1), name="a_screen_has_seats"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.cinema}"


class ShowQuerySet(models.QuerySet["Show"]):
    def lock(self, show_id: int) -> "Show":
        """Lock one show for the rest of the transaction and return it, with movie and cinema.

        The only lock on the way to a seat, and the first query of its transaction: whoever changes
        who has a seat comes through here and waits for its turn. NO KEY: rows may still be inserted
        that merely point at the show. Raises NotFound.
        """
        try:
            return self.with_details().select_for_update(of=("self",), no_key=True).get(pk=show_id)
        except Show.DoesNotExist:
            raise NotFound from None

    def with_details(self) -> "ShowQuerySet":
        """With all that a ticket says of the show, in the same query."""
        return self.select_related("movie", "screen__cinema")

    def upcoming(self, at: datetime | None = None) -> "ShowQuerySet":
        """Shows on sale that have yet to start."""
        return self.filter(status=Show.Status.ON_SALE, starts_at__gt=at or now())

    def on_local_date(self, day: date) -> "ShowQuerySet":
        """Shows that start on that day by the clock of their own cinema."""
        zones = Cinema.objects.order_by().values_list("time_zone", flat=True).distinct()
        days = [
            Q(screen__cinema__time_zone=name, starts_at__gte=start, starts_at__lt=end)
            for name in zones
            for start, end in [local_day(day, zoneinfo.ZoneInfo(name))]
        ]
        return self.filter(Q(*days, _connector=Q.OR)) if days else self.none()

    def occupying(self, screen_id: int, start: datetime, end: datetime) -> "ShowQuerySet":
        """Shows that keep the screen busy at some moment from `start` until just before `end`."""
        return self.exclude(status=Show.Status.CANCELLED).filter(
            screen=screen_id, starts_at__lt=end, screen_free_at__gt=start
        )


def local_day(day: date, zone: zoneinfo.ZoneInfo) -> tuple[datetime, datetime]:
    """Return when the day begins and when the next one does: 23 to 25 hours, by the time zone."""
    midnight = datetime.combine(day, time.min, zone)
    next_midnight = datetime.combine(day + timedelta(days=1), time.min, zone)
    return midnight, next_midnight


class Show(models.Model):
    """One screening: the row that bookings queue on."""

    class Status(models.TextChoices):
        ON_SALE = "ON_SALE", "On sale"
        CANCELLED = "CANCELLED", "Cancelled"

    # No index of its own: `show_by_movie` begins with it.
    movie = models.ForeignKey(Movie, on_delete=models.PROTECT, related_name="shows", db_index=False)
    screen = models.ForeignKey(Screen, on_delete=models.PROTECT, related_name="shows", db_index=False)
    starts_at = models.DateTimeField(
        validators=[MinValueValidator(FIRST_MOMENT), MaxValueValidator(LAST_MOMENT)]
    )
    ends_at = models.DateTimeField(editable=False, help_text="Start plus running time.")
    screen_free_at = models.DateTimeField(
        editable=False, help_text="When the room is cleaned and the next show may start."
    )
    total_seats = models.PositiveIntegerField(
        "seats", validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS)]
    )
    price = models.DecimalField(
        max_digits=8, decimal_places=2, default=default_price, validators=[MinValueValidator(Decimal(0))]
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.ON_SALE)
    # How many seats are taken, and how often that changed: written only under the lock of this row,
    # so that lists and caches read availability without counting bookings.
    live_seats = models.PositiveIntegerField("taken", default=0, editable=False)
    seats_version = models.PositiveBigIntegerField(default=0, editable=False)

    objects = ShowQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at", "id")
        indexes = [
            # Read by the list of shows, whole or for a range of time.
            models.Index(fields=["starts_at", "id"], name="show_by_start"),
            # Read by a movie's page and by "now showing".
            models.Index(fields=["movie", "starts_at"], name="show_by_movie"),
            # Read by a screen's timetable and by the check that two shows do not overlap.
            models.Index(fields=["screen", "starts_at"], name="show_by_screen"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(live_seats__lte=F("total_seats")), name="no_more_taken_than_there_are_seats"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), screen_free_at__gte=F("ends_at")),
                name="a_show_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="a_show_costs_nothing_or_more"),
            models.CheckConstraint(
                condition=Q(status__in=["ON_SALE", "CANCELLED"]), name="a_show_has_a_known_status"
            ),
            # On PostgreSQL there is one more, `one_show_per_screen_at_a_time`: see migration 0002.
        ]

    def __str__(self) -> str:
        local = self.starts_at.astimezone(self.screen.cinema.zone)
        return f"{self.movie}, {self.screen}, {local:%a %d %b %Y %H:%M}"

    @property
    def available_seats(self) -> int:
        return self.total_seats - self.live_seats

    @property
    def was_ever_booked(self) -> bool:
        return self.seats_version > 0

    def has_started(self, at: datetime | None = None) -> bool:
        return self.starts_at <= (at or now())

    def has_seat(self, number: int) -> bool:
        return 1 <= number <= self.total_seats

    def seat_label(self, number: int) -> str:
        """Row and place of a seat, "C7" for seat 27: rows of ten, A nearest to the screen."""
        row, place = divmod(number - 1, 10)
        letters = ""
        while row >= 0:  # A to Z, AA to AZ, BA, ...
            row, letter = divmod(row, 26)
            letters = chr(ord("A") + letter) + letters
            row -= 1
        return f"{letters}{place + 1}"

    def count_taken(self, change: int) -> None:
        """Note that so many more (or fewer) seats are taken. Only under this show's lock."""
        self.live_seats += change
        self.seats_version += 1
        self.save(update_fields=["live_seats", "seats_version"])
