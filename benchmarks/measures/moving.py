"""For how long buyers wait while a sold-out show of 300 seats moves with its guests.

A show that some hundred parties have sold out moves back and forth between two screens. Measured are the
milliseconds from having the lock of the show to the end of the transaction: for a screen with the same
seats, for one in which all seats are others, for a plan of it that is only asked for (`dry_run`), and
of one booking beside it. It runs in a process of its own, as it uses the services themselves.
"""

import json
import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from unittest import mock

from benchmarks.postgres import Postgres
from benchmarks.servers import ROOT, manage, product_env

ROWS = "ABCDEFGHIJKLMNO"
PLANS = {
    "the same seats": "\n".join(f"{row} {'o' * 20}" for row in ROWS),
    "all other seats": "\n".join(f"{row}{row} {'o' * 10}_{'o' * 12}" for row in ROWS),
}


def measure_moves(rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds that each kind of move, and a booking, keeps the lock."""
    postgres = Postgres()
    try:
        postgres.create("moving")
        uri = postgres.uri("moving")
        manage(uri, "migrate", "-v0")
        env = os.environ | product_env(uri, 8000)
        env |= {"DJANGO_SETTINGS_MODULE": "movie_booking.settings", "MAX_SEATS_PER_SHOW": "6000"}
        command = [sys.executable, "-m", "benchmarks.measures.moving", str(rounds)]
        output = subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        return json.loads(output)
    finally:
        postgres.close()


def measure(rounds: int) -> dict[str, list[float]]:
    import django

    django.setup()
    from django.utils import timezone

    from accounts.actors import Channel
    from accounts.models import User
    from bookings import services
    from bookings.models import Booking
    from bookings.services import Actor, SeatChoice
    from bookings.services.inventory import SeatInventory
    from movies.models import Cinema, Movie, Screen
    from movies.services import save_screen, schedule_show

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

    def note(name: str) -> None:
        held[name].append(1000 * (time.perf_counter() - locked_at))

    with mock.patch.object(SeatInventory, "lock", classmethod(timed_lock)):
        for number in range(rounds):
            for name, screen in zip(PLANS, screens, strict=True):
                services.move_show(show.pk, actor=actor, reason="Bench", screen=screen)
                note(name)
                services.move_show(show.pk, actor=actor, reason="Bench", screen=home, seats=at_home)
            services.move_show(show.pk, actor=actor, reason="Bench", screen=screens[1], dry_run=True)
            note("dry run")
            other_day = starts_at + timedelta(days=2 + number)
            other = schedule_show(movie=movie, screen=screens[0], starts_at=other_day)
            services.book_seat(other.pk, 5, customer=user, actor=actor)
            note("a booking")
    return held


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
    print(json.dumps(measure(int(sys.argv[1]))))
