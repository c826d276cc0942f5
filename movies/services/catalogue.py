"""Writing movies with their genres, and screens with their seat plans."""

from typing import Any

from django.db import transaction

from movie_booking.errors import Invalid
from movies.models import Genre, Movie, Screen
from movies.seat_plan import SeatPlanError


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

    Shows that are scheduled already keep the plan they have. Raises Invalid with the field.
    """
    plan, total = fields.pop("seat_plan", None), fields.pop("total_seats", None)
    if total is None and not (screen.total_seats if plan is None else plan.strip()):
        raise Invalid(errors={"seat_plan": ["Draw the seat plan, or give the number of seats."]})
    for name, value in fields.items():
        setattr(screen, name, value)
    if plan is not None or total not in (None, screen.total_seats):
        try:
            screen.set_seat_plan(plan or "", total_seats=total)
        except SeatPlanError as error:
            raise Invalid(errors={"seat_plan": [str(error)]}) from error
        except ValueError as error:
            raise Invalid(errors={"total_seats": [str(error)]}) from error
        if total not in (None, screen.total_seats):
            raise Invalid(errors={"total_seats": [f"The plan has {screen.total_seats} seats."]})
    screen.save()
    return screen
