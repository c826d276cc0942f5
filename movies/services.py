"""Putting shows on screens, so that no two ever need one room at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from movie_booking.errors import Conflict, Invalid
from movies.models import Genre, Movie, Screen, Show


class ScreenOccupied(Conflict):
    """`shows` names each show in the way."""

    code = "screen_occupied"
    detail = "Another show is on this screen at that time, or it is being cleaned."


class ShowHasBookings(Conflict):
    code = "show_has_bookings"
    detail = "Seats of this show were sold: its movie, screen and number of seats stay as they are."


@transaction.atomic
def save_movie(movie: Movie, *, genres: list[str] | None = None, **fields: Any) -> Movie:
    """Write the fields, and the genres by name if they are given; return the movie."""
    for name, value in fields.items():
        setattr(movie, name, value)
    movie.save()
    if genres is not None:
        movie.genres.set(Genre.objects.named(genres))
    return movie


def schedule_show(
    *,
    movie: Movie,
    screen: Screen,
    starts_at: datetime,
    total_seats: int | None = None,
    price: Decimal | None = None,
) -> Show:
    """Put a show on a screen and return it; seats and price default to the screen's and the house's.

    Raises ScreenOccupied, and Invalid for more seats than the room has.
    """
    show = Show(
        movie=movie,
        screen=screen,
        starts_at=starts_at,
        total_seats=screen.total_seats if total_seats is None else total_seats,
    )
    if price is not None:
        show.price = price
    with _timetable():
        _place(show)
    return show


def change_show(*, show_id: int, **changes: Any) -> Show:
    """Change a show's fields, by name, and return it. Moving it in time moves its end along.

    Raises NotFound, ScreenOccupied, Invalid, and ShowHasBookings for what a sold ticket says.
    """
    with _timetable():
        show = Show.objects.lock(show_id)
        changes = {name: value for name, value in changes.items() if getattr(show, name) != value}
        if show.was_ever_booked and changes.keys() & {"movie", "screen", "total_seats"}:
            raise ShowHasBookings
        for name, value in changes.items():
            setattr(show, name, value)
        if changes.keys() & {"movie", "screen", "starts_at", "total_seats", "status"}:
            _place(show)
        else:
            show.save(update_fields=list(changes))
    return show


@contextmanager
def _timetable() -> Iterator[None]:
    """A transaction in which the database may object to an overlap that no check has seen."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "one_show_per_screen_at_a_time" in str(error):
            raise ScreenOccupied from error
        raise


def _place(show: Show) -> None:
    """Write the show if its screen is free. The lock on the screen makes others wait their turn."""
    Screen.objects.lock(show.screen_id)
    check_place(show)
    show.save()


def check_place(show: Show) -> None:
    """Work out when the show ends, and whether its screen has the seats and the time for it.

    Exact under the lock of the screen; without it, a courtesy to who fills in a form. Raises
    Invalid and ScreenOccupied.
    """
    if show.total_seats > show.screen.total_seats:
        raise Invalid(errors={"total_seats": [f"{show.screen} has {show.screen.total_seats} seats."]})
    show.ends_at = show.starts_at + timedelta(minutes=show.movie.duration_minutes)
    show.screen_free_at = show.ends_at + timedelta(minutes=settings.CLEANING_MINUTES)
    if show.status != Show.Status.CANCELLED and (clashes := find_clashes(show)):
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
