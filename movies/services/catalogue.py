"""Writing movies with their genres, cinemas, and screens with their seat plans.

What is given is written; `versions` says which versions of the row the change may be based on, `editor` who
changes it through the API, for the log.
"""

from typing import Any

from django.db import transaction

from accounts.models import User
from movie_booking.errors import Invalid
from movie_booking.field_messages import FieldMessage
from movies.models import Cinema, Genre, Movie, Screen
from movies.seat_plan import SeatPlanError
from movies.services.log import log_change
from movies.services.versions import Versions, lock_row, write_fields

SEATS_ARE_DRAWN = FieldMessage(
    "The seats of this screen are drawn. Change the drawing; or empty it (seat_plan) to have so many seats in"
    " rows of ten.",
    "seats_are_drawn",
)


@transaction.atomic
def save_movie(
    movie: Movie,
    *,
    genres: list[str] | None = None,
    versions: Versions = None,
    editor: User | None = None,
    **fields: Any,
) -> Movie:
    """Write the fields that change, and the genres by name if they are given; return the movie.

    Its shows keep their times: whoever changes a running time re-times them, knowing what was sold.
    """
    movie = lock_row(movie, versions) if movie.pk else movie
    changed = write_fields(movie, fields)
    if genres is not None:
        before = list(movie.genres.all())
        named = Genre.objects.named(genres)
        movie.genres.set(named)
        if set(named) != set(before):
            changed["genres"] = (before, named)
    log_change(movie, changed, editor)
    return movie


@transaction.atomic
def save_cinema(
    cinema: Cinema, *, versions: Versions = None, editor: User | None = None, **fields: Any
) -> Cinema:
    """Write the fields that change and return the cinema. Of its shows: as `save_movie`."""
    cinema = lock_row(cinema, versions) if cinema.pk else cinema
    log_change(cinema, write_fields(cinema, fields), editor)
    return cinema


@transaction.atomic
def save_screen(
    screen: Screen, *, versions: Versions = None, editor: User | None = None, **fields: Any
) -> Screen:
    """Write a screen with the seats that `seat_plan` draws, or else `total_seats` in rows of ten.

    Shows that are scheduled already keep the plan they have. Raises Invalid with the field.
    """
    screen = lock_row(screen, versions) if screen.pk else screen
    plan, total = fields.pop("seat_plan", None), fields.pop("total_seats", None)
    if total is None and not (screen.total_seats if plan is None else plan.strip()):
        raise Invalid.of("seat_plan", "Draw the seat plan, or give the number of seats.", "required")
    if plan is None and screen.seat_plan and total not in (None, screen.total_seats):
        raise Invalid(errors={"total_seats": [SEATS_ARE_DRAWN]})
    if plan is not None or total not in (None, screen.total_seats):
        fields |= _seats(plan or "", total)
    log_change(screen, write_fields(screen, fields), editor)
    return screen


def _seats(drawing: str, total: int | None) -> dict[str, Any]:
    """Return the fields of a screen that say which seats it has. Raises Invalid with the field."""
    drawn = Screen()
    try:
        drawn.set_seat_plan(drawing, total_seats=total)
    except SeatPlanError as error:
        raise Invalid.of("seat_plan", str(error), "invalid_seat_plan") from error
    except ValueError as error:
        raise Invalid.of("total_seats", str(error), "out_of_range") from error
    if total not in (None, drawn.total_seats):
        raise Invalid.of("total_seats", f"The plan has {drawn.total_seats} seats.", "incompatible")
    return {"seat_plan": drawn.seat_plan, "total_seats": drawn.total_seats}
