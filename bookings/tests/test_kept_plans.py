"""What is sent with every booking is planned once: to plan it takes PostgreSQL as long as to do it."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from bookings import buying_together
from bookings.models import Order
from bookings.services import ConfirmWish, HoldWish
from bookings.tests.crowds import buyer
from bookings.tests.factories import by
from bookings.tests.joint import together, wishes_for
from movies.tests.factories import make_show

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]

# So often PostgreSQL plans a statement anew, before it decides whether to go on so.
# https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES
TRIALS = 5


# Tables that are looked into by their index, and a new plan that seems to cost less than half of what it does
# by default: what is near to being planned anew is found too.
OTHER_SHOWS = """
INSERT INTO movies_show (movie_id, screen_id, cinema_id, starts_at, ends_at, screen_free_at, pre_show_minutes,
    total_seats, seat_plan, price, status, sales_cutoff_minutes, cancel_reason, version, live_seats,
    seats_version)
SELECT movie_id, screen_id, cinema_id, starts_at + n * interval '1 day', ends_at + n * interval '1 day',
    screen_free_at + n * interval '1 day', 0, 100, '', 10, 'ON_SALE', 0, '', 0, 0, 0
FROM movies_show CROSS JOIN generate_series(1, 1000) n WHERE id = {};
ANALYZE movies_show;
SET enable_seqscan = off;
SET cpu_operator_cost = 0.001;
"""


class Seats:
    """Free seats of some shows, each once."""

    def __init__(self) -> None:
        self.shows = [make_show(total_seats=300) for _ in range(8)]
        self.numbers = {show: iter(range(1, 301)) for show in self.shows}

    def of_one_show(self, size: int) -> list[tuple[object, int]]:
        return [(self.shows[0], next(self.numbers[self.shows[0]])) for _ in range(size)]

    def of_several(self, size: int) -> list[tuple[object, int]]:
        return [(show, next(self.numbers[show])) for show in self.shows[:size]]


def hold_and_confirm(wanted: list[tuple[object, int]]) -> None:
    orders = together(wishes_for(*wanted, kind=HoldWish))
    together([ConfirmWish(order, by(order.user)) for order in orders if isinstance(order, Order)])


def with_keys(wanted: list[tuple[object, int]]) -> None:
    buying_together._serve([buyer(show, number, key="k") for show, number in wanted])


WAYS: dict[str, Callable[[Seats, int], None]] = {
    "alone": lambda seats, size: together(wishes_for(*seats.of_one_show(1))),
    "a crowd": lambda seats, size: together(wishes_for(*seats.of_one_show(size))),
    "shows": lambda seats, size: together(wishes_for(*seats.of_several(size))),
    "a crowd with keys": lambda seats, size: with_keys(seats.of_one_show(size)),
    "shows with keys": lambda seats, size: with_keys(seats.of_several(size)),
    "holds of a crowd": lambda seats, size: hold_and_confirm(seats.of_one_show(size)),
    "holds of shows": lambda seats, size: together(wishes_for(*seats.of_several(size), kind=HoldWish)),
}


@pytest.fixture
def planned_anew() -> Iterator[Callable[[], list[tuple[str, int]]]]:
    """Which statements of this connection were planned more often than to try it, and how often."""
    connection.close()  # nothing is prepared
    connection.ensure_connection()
    connection.connection.prepared = {}
    with connection.cursor() as cursor:
        cursor.execute(OTHER_SHOWS.format(make_show().pk))

    def statements() -> list[tuple[str, int]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, custom_plans FROM pg_prepared_statements")
            found = cursor.fetchall()
        assert found
        return [(name, plans) for name, plans in found if plans > TRIALS]

    yield statements
    connection.close()


@pytest.mark.parametrize("size", [2, 5, 8])
@pytest.mark.parametrize("way", WAYS)
def test_no_statement_is_planned_each_time(planned_anew, way, size):
    seats = Seats()
    for _ in range(TRIALS + 3):
        WAYS[way](seats, size)

    assert planned_anew() == []
