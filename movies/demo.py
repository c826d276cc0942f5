"""A believable programme: real films, made-up cinemas. Times and prices as a cinema has them."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import cycle, islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.timezone import now

from movies.errors import ScreenOccupied
from movies.models import Cinema, Movie, Screen, Show
from movies.services import save_movie, save_screen, schedule_show, usual_pre_show


class Film(NamedTuple):
    title: str
    minutes: int
    language: str
    genres: list[str]
    certificate: str
    release_date: date
    description: str


FILMS = [
    Film("Inception", 148, "English", ["Science fiction", "Thriller"], "PG-13", date(2010, 7, 16),
         "A thief who steals secrets from dreams is asked to plant an idea instead."),
    Film("Metropolis", 153, "Silent", ["Science fiction", "Drama"], "PG", date(1927, 1, 10),
         "In a city of towers, the son of its master falls in love with a prophet of the workers."),
    Film("Spirited Away", 125, "Japanese (subtitled)", ["Animation", "Fantasy"], "PG", date(2001, 7, 20),
         "A girl of ten takes work in a bathhouse of spirits to free her parents."),
    Film("The Godfather", 175, "English", ["Crime", "Drama"], "R", date(1972, 3, 24),
         "The ageing head of a crime family hands his empire to his reluctant son."),
    Film("Parasite", 132, "Korean (subtitled)", ["Drama", "Thriller"], "R", date(2019, 5, 30),
         "A poor family talks its way, one by one, into the household of a rich one."),
    Film("Amélie", 122, "French (subtitled)", ["Comedy", "Romance"], "R", date(2001, 4, 25),
         "A shy waitress in Montmartre decides to mend the lives around her."),
    Film("Mad Max: Fury Road", 120, "English", ["Action"], "R", date(2015, 5, 15),
         "A road warrior and a general flee a warlord across the desert."),
    Film("Casablanca", 102, "English", ["Drama", "Romance"], "PG", date(1942, 11, 26),
         "A bar owner in wartime Morocco meets the woman who left him in Paris."),
    Film("Finding Nemo", 100, "English", ["Animation", "Family"], "G", date(2003, 5, 30),
         "A timid clownfish crosses the ocean to find his son."),
    Film("Arrival", 116, "English", ["Science fiction", "Drama"], "PG-13", date(2016, 11, 11),
         "A linguist learns to speak with visitors from elsewhere."),
    Film("Singin' in the Rain", 103, "English", ["Comedy", "Musical"], "G", date(1952, 4, 11),
         "Hollywood learns to talk, and to sing."),
    Film("Run Lola Run", 81, "German (subtitled)", ["Thriller"], "R", date(1998, 8, 20),
         "Twenty minutes to find a hundred thousand marks, three times over."),
]  # fmt: skip

STUDIO = """\
A WCoo__ooCW
B oooo__oooo
C oooo__oooo
D oooo__oooo
E PPPP__PPPP
F SSSSSSSSSS
"""

TWO_AISLES = """\
A __WC_oooooooo_CW__
B _ooo_oooooooo_ooo_

C oooo_oooooooo_oooo
D oooo_oooooooo_oooo
E oooo_oooooooo_oooo
F oooo_oooooooo_oooo
G oooo_oooooooo_oooo
H oooo_oooooooo_oooo
J oooo_PPPPPPPP_oooo
K oooo_PPPPPPPP_oooo
L oooo_oooooooo_oooo
M SS____SSSSSS____SS
"""

GREAT_HALL = """\
A ___oo__oooooooooo__oo___
B _oooo__oooooooooo__oooo_
C ooooo__oooooooooo__ooooo
D ooooo__oooooooooo__ooooo
E ooooo__oooooooooo__ooooo
F ooooo__oooooooooo__ooooo

G WCWC___oooooooooo___CWCW
H ooooo__oooooooooo__ooooo
J ooooo__oooooooooo__ooooo
K ooooo__oooooooooo__ooooo
L ooooo__PPPPPPPPPP__ooooo
M ooooo__PPPPPPPPPP__ooooo
N ooooo__PPPPPPPPPP__ooooo
P ooooo__oooooooooo__ooooo
Q ooooo__oooooooooo__ooooo
R _______SSSSSSSSSS_______
"""

CINEMAS: list[tuple[dict[str, str], list[tuple[str, str | int]]]] = [
    (
        {"name": "Lumière London", "address": "14 Rupert Street, London", "time_zone": "Europe/London"},
        [("Screen 1", TWO_AISLES), ("Screen 2", 90), ("Studio", STUDIO)],
    ),
    (
        {
            "name": "Orpheum New York",
            "address": "126 Second Avenue, New York",
            "time_zone": "America/New_York",
        },
        [("Screen 1", GREAT_HALL), ("Screen 2", 120)],
    ),
]

OPENING = time(11, 0)
LAST_START = time(22, 0)
MATINEE, EVENING = Decimal("8.50"), Decimal("12.50")


def make_movies() -> list[Movie]:
    """Return the films, making those that are not there yet."""
    return [Movie.objects.filter(title=film.title).first() or _make_movie(film) for film in FILMS]


def _make_movie(film: Film) -> Movie:
    fields: dict[str, Any] = film._asdict()
    return save_movie(Movie(), duration_minutes=fields.pop("minutes"), **fields)


def make_screens() -> list[Screen]:
    """Return the screens of both cinemas, making those that are not there yet."""
    screens = []
    for fields, screens_of_cinema in CINEMAS:
        cinema, _ = Cinema.objects.get_or_create(name=fields["name"], defaults=fields)
        for name, seats in screens_of_cinema:
            screen = Screen.objects.filter(cinema=cinema, name=name).first()
            if screen is None:
                given: dict[str, Any] = {"total_seats" if isinstance(seats, int) else "seat_plan": seats}
                screen = save_screen(Screen(cinema=cinema, name=name), **given)
            screens.append(screen)
    return screens


def make_day(screen: Screen, day: date, movies: list[Movie]) -> list[Show]:
    """Fill a screen's day with films one after another; return the shows that are new.

    The same screen and day always get the same shows, so that a second run adds none.
    """
    zone = ZoneInfo(screen.cinema.time_zone)
    first = (7 * day.toordinal() + 5 * screen.pk) % len(movies)
    starts_at = datetime.combine(day, OPENING, zone)
    shows: list[Show] = []
    for movie in islice(cycle(movies), first, None):
        if starts_at.date() > day or starts_at.time() > LAST_START:
            return shows
        show = _make_show(movie, screen, starts_at)
        if show is not None:
            shows.append(show)
        # The next one on the quarter of an hour, with time to clean.
        minutes = -(-(usual_pre_show(screen.cinema) + movie.duration_minutes + 20) // 15) * 15
        starts_at += timedelta(minutes=minutes)
    return shows


def _make_show(movie: Movie, screen: Screen, starts_at: datetime) -> Show | None:
    if starts_at <= now():
        return None  # of today, only what is still to come
    price = EVENING if starts_at.hour >= 17 else MATINEE
    dearer: dict[str, Any] = {"premium_price": price + 3, "sofa_price": price + 2}
    try:
        return schedule_show(movie=movie, screen=screen, starts_at=starts_at, price=price, **dearer)
    except ScreenOccupied:
        return None
