"""Putting shows on screens, so that no two ever need one room at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from movie_booking.database import violates
from movie_booking.errors import Invalid
from movies.errors import ScreenOccupied, ShowCancelled, ShowHasBookings, WrongStatus
from movies.models import Genre, Movie, Screen, Show
from movies.seat_plan import SeatPlanError, crop_plan, draw_plan

# What cannot change under a ticket that was sold.
ROOM = {"movie", "screen", "total_seats"}


@transaction.atomic
def save_movie(movie: Movie, *, genres: list[str] | None = None, **fields: Any) -> Movie:
    """Write the fields, and the genres by name if they are given; return the movie."""
    for name, value in fields.items():
        setattr(movie, name, value)
    movie.save()
    if genres is not None:
        movie.genres.set(Genre.objects.named(genres))
    return movie


def save_screen(screen: Screen, **fields: Any) -> Screen:
    """Write a screen with the seats that `seat_plan` draws, or else `total_seats` in rows of ten.

    Shows that are planned already keep the plan they have. Raises Invalid with the field.
    """
    plan, total = fields.pop("seat_plan", None), fields.pop("total_seats", None)
    if total is None and not (screen.total_seats if plan is None else plan.strip()):
        raise Invalid(errors={"seat_plan": ["Draw the room, or give its number of seats."]})
    for name, value in fields.items():
        setattr(screen, name, value)
    if plan is not None or total not in (None, screen.total_seats):
        try:
            screen.furnish(seat_plan=plan or "", total_seats=total)
        except SeatPlanError as error:
            raise Invalid(errors={"seat_plan": [str(error)]}) from error
        except ValueError as error:
            raise Invalid(errors={"total_seats": [str(error)]}) from error
        if total not in (None, screen.total_seats):
            raise Invalid(errors={"total_seats": [f"The plan has {screen.total_seats} seats."]})
    screen.save()
    return screen


def schedule_show(
    *,
    movie: Movie,
    screen: Screen,
    starts_at: datetime,
    total_seats: int | None = None,
    **terms: Any,
) -> Show:
    """Put a show on a screen and return it. It takes a copy of the seat plan.

    It has all seats of the screen, or the first `total_seats` of them. `terms` are the fields of
    how it is sold: price, premium_price and so on, status, sales_open_at, sales_cutoff_minutes.
    Raises ScreenOccupied, and Invalid for more seats than the room has.
    """
    show = Show(
        movie=movie,
        screen=screen,
        starts_at=starts_at,
        total_seats=screen.total_seats if total_seats is None else total_seats,
        **terms,
    )
    with timetable():
        _place(show)
    return show


def change_show(*, show_id: int, **changes: Any) -> Show:
    """Change a show's fields, by name, and return it. Moving it in time moves its end along.

    Raises NotFound, ScreenOccupied, Invalid, WrongStatus, ShowCancelled, and ShowHasBookings for what a
    sold ticket says.
    """
    with timetable():
        show = Show.objects.lock(show_id)
        changes = {name: value for name, value in changes.items() if getattr(show, name) != value}
        if not changes:
            return show
        if show.status == Show.Status.CANCELLED:
            raise ShowCancelled
        if "status" in changes and changes["status"] != Show.Status.ON_SALE:
            raise WrongStatus
        if changes.keys() & ROOM and show.has_bookings():
            raise ShowHasBookings
        for name, value in changes.items():
            setattr(show, name, value)
        # The seat map shows prices too, and who keeps a copy of it must notice.
        show.seats_version += 1
        if changes.keys() & (ROOM | {"starts_at"}):
            _place(show, refurnish="screen" in changes or "total_seats" in changes)
        else:
            show.save(update_fields=[*changes, "seats_version"])
    return show


@contextmanager
def timetable() -> Iterator[None]:
    """A transaction in which the database may object to an overlap that no check has seen."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if violates(error, "one_show_per_screen_at_a_time"):
            raise ScreenOccupied from error
        raise


def _place(show: Show, *, refurnish: bool = True) -> None:
    """Write the show if its screen is free. The lock on the screen makes others wait their turn."""
    show.screen = Screen.objects.lock(show.screen_id)
    check_time(show)
    if refurnish:
        check_room(show)
        show.seat_plan = draw_plan(crop_plan(show.screen.plan, show.total_seats))
    show.save()


def check_room(show: Show) -> None:
    """Raises Invalid if the show is to sell more seats than its screen has."""
    if show.total_seats > show.screen.total_seats:
        raise Invalid(errors={"total_seats": [f"{show.screen} has {show.screen.total_seats} seats."]})


def check_time(show: Show) -> None:
    """Work out when the show ends, and whether its screen has the time for it.

    Exact under the lock of the screen; without it, a courtesy to who fills in a form. Raises
    ScreenOccupied.
    """
    show.ends_at = show.starts_at + timedelta(minutes=show.movie.duration_minutes)
    show.screen_free_at = show.ends_at + timedelta(minutes=settings.CLEANING_MINUTES)
    if clashes := find_clashes(show):
        raise ScreenOccupied(shows=clashes)


def find_clashes(show: Show) -> list[dict[str, Any]]:
    """Return what one needs to know of each show that is in the way of this one."""
    in_the_way = Show.objects.occupying(show.screen_id, show.starts_at, show.screen_free_at)
    return [
        {
            "id": other.pk,
            "movie_title": other.movie.title,
            "starts_at": other.starts_at,
            "screen_free_at": other.screen_free_at,
        }
        for other in in_the_way.exclude(pk=show.pk).select_related("movie")
    ]
