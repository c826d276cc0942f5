"""Fills the product's tables with as many bookings as asked for, by INSERTs in SQL.

Orders, bookings and events are copies of those that the service itself wrote, with other keys. Unique and
check constraints are at work. Foreign keys are not checked row by row, as the rows are made to match, and
indexes are built after the rows: otherwise ten million take an hour.
"""

import time
from typing import Any

from benchmarks.cinema import FIRST_SHOW, FIRST_USER, Cinema, Ours
from benchmarks.measures.round_trips import call
from benchmarks.postgres import Postgres
from benchmarks.servers import Server

SEATS_SOLD = 250  # of a show, in orders of two
BOOKINGS_OF_USER = 100  # each has as many, however many users there are
SCREENS = 20
TABLES = ("bookings_bookingevent", "bookings_booking", "bookings_order")
BATCH = 1_000_000


class Filler:
    def __init__(self, postgres: Postgres, cinema: Cinema, server: Server) -> None:
        self.postgres, self.database = postgres, cinema.database
        (show,) = cinema.new_shows(1)
        path = f"/api/shows/{show}/book/"
        booking = call(server.port, "POST", path, cinema.tokens[-1], {"seat_number": 1})
        self.booking = booking["id"]
        self.order = self._value("SELECT order_id FROM bookings_booking WHERE id = %s", [self.booking])
        self.event = self._value("SELECT id FROM bookings_bookingevent WHERE booking_id = %s", [self.booking])
        self.filled = self.shows = 0

    def grow_to(self, size: int) -> float:
        """Return the seconds it took."""
        started = time.monotonic()
        self._add_users(size // BOOKINGS_OF_USER)
        indexes = self._drop_indexes() if size > BATCH else []
        while self.filled < size:
            self._add_bookings(min(size - self.filled, BATCH))
        for definition in indexes:
            self._run(definition)
        self._run("VACUUM ANALYZE")
        return time.monotonic() - started

    def _add_users(self, number: int) -> None:
        there = self._value("SELECT count(*) FROM accounts_user WHERE id >= %s", [FIRST_USER])
        if number > there:
            name = f"'user' || ({there} + n)"
            self.postgres.copy_rows(
                self.database,
                "accounts_user",
                FIRST_USER,
                number - there,
                username=name,
                email=f"{name} || '@example.com'",
            )
        self.users = max(number, 10)  # those that buy

    def _add_bookings(self, number: int) -> None:
        """Add bookings, two an order, to shows of the past that are made for them."""
        shows = -(-number // SEATS_SOLD)
        number_of_show = f"({self.shows} + n)"
        on_screen = f"(ARRAY(SELECT {{}} FROM movies_screen ORDER BY id))[1 + {number_of_show} %% {SCREENS}]"
        slot = f"(interval '4 hours' * ({number_of_show} / {SCREENS}) + interval '9 years')"
        made = self.postgres.copy_rows(
            self.database,
            "movies_show",
            FIRST_SHOW,
            shows,
            screen_id=on_screen.format("id"),
            cinema_id=on_screen.format("cinema_id"),
            movie_id="(ARRAY(SELECT id FROM movies_movie ORDER BY id))[1 + n %% 8]",
            live_seats=str(SEATS_SOLD),
            seats_version=str(SEATS_SOLD),
            **{column: f"source.{column} - {slot}" for column in Ours().ends},
        )
        self.shows += shows
        first_show = min(made)
        first_order, first_booking = (
            self._value(f"SELECT max(id) + 1 FROM {table}")
            for table in ("bookings_order", "bookings_booking")
        )
        order, show = "n / 2", f"{first_show} + n / {SEATS_SOLD}"
        # Neighbours in time are of other users, so the rows of one are spread over the table.
        user = f"{FIRST_USER} + ({self.filled} / 2 + {order})::bigint * 7919 %% {self.users}"
        reference = f"upper(lpad(to_hex({first_order} + {order}), 10, 'Z'))"
        # The first order of a show is the oldest of ten, and was cancelled.
        cancelled = f"n %% {SEATS_SOLD} < {SEATS_SOLD // 10}"
        status = f"CASE WHEN {cancelled} THEN 'CANCELLED' ELSE 'BOOKED' END"
        age = f"interval '1 second' * (n - {number})"
        self._copy(
            "bookings_order",
            self.order,
            number // 2,
            id=f"{first_order} + n",
            reference=reference.replace(order, "n"),
            user_id=user.replace(order, "n"),
            show_id=f"{first_show} + 2 * n / {SEATS_SOLD}",
            created_at=f"source.created_at + {age}",
        )
        self._copy(
            "bookings_booking",
            self.booking,
            number,
            id=f"{first_booking} + n",
            order_id=f"{first_order} + {order}",
            show_id=show,
            user_id=user,
            seat_number=f"n %% {SEATS_SOLD} + 1",
            status=status,
            cancelled_at=f"CASE WHEN {cancelled} THEN source.created_at + {age} END",
            created_at=f"source.created_at + {age}",
        )
        self._copy(
            "bookings_bookingevent",
            self.event,
            number,
            booking_id=f"{first_booking} + n",
            show_id=show,
            seat_number=f"n %% {SEATS_SOLD} + 1",
            actor_id=user,
            at=f"source.at + {age}",
        )
        for table in TABLES:
            self._run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
        self.filled += number

    def _copy(self, table: str, source: int, count: int, **expressions: str) -> None:
        self._run("SET session_replication_role = replica")  # no foreign keys
        columns = self.postgres.columns(self.database, table)
        columns += ["id"] if "id" in expressions else []
        values = ", ".join(expressions.get(column, f"source.{column}") for column in columns)
        self._run(
            f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE SELECT {values}"
            f" FROM {table} source, generate_series(0, {count} - 1) n WHERE source.id = {source}".replace(
                "%%", "%"
            )
        )
        self._run("SET session_replication_role = DEFAULT")

    def _drop_indexes(self) -> list[str]:
        """Drop the indexes that are no constraint's, and return what makes them."""
        rows = self.postgres.rows(
            self.database,
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND NOT EXISTS"
            " (SELECT 1 FROM pg_constraint WHERE conname = indexname)",
            [list(TABLES)],
        )
        for name, _ in rows:
            self._run(f"DROP INDEX {name}")
        return [definition for _, definition in rows]

    def _run(self, statement: str) -> None:
        self.postgres.rows(self.database, statement)

    def _value(self, statement: str, parameters: Any = None) -> Any:
        return self.postgres.value(self.database, statement, parameters)
