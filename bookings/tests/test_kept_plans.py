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

# So often PostgreSQL plans a statement anew, unless it is told not to, before it decides whether to go on so.
# https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES
TRIALS = 5


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
    """Which statements of this connection were planned for what was given, and how often."""
    connection.close()  # nothing is prepared
    connection.ensure_connection()
    connection.connection.prepared = {}

    def statements() -> list[tuple[str, int]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, custom_plans FROM pg_prepared_statements")
            found = cursor.fetchall()
        assert found
        return [(name, plans) for name, plans in found if plans]

    yield statements
    connection.close()


@pytest.mark.parametrize("size", [2, 5, 8])
@pytest.mark.parametrize("way", WAYS)
def test_no_statement_is_planned_each_time(planned_anew, way, size):
    seats = Seats()
    for _ in range(TRIALS + 1):
        WAYS[way](seats, size)

    assert planned_anew() == []
