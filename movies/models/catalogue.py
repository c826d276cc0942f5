"""What is shown and where: movies with their genres, cinemas, and screens with their seats."""

import zoneinfo
from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q

from movie_booking.errors import NotFound
from movie_booking.folding import FoldedTextField, FoldingModel, FoldingQuerySet, UniqueFolded
from movies.seat_plan import MAX_SEATS, SeatPlan, plan_of
from movies.validators import DAYS, validate_plan, validate_time_zone


class GenreQuerySet(FoldingQuerySet["Genre"]):
    def named(self, names: Iterable[str]) -> list["Genre"]:
        """Return the genres of these names, whatever their case; one that is new is added."""
        return [self.filter(name_folded=name).first() or self.create(name=name) for name in names]


class Genre(FoldingModel):
    name = models.CharField(max_length=50)
    name_folded = FoldedTextField("name")

    objects = GenreQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = [
            UniqueFolded(
                fields=["name_folded"],
                name="genre_name_unique",
                violation_error_message="There is a genre of that name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class MovieQuerySet(FoldingQuerySet["Movie"]):
    def shown_in(self, shows: "models.QuerySet[Any]") -> "MovieQuerySet":
        """Movies that are shown in at least one of these shows."""
        return self.filter(Exists(shows.filter(movie=OuterRef("pk"))))

    def lock_all(self, movie_ids: Iterable[int]) -> "list[Movie]":
        """Lock movies for the rest of the transaction, in ascending id, and return those that are there.

        Scheduling begins with it, so that no show ends by a running time that is being changed. NO KEY: rows
        may still be inserted that merely point at the movie.
        """
        return list(self.select_for_update(no_key=True).filter(pk__in=list(movie_ids)).order_by("pk"))


# Two hours of adverts and trailers are more than any audience takes.
MAX_RUNNING_TIME = 1000  # in minutes
MAX_PRE_SHOW_MINUTES = 120


class Movie(FoldingModel):
    title = models.CharField(max_length=200, db_index=True)  # the list is ordered by it
    description = models.TextField(blank=True, max_length=5000)
    duration_minutes = models.PositiveSmallIntegerField(
        "running time",
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RUNNING_TIME)],
        help_text="In minutes. The end of each show follows from it: a change moves those of shows to come.",
    )
    language = models.CharField(
        max_length=50, blank=True, help_text="What is spoken, as on the poster: English, French (subtitled)."
    )
    genres = models.ManyToManyField(Genre, blank=True, related_name="movies")
    certificate = models.CharField(
        max_length=10, blank=True, help_text="The age rating where you are: PG-13, 12A, FSK 12."
    )
    release_date = models.DateField(null=True, blank=True, validators=DAYS)
    poster_url = models.URLField("poster", blank=True, max_length=500, help_text="Address of a picture.")
    title_folded = FoldedTextField("title")
    description_folded = FoldedTextField("description")
    language_folded = FoldedTextField("language")

    objects = MovieQuerySet.as_manager()

    class Meta:
        ordering = ("title", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=1), name="movie_duration_minutes_at_least_1"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CinemaQuerySet(FoldingQuerySet["Cinema"]):
    def time_zones(self) -> "models.QuerySet[Cinema, str]":
        """Their names, each once."""
        return self.order_by().values_list("time_zone", flat=True).distinct()


class Cinema(FoldingModel):
    # How one gets from a row to its cinema: what staff may do depends on it (`movies.access`). A model
    # without it belongs to no cinema.
    cinema_lookup: ClassVar = "pk"

    name = models.CharField(max_length=100, unique=True)
    address = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(
        max_length=50,
        default="UTC",
        validators=[validate_time_zone],
        help_text="IANA name, such as Europe/London: the times on its posters.",
    )
    pre_show_minutes = models.PositiveSmallIntegerField(
        "minutes of pre-show",
        null=True,
        blank=True,
        validators=[MaxValueValidator(MAX_PRE_SHOW_MINUTES)],
        help_text="Adverts and trailers between the advertised start and the film, for shows scheduled from"
        " now on. Empty: as the settings say.",
    )
    name_folded = FoldedTextField("name")
    address_folded = FoldedTextField("address")

    objects = CinemaQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = [
            UniqueFolded(
                fields=["name_folded"],
                name="cinema_name_folded_unique",
                violation_error_message="There is a cinema of that name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class ScreenQuerySet(FoldingQuerySet["Screen"]):
    def lock(self, screen_id: int) -> "Screen":
        """Lock a screen's schedule for the rest of the transaction and return the screen, with its cinema.

        Putting a show on a screen needs it. Bookings never take it: they queue on the show.
        Raises NotFound.
        """
        for screen in self.lock_all([screen_id]):
            return screen
        raise NotFound

    def lock_all(self, screen_ids: Iterable[int]) -> "list[Screen]":
        """Lock several screens so, in ascending id, in which all who lock several wait for them."""
        locked = self.select_for_update(no_key=True).filter(pk__in=list(screen_ids)).order_by("pk")
        # Not joined: after a wait, a cinema that was read in the locking statement may be out of date.
        return list(locked.prefetch_related("cinema"))


class Screen(FoldingModel):
    """A screen of a cinema, with the seats in front of it."""

    cinema_lookup: ClassVar = "cinema"

    cinema = models.ForeignKey(Cinema, on_delete=models.PROTECT, related_name="screens", db_index=False)
    name = models.CharField(max_length=50, help_text="As on its sign: Screen 1.")
    name_folded = FoldedTextField("name")
    seat_plan = models.TextField(
        validators=[validate_plan],
        blank=True,
        help_text="A drawing of the seats, a line a row. Left empty, they are in rows of ten.",
    )
    total_seats = models.PositiveIntegerField(
        "seats", validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS)]
    )

    no_single_seats = models.BooleanField(
        "no single seats",
        default=False,
        help_text="Refuse a choice that leaves one free seat between taken ones, if it can be avoided.",
    )

    objects = ScreenQuerySet.as_manager()

    class Meta:
        ordering = ("cinema__name", "name", "id")
        constraints = [
            # Also the index by which the screens of a cinema are found.
            models.UniqueConstraint(fields=["cinema", "name"], name="screen_cinema_name_unique"),
            UniqueFolded(
                fields=["cinema", "name_folded"],
                name="screen_cinema_name_folded_unique",
                violation_error_message="The cinema has a screen of that name already.",
            ),
            models.CheckConstraint(condition=Q(total_seats__gte=1), name="screen_total_seats_at_least_1"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.cinema}"

    @property
    def plan(self) -> SeatPlan:
        return plan_of(self.seat_plan, self.total_seats)

    def set_seat_plan(self, drawing: str = "", *, total_seats: int | None = None) -> None:
        """Take the seats from the drawing, or rows of ten from a number of seats. Writes nothing.

        Raises SeatPlanError for what is no drawing, and ValueError for what is no number of seats.
        """
        self.seat_plan = drawing if drawing.strip() else ""
        self.total_seats = plan_of(self.seat_plan, total_seats or 0).total_seats
