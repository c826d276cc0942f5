"""A sold-out show moves while many buy and give back.

Two at a time, with the control: test_order_races.py.
"""

import random

import pytest

from bookings.errors import SeatTaken
from bookings.models import Booking, BookingEvent, Order, Status
from bookings.services import Move
from bookings.tests.factories import make_order
from bookings.tests.race_calls import assert_consistent, book, cancel, move
from movie_booking.tests.concurrency import run_concurrently
from movies.models import Show
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.usefixtures("real_transactions")

PLAN = "\n".join(f"{row} {'o' * 20}" for row in "ABCDEFGHIJKLMNO")
# The same rows but for the first, which has another name and two seats more.
OTHER_PLAN = PLAN.replace(f"A {'o' * 20}", f"Z {'o' * 22}")


def parties(chance):
    for first in range(1, 301, 20):
        row = list(range(first, first + 20))
        while row:
            size = chance.choice([1, 2, 2, 3, 4, 6])
            yield row[:size]
            row = row[size:]


def test_a_sold_out_show_of_300_moves_while_50_buy_and_20_give_back():
    chance = random.Random(7)  # noqa: S311 - the same parties each time
    show = make_show(screen=make_screen(seat_plan=PLAN))
    orders = [make_order(show, *seats, status=Status.BOOKED) for seats in parties(chance)]
    leaving = chance.sample(orders, 20)
    wanted = [chance.choice(order.bookings.all()).seat_number for order in chance.choices(leaving, k=50)]
    screen = make_screen(cinema=show.cinema, seat_plan=OTHER_PLAN)

    moved, *results = run_concurrently(
        move(show, screen), *(cancel(order) for order in leaving), *(book(show, seat) for seat in wanted)
    )

    assert isinstance(moved, Move)
    assert {type(result) for result in results[:20]} == {Order}
    assert {type(result) for result in results[20:]} <= {Booking, SeatTaken}
    assert_consistent()
    show = Show.objects.get()
    assert (show.screen, show.total_seats) == (screen, 302)
    # Who stayed has as many seats as before, of the same booking, side by side as before.
    for order in orders:
        if order in leaving:
            assert set(order.bookings.values_list("status", flat=True)) == {Status.CANCELLED}
        else:
            numbers = sorted(order.bookings.values_list("seat_number", flat=True))
            assert set(order.bookings.values_list("status", flat=True)) == {Status.BOOKED}
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            assert len({show.plan.seat(number).row for number in numbers}) == 1
    bought = [result for result in results[20:] if isinstance(result, Booking)]
    assert show.live_seats == 300 - sum(order.bookings.count() for order in leaving) + len(bought)
    assert BookingEvent.objects.filter(changes__isnull=False).exists()
