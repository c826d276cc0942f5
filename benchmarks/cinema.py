"""What is on sale meanwhile: the same users, films and shows in the database of each server."""

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from benchmarks.postgres import Postgres
from benchmarks.servers import ROOT, manage

SEATS = 300
SPREAD_SHOWS = 700
USERS = 1000
PASSWORD = "popcorn-and-cola"
# Ids that no other number in a statement equals, so that they can be found in it.
FIRST_USER, FIRST_SHOW = 9_000_001, 7_000_001
SCHEMA = ROOT / "benchmarks" / "yardsticks" / "schema.sql"

SETUP = f"""
from datetime import timedelta
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken
from accounts.models import User
from movies.models import Cinema, Genre, Movie, Screen
from movies.services import save_screen, schedule_show

with connection.cursor() as cursor:
    for table, first in (("accounts_user", {FIRST_USER}), ("movies_show", {FIRST_SHOW})):
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, first])
password = make_password({PASSWORD!r})
users = User.objects.bulk_create(
    User(username=f"user{{n}}", email=f"user{{n}}@example.com", password=password) for n in range({USERS})
)
User.objects.create(username="staff", password=password, is_staff=True, is_superuser=True)
titles = ["Inception", "Metropolis", "Casablanca", "Vertigo", "Alien", "Amélie", "Parasite", "Psycho"]
movies = [Movie.objects.create(title=title, duration_minutes=120) for title in titles]
for name in ("Roxy", "Odeon", "Rex", "Astoria"):
    cinema = Cinema.objects.create(name=name, time_zone="Europe/London")
    for number in range(1, 6):
        screen = save_screen(Screen(cinema=cinema, name=f"Screen {{number}}"), total_seats={SEATS})
tomorrow = timezone.now() + timedelta(days=1)
schedule_show(movie=movies[0], screen=Screen.objects.earliest("pk"), starts_at=tomorrow)
print(*(AccessToken.for_user(user) for user in users))
"""


class Ours(NamedTuple):
    """Where the product keeps what the suite asks for."""

    show: str = "movies_show"
    booking: str = "bookings_booking"
    live: str = "status IN ('HELD', 'BOOKED', 'BLOCKED')"
    ends: tuple[str, ...] = ("starts_at", "ends_at", "screen_free_at")


class Theirs(NamedTuple):
    """The same of the yardsticks: see `yardsticks/schema.sql`."""

    show: str = "show"
    booking: str = "booking"
    live: str = "status = 'BOOKED'"
    ends: tuple[str, ...] = ("starts_at", "ends_at")


class Cinema:
    """The data of one database. Shows are made as they are needed, and moved to the past after use."""

    def __init__(self, postgres: Postgres, database: str, tables: Ours | Theirs, tokens: list[str]) -> None:
        self.postgres, self.database, self.tables, self.tokens = postgres, database, tables, tokens
        query = f"SELECT id FROM {tables.show} ORDER BY id LIMIT {SPREAD_SHOWS}"
        self.spread = [show for (show,) in postgres.rows(database, query)]
        self._starts = count(1)
        self._spread_seats = count()

    def new_shows(self, number: int) -> list[int]:
        """Make shows of 300 free seats, far in the future, and return their ids."""
        first = next(self._starts)
        for _ in range(number - 1):
            next(self._starts)
        start = f"interval '400 days' + interval '4 hours' * ({first} + n)"
        return list(
            self.postgres.copy_rows(
                self.database,
                self.tables.show,
                FIRST_SHOW,
                number,
                **{column: f"source.{column} + {start}" for column in self.tables.ends},
                **({"live_seats": "0", "seats_version": "0"} if isinstance(self.tables, Ours) else {}),
            )
        )

    def retire(self, shows: list[int]) -> None:
        """Move shows to the past, so that the list of upcoming shows stays as long as it is."""
        changes = ", ".join(f"{column} = {column} - interval '20 years'" for column in self.tables.ends)
        statement = f"UPDATE {self.tables.show} SET {changes} WHERE id = ANY(%s)"
        self.postgres.rows(self.database, statement, [shows])

    def sell(self, show: int, seats: int) -> None:
        """Book the first seats of a show, each for another user, behind the back of the server."""
        if isinstance(self.tables, Ours):
            raise TypeError("The product writes orders and events with it: book through its API.")
        self.postgres.rows(
            self.database,
            "INSERT INTO booking (show_id, user_id, seat_number, price, status, reference)"
            " SELECT %s, %s + n, n, 10, 'BOOKED', 'SOLD' || n FROM generate_series(1, %s) n",
            [show, FIRST_USER, seats],
        )

    def spread_seats(self) -> Iterator[tuple[int, int, str]]:
        """Show, seat and the token of a buyer: one seat of each show, then the next of each, without end."""
        for number in self._spread_seats:
            turn, place = divmod(number, len(self.spread))
            if turn >= SEATS:
                raise RuntimeError("All seats of all shows are sold.")
            yield self.spread[place], turn + 1, self.tokens[(place + 7 * turn) % len(self.tokens)]

    def sold_twice(self) -> int:
        """How many seats have more than one live booking."""
        query = (
            f"SELECT count(*) FROM (SELECT 1 FROM {self.tables.booking} WHERE {self.tables.live}"
            " GROUP BY show_id, seat_number HAVING count(*) > 1) twice"
        )
        return self.postgres.value(self.database, query)

    def rows_of_bookings(self) -> int:
        return self.postgres.value(self.database, f"SELECT count(*) FROM {self.tables.booking}")


def fill_product(postgres: Postgres, database: str) -> list[str]:
    """Set the product's database up, and return the tokens of its users."""
    postgres.create(database)
    uri = postgres.uri(database)
    manage(uri, "migrate", "-v0")
    manage(uri, "collectstatic", "--noinput", "-v0")
    tokens = manage(uri, "shell", "-v0", "-c", SETUP).split()
    # An expression over the screen that each of 20 has in turn.
    on_screen = "(ARRAY(SELECT {} FROM movies_screen ORDER BY id))[1 + (n + 1) %% 20]"
    start = "interval '4 hours' * ((n + 1) / 20)"
    postgres.copy_rows(
        database,
        "movies_show",
        FIRST_SHOW,
        SPREAD_SHOWS - 1,
        screen_id=on_screen.format("id"),
        cinema_id=on_screen.format("cinema_id"),
        movie_id="(ARRAY(SELECT id FROM movies_movie ORDER BY id))[1 + (n + 1) %% 8]",
        **{column: f"source.{column} + {start}" for column in Ours().ends},
    )
    postgres.rows(database, "VACUUM ANALYZE")
    return tokens


def fill_yardstick(postgres: Postgres, database: str, product: str) -> None:
    """Set the database of a yardstick up, with the rows of the product's under the same ids."""
    postgres.create(database)
    postgres.rows(database, SCHEMA.read_text())

    def same(source: str, target: str, *columns: str) -> None:
        postgres.copy_table((product, source), (database, target), dict(zip(columns, columns, strict=True)))

    same("accounts_user", "account", "id", "username", "email", "password", "is_active")
    same("movies_movie", "movie", "id", "title", "duration_minutes")
    same("movies_cinema", "cinema", "id", "name", "time_zone")
    same("movies_screen", "screen", "id", "cinema_id", "name", "total_seats")
    same(
        *("movies_show", "show", "id", "movie_id", "screen_id", "starts_at", "ends_at"),
        *("pre_show_minutes", "total_seats", "price", "status"),
    )
    postgres.rows(database, "SELECT setval(pg_get_serial_sequence('show', 'id'), max(id)) FROM show")
    postgres.rows(database, "VACUUM ANALYZE")
