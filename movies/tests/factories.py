"""Valid rows for tests."""

from datetime import datetime, timedelta
from itertools import count

from django.utils import timezone

from movies.models import Cinema, Genre, Movie, Screen, Show

_numbers = count(1)


def make_movie(title: str = "Inception", **fields: object) -> Movie:
    genres = fields.pop("genres", None)
    movie = Movie.objects.create(title=title, **{"duration_minutes": 148, **fields})
    if genres is not None:
        movie.genres.set(Genre.objects.named(genres))
    return movie


def make_cinema(**fields: object) -> Cinema:
    return Cinema.objects.create(**{"name": f"Cinema {next(_numbers)}", **fields})


def make_screen(**fields: object) -> Screen:
    fields = {"name": f"Screen {next(_numbers)}", "total_seats": 50, **fields}
    return Screen.objects.create(**{"cinema": fields.pop("cinema", None) or make_cinema(), **fields})


def make_show(*, starts_at: datetime | None = None, **fields: object) -> Show:
    """A show with 50 seats tomorrow, on a screen of its own."""
    starts_at = starts_at or timezone.now() + timedelta(days=1)
    movie = fields.pop("movie", None) or make_movie()
    ends_at = starts_at + timedelta(minutes=movie.duration_minutes)
    defaults = {"total_seats": 50, "ends_at": ends_at, "screen_free_at": ends_at}
    screen = fields.pop("screen", None) or make_screen(total_seats=fields.get("total_seats", 50))
    return Show.objects.create(movie=movie, screen=screen, starts_at=starts_at, **{**defaults, **fields})
