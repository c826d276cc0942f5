"""A weekend in two cinemas of two time zones: whatever customers and staff do, sold is sold.

Hypothesis makes up stories of seats that are sold, held, exchanged and given back while shows are moved in
time and place, re-timed, redrawn and cancelled, also across changes of the clocks. After every step: no seat
is sold twice, no shows overlap, each guest has a seat of the right kind or their money, by the terms of the
sale, and the history replays. `test_stateful.py` knows one kind of show in more depth, and foresees every
refusal.

The same stories are told every time. To hear 2,000 new ones:

    STORIES=2000 python -m pytest bookings/tests/test_weekend.py
"""

import os
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from bookings import services
from bookings.models import Order
from bookings.tests.model import BLOCKED
from bookings.tests.weekend_customers import seldom, some_of
from bookings.tests.weekend_machine import FRIDAYS, PRICES, STAFF, price_fields
from bookings.tests.weekend_moves import REASON, Moves
from bookings.tests.weekend_world import MINUTE, TERMS

pytestmark = pytest.mark.django_db

INSTANT = timedelta(microseconds=1)


class Weekends(Moves):
    """How a story begins, what else staff do, and that time passes."""

    @initialize(
        data=st.data(),
        friday=st.sampled_from(FRIDAYS),
        single_seats=st.booleans(),
        terms=st.sampled_from(TERMS),
    )
    def begin(self, data, friday, single_seats, terms):
        """Some have bought already, on other terms. Then there is a swap or a move, as hypothesis leaves some
        rules out of each story.
        """
        self.open_cinemas(friday, single_seats)
        terms_of_now = self.world.terms
        self.set_terms(terms)
        for name, size in (("Ann", 2), ("Bob", 3), ("Ann", 2), ("Cid", 4)):
            self.hold(data, name, size, pays=True)
        self.hold(data, "Bob", 2, pays=False)
        self.set_terms(terms_of_now)
        freely = {"may_sit_alone": False, "refund": True}
        match data.draw(st.sampled_from(["swap", "move", "redraw", "move by hand"]), label="first"):
            case "swap":
                self.swap(data)
            case "move":
                self.move(data, elsewhere=True, **freely)
            case "redraw":
                self.redraw(data, seats_anew=True, **freely)
            case "move by hand":
                self.move_by_hand(data, may_sit_alone=True)

    @rule(data=st.data(), total_seats=st.sampled_from([None, None, 9]), cutoff=st.sampled_from([0, 0, 15]))
    def schedule(self, data, total_seats, cutoff):
        if len(self.world.shows) < 5:
            film, screen = self.draw_film(data), self.draw_screen(data)
            prices = data.draw(st.sampled_from(PRICES), label="prices")
            start = self.draw_start(data, film, screen)
            self.put_on(film, screen, start, prices, cutoff=cutoff, total_seats=total_seats)

    # --- House seats ----------------------------------------------------------------------------------

    @rule(data=st.data(), size=st.integers(1, 3))
    def block(self, data, size):
        show = self.draw_show(data)
        numbers = [n for n in self.draw_seats(data, show, size) if n <= len(show.seats)] or [1]
        why_not = self.world.why_not_seats(show, numbers, numbers) - {"companion_without_wheelchair"}
        if self.attempt(
            lambda: services.block_seats(
                show.pk, labels_of(show, numbers), actor=self.actor(), leave_single_seat=True
            ),
            why_not=self.world.why_not_started(show) | why_not,
        ):
            order = Order.objects.latest("id")
            self.world.sell(order.reference, show, STAFF, BLOCKED, self.ids(order, numbers))

    @precondition(lambda weekend: any(sale.user == STAFF for sale in weekend.world.sales))
    @rule(data=st.data())
    def release(self, data):
        sales = [sale for sale in self.world.sales if sale.user == STAFF]
        sale = data.draw(st.sampled_from(sales), label="house seats")
        show, blocked = sale.show, self.world.live(sale)
        if not blocked:
            return
        released = data.draw(some_of(blocked), label="released")
        numbers = {ticket.number for ticket in released}
        house = {number for number, ticket in self.world.occupied(show).items() if ticket.status == BLOCKED}
        partners = {show.seats[number - 1].partner for number in numbers} - numbers
        labels = labels_of(show, numbers)
        if self.attempt(
            lambda: services.release_seats(show.pk, labels, actor=self.actor(), leave_single_seat=True),
            why_not={"sold_in_pairs"} if house & partners else set(),
        ):
            for ticket in released:
                ticket.cancel(None)

    # --- Prices, terms, cancelled shows, time ---------------------------------------------------------

    @rule(data=st.data(), standard=st.integers(5, 20), premium=st.integers(5, 20))
    def change_prices(self, data, standard, premium):
        show = self.draw_show(data)
        prices = {**show.prices, "standard": standard, "premium": premium}
        if prices != show.prices and self.attempt(
            lambda: services.change_show(
                show.pk,
                actor=self.actor(),
                **{name: Decimal(price) for name, price in price_fields(prices).items()},
            ),
            why_not={"show_cancelled"} if show.cancelled else set(),
        ):
            show.prices = prices

    @rule(terms=st.sampled_from(TERMS))
    def change_terms_of_sale(self, terms):
        """For what is sold from now on."""
        self.set_terms(terms)

    @rule(data=st.data(), really=seldom)
    def cancel_show(self, data, really):
        show = self.draw_show(data)
        if really and self.attempt(
            lambda: services.cancel_show(show.pk, actor=self.actor(), reason=REASON),
            why_not=self.world.why_not_changed(show),
        ):
            self.world.cancel_show(show)
            show.version += 1

    @rule()
    def expire_holds(self):
        services.expire_holds()

    @rule(data=st.data())
    def time_passes(self, data):
        """Some minutes; or until something changes by itself, to the microsecond."""
        later = [self.clock.now + minutes * MINUTE for minutes in (1, 4, 11, 40)]
        moments = self.world.next_moments()
        later += [moment + off_by for moment in moments[:3] for off_by in (-INSTANT, timedelta(0), INSTANT)]
        self.clock.now = max(self.clock.now, data.draw(st.sampled_from(later), label="until"))


def labels_of(show, numbers):
    return ", ".join(show.seats[number - 1].label for number in numbers)


STORIES = int(os.environ.get("STORIES", "0"))


def test_sold_is_sold_whatever_happens():
    run_state_machine_as_test(
        Weekends,
        settings=settings(
            max_examples=STORIES or 40,
            derandomize=not STORIES,  # a failing test must fail again
            stateful_step_count=25,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
