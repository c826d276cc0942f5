"""Demo data: a week at two cinemas, with some seats taken."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.actors import Channel
from accounts.models import User
from bookings.services import Actor, SeatChoice, block_seats, confirm_order, hold_seats
from movies.demo import make_day, make_movies, make_screens
from movies.models import Movie, Show

CUSTOMERS = ("demo", "ada", "grace", "alan", "edsger", "barbara", "donald", "margaret")
DEMO_PASSWORD = "popcorn-and-cola"  # noqa: S105 - for development: see make_customers
# Tomorrow comes first: the README books seat 5 of show 1. That show must be still to come, and the
# seat, in front at the side, is the last that parties are given.
DAYS = (1, 2, 3, 4, 5, 6, 0)


def seed(progress: Callable[[str], None]) -> tuple[int, int]:
    """Make the week that begins today; return how many shows and bookings are new."""
    customers, movies, screens = make_customers(), make_movies(), make_screens()
    new_shows = new_bookings = 0
    for number, offset in enumerate(DAYS, 1):
        with transaction.atomic():
            shows = []
            Movie.objects.lock_all(movie.pk for movie in movies)  # before any screen, as all who schedule
            for screen in screens:
                today = datetime.now(ZoneInfo(screen.cinema.time_zone)).date()
                shows += make_day(screen, today + timedelta(days=offset), movies)
            # People book for the next few days; later ones are still empty.
            booked = sum(take_seats(show, customers, share=0.3 / (offset + 1)) for show in shows)
        progress(f"Day {number} of {len(DAYS)}: {len(shows)} shows, {booked} seats booked")
        new_shows += len(shows)
        new_bookings += booked
    return new_shows, new_bookings


def make_customers() -> list[User]:
    """Return the demo customers. Only a development server lets anyone log in as one."""
    password = make_password(DEMO_PASSWORD if settings.DEBUG else None)
    return [
        User.objects.get_or_create(
            username=name, defaults={"email": f"{name}@example.com", "password": password}
        )[0]
        for name in CUSTOMERS
    ]


def take_seats(show: Show, customers: list[User], share: float) -> int:
    """Let parties of one to four take seats of a show that has yet to start, and block one.

    Returns how many seats are taken.
    """
    if show.has_started():
        return 0
    chance = Random(show.pk)  # nosec B311  # noqa: S311 - the same show gets the same seats; nothing is secret here
    plan = show.plan
    last = plan.seats[-1]
    house_seats = plan.labels_of({last.number, last.partner or last.number})
    staff = Actor(customers[0], Channel.COMMAND)
    block_seats(show.pk, house_seats, actor=staff, reason="House seat")
    wanted = min(24, int(plan.total_seats * share * chance.random()))
    taken = 0
    for customer in cycle(customers):
        if taken >= wanted:
            return Show.objects.get(pk=show.pk).live_seats
        party = chance.choice((1, 2, 2, 2, 3, 4))
        actor = Actor(customer, Channel.COMMAND)
        order = hold_seats(show.pk, SeatChoice(best_available=party), customer=customer, actor=actor)
        confirm_order(order, actor=actor)
        taken += party
    return taken
