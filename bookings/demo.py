"""Demo data: a week at two cinemas, with some seats taken."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import User
from bookings.services import block_seats, book_seat
from movies.demo import make_day, make_movies, make_screens
from movies.models import Show

CUSTOMERS = ("demo", "ada", "grace", "alan", "edsger", "barbara", "donald", "margaret")
DEMO_PASSWORD = "popcorn-and-cola"  # noqa: S105 - for development: see make_customers
# Tomorrow comes first: the README books a seat of show 1, and that show must be still to come.
DAYS = (1, 2, 3, 4, 5, 6, 0)
README_SEAT = 5


def seed(progress: Callable[[str], None]) -> tuple[int, int]:
    """Make the week that begins today; return how many shows and bookings are new."""
    customers, movies, screens = make_customers(), make_movies(), make_screens()
    new_shows = new_bookings = 0
    for number, offset in enumerate(DAYS, 1):
        with transaction.atomic():
            shows = []
            for screen in screens:
                today = datetime.now(ZoneInfo(screen.cinema.time_zone)).date()
                shows += make_day(screen, today + timedelta(days=offset), movies)
            # People book for the next few days; later ones are still empty.
            booked = sum(take_seats(show, customers, share=0.4 / (offset + 1)) for show in shows)
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
    """Book some seats of a show that has yet to start, and block one; return how many are taken."""
    if show.has_started():
        return 0
    chance = Random(show.pk)  # noqa: S311 - the same show gets the same seats; nothing is secret here
    # Sofas are sold in pairs, and so not one by one.
    free = [seat for seat in show.plan.seats if seat.partner is None and seat.number != README_SEAT]
    wanted = min(30, int(len(free) * share * chance.random()))
    house, *booked = chance.sample(free, wanted + 1)
    block_seats(staff=customers[0], show_id=show.pk, seats=house.label, reason="House seat")
    for seat in booked:
        book_seat(user=chance.choice(customers), show_id=show.pk, seat_number=seat.number)
    return wanted + 1
