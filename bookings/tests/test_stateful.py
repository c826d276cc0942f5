"""Whatever happens, in any order: the services against the model of model.py.

Hypothesis makes up stories of holds, bookings, cancellations and time that passes. After every step the
services and the model agree on what was done or why it was refused, on every seat, and on its events.

The same stories are told every time. To hear 2,000 new ones:

    STORIES=2000 python -m pytest bookings/tests/test_stateful.py
"""

import os
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from accounts.actors import Channel
from bookings import services
from bookings.models import Booking, Order
from bookings.services import Actor, SeatChoice
from bookings.tests import model, model_box_office
from bookings.tests.factories import make_guest
from bookings.tests.model import BLOCKED, BOOKED, GUEST, HELD, STAFF
from bookings.tests.model_seats import LABELS, PRICES, SEATS, blocks
from bookings.tests.model_together import StoriesTogether
from movie_booking.errors import NotFound
from movies.seat_plan import SeatKind

pytestmark = pytest.mark.django_db

INSTANT = timedelta(microseconds=1)

anywhere = st.lists(st.integers(1, 17), min_size=1, max_size=4, unique=True)
customers = st.sampled_from(["Ann", "Bob", "Cid", GUEST])
# Mostly the same show, so that customers compete for its seats.
shows = st.sampled_from([0, 0, 0, 1])
seldom = st.sampled_from([False] * 5 + [True])


def adjacent_seats(size):
    return st.integers(1, 17).map(lambda first: list(range(first, first + size)))


def some_of(seats):
    """All of them, or some."""
    seats = sorted(set(seats))
    return st.just(seats) | st.lists(st.sampled_from(seats), min_size=1, unique=True)


def there_are_orders(stories):
    return any(not order.has_house_seats for order in stories.model.orders.values())


class Stories(StoriesTogether):
    """What customers and staff may do, and that time passes."""

    def actor(self, name):
        """What is sold at the box office, staff look after."""
        return Actor(None if name == GUEST else self.users.get(name, self.users[STAFF]), Channel.API)

    def buyer(self, name):
        customer = make_guest(name=GUEST) if name == GUEST else self.users[name]
        return {"customer": customer, "actor": self.actor(name)}

    def draw_seats(self, data, show, size):
        """Mostly free adjacent seats; else any."""
        options = [adjacent_seats(size), anywhere]
        if free := blocks(set(SEATS) - set(self.model.occupied(show)), size):
            options = [st.sampled_from(free).map(list)] * 2 + options
        return data.draw(st.one_of(options), label="seats")

    # Customers buy.

    @rule(data=st.data(), name=customers, index=shows, size=st.integers(1, 4), leave_single_seat=seldom)
    def hold(self, data, name, index, size, leave_single_seat):
        show = self.model.shows[index]
        seats = self.draw_seats(data, show, size)
        choice = SeatChoice(seat_numbers=seats, leave_single_seat=leave_single_seat)
        outcome = self.both(
            lambda: self.model.place(name, show, seats, HELD, leave_single_seat=leave_single_seat),
            lambda: services.hold_seats(self.shows[index].pk, choice, **self.buyer(name)),
        )
        if outcome:
            expected, order = outcome
            self.model.orders[order.reference] = expected

    @rule(name=customers, index=shows, seat=st.integers(0, 17), leave_single_seat=seldom)
    def book(self, name, index, seat, leave_single_seat):
        choice = {"leave_single_seat": leave_single_seat}
        outcome = self.both(
            lambda: self.model.place(name, self.model.shows[index], [seat], BOOKED, **choice),
            lambda: services.book_seat(self.shows[index].pk, seat, **self.buyer(name), **choice),
        )
        if outcome:
            expected, booking = outcome
            self.model.orders[booking.order.reference] = expected

    @rule(
        name=customers,
        index=shows,
        size=st.integers(1, 5),
        kind=st.none() | st.sampled_from(sorted(PRICES)),
        adjacent=st.sampled_from(["required", "preferred"]),
    )
    def best_available(self, name, index, size, kind, adjacent):
        show, asked = self.model.shows[index], (size, kind, adjacent)
        choice = SeatChoice(best_available=size, kind=kind and SeatKind(kind), adjacent=adjacent)
        outcome = self.both(
            lambda: self.model.refuse_best_available(name, show, *asked),
            lambda: services.hold_seats(self.shows[index].pk, choice, **self.buyer(name)),
        )
        if outcome:
            _, order = outcome
            seats = list(order.bookings.values_list("seat_number", flat=True))
            self.model.assert_best_available(show, *asked, seats)
            self.model.orders[order.reference] = self.model.place(name, show, seats, HELD)

    @rule(
        data=st.data(),
        index=shows,
        size=st.integers(1, 4),
        ends_in=st.none() | st.sampled_from([-5, 30, 170]),
    )
    def sell(self, data, index, size, ends_in):
        """At the box office, at once or for a group that decides by then."""
        show = self.model.shows[index]
        seats = self.draw_seats(data, show, size)
        until = None if ends_in is None else self.clock.now + timedelta(minutes=ends_in)
        outcome = self.both(
            lambda: self.model.sell(show, seats, until),
            lambda: services.sell_seats(
                self.shows[index].pk,
                SeatChoice(seat_numbers=seats),
                guest=None,
                actor=self.actor(STAFF),
                hold_until=until,
            ),
        )
        if outcome:
            expected, order = outcome
            self.model.orders[order.reference] = expected

    # Customers change what they bought.

    def draw_order(self, data):
        """A user and an order that they ask for: mostly their own, and mostly a live one."""
        orders = self.model.orders
        bought = [reference for reference, order in orders.items() if not order.has_house_seats]
        live = [reference for reference in bought if self.model.live(orders[reference])]
        house_seats = [reference for reference in orders if reference not in bought][:1]
        reference = data.draw(st.sampled_from(live * 4 + bought + house_seats), label="order")
        name = data.draw(st.sampled_from([orders[reference].user] * 8 + ["Ann", "Bob"]), label="user")
        return name, orders[reference], reference

    def find(self, owned, **lookup):
        """As a view finds it: another's is not found."""
        if (row := owned.filter(**lookup).first()) is None:
            raise NotFound
        return row

    def find_order(self, name, reference):
        return self.find(self.orders_of(name), reference=reference)

    def orders_of(self, name):
        if name in self.users:
            return Order.objects.of_user(self.users[name])
        return Order.objects.filter(user=None, guest__isnull=name != GUEST)

    @precondition(there_are_orders)
    @rule(data=st.data())
    def extend(self, data):
        name, order, reference = self.draw_order(data)
        self.both(
            lambda: self.model.extend(name, order),
            lambda: services.extend_order(self.find_order(name, reference)),
        )

    @precondition(there_are_orders)
    @rule(data=st.data())
    def confirm(self, data):
        name, order, reference = self.draw_order(data)
        self.both(
            lambda: self.model.confirm(name, order),
            lambda: services.confirm_order(self.find_order(name, reference), actor=self.actor(name)),
        )

    @precondition(there_are_orders)
    @rule(data=st.data(), some=st.booleans(), leave_single_seat=seldom)
    def cancel_order(self, data, some, leave_single_seat):
        name, order, reference = self.draw_order(data)
        seats = None
        if some:
            own = some_of(booking.seat_number for booking in order.bookings)
            seats = data.draw(own | own | anywhere, label="seats")
        self.both(
            lambda: self.model.cancel_order(name, order, seats, leave_single_seat=leave_single_seat),
            lambda: services.cancel_order(
                self.find_order(name, reference),
                actor=self.actor(name),
                seat_numbers=seats,
                leave_single_seat=leave_single_seat,
            ),
        )

    @precondition(there_are_orders)
    @rule(data=st.data())
    def cancel_booking(self, data):
        """Ask for what would come back, and do it."""
        name, order, reference = self.draw_order(data)
        index = data.draw(st.integers(0, len(order.bookings) - 1), label="booking")
        ids = Booking.objects.filter(order__reference=reference).order_by("id").values_list("id", flat=True)
        booking_id, booking = ids[index], order.bookings[index]

        def find():
            return self.find(Booking.objects.filter(order__in=self.orders_of(name)), pk=booking_id)

        outcome = self.both(
            lambda: self.model.quote(name, order, booking),
            lambda: services.quote_cancellation(find()),
        )
        if outcome:
            percent, quote = outcome
            returned = self.model.whole_sofa(order, booking)
            amount = sum(Decimal(each.price * percent) / 100 for each in returned)
            assert (quote.refund_percent, quote.refund_amount) == (percent, amount)
        self.both(
            lambda: self.model.cancel_booking(name, order, booking),
            lambda: services.cancel_booking(find(), actor=self.actor(name)),
        )

    @precondition(there_are_orders)
    @rule(data=st.data(), leave_single_seat=seldom)
    def exchange(self, data, leave_single_seat):
        name, order, reference = self.draw_order(data)
        from_seats = data.draw(some_of(booking.seat_number for booking in order.bookings), label="from")
        to_seats = self.draw_seats(data, order.show, len(from_seats))
        choice = {"leave_single_seat": leave_single_seat}
        self.both(
            lambda: self.model.exchange(name, order, from_seats, to_seats, **choice),
            lambda: services.exchange_seats(
                self.find_order(name, reference),
                actor=self.actor(name),
                from_seats=from_seats,
                to_seats=to_seats,
                **choice,
            ),
        )

    @precondition(there_are_orders)
    @rule(data=st.data(), leave_single_seat=seldom)
    def swap(self, data, leave_single_seat):
        name, order, reference = self.draw_order(data)
        index = 1 - self.model.shows.index(order.show)
        from_seats = data.draw(some_of(booking.seat_number for booking in order.bookings), label="from")
        to_seats = self.draw_seats(data, self.model.shows[index], len(from_seats))
        choice = {"leave_single_seat": leave_single_seat}
        outcome = self.both(
            lambda: self.model.swap(name, order, from_seats, self.model.shows[index], to_seats, **choice),
            lambda: services.exchange_seats(
                self.find_order(name, reference),
                actor=self.actor(name),
                from_seats=from_seats,
                to_show=self.shows[index].pk,
                to_seats=to_seats,
                **choice,
            ),
        )
        if outcome:
            expected, swapped = outcome
            assert swapped.exchanged_from.reference == reference
            self.model.orders[swapped.reference] = expected

    # Staff block and release house seats, and cancel shows.

    @rule(index=shows, data=st.data(), size=st.integers(1, 3), leave_single_seat=st.booleans())
    def block(self, index, data, size, leave_single_seat):
        show = self.model.shows[index]
        seats = sorted(set(self.draw_seats(data, show, size)) & set(SEATS)) or [1]
        outcome = self.both(
            lambda: self.model.block(show, seats, leave_single_seat=leave_single_seat),
            lambda: services.block_seats(
                self.shows[index].pk,
                labels_of(seats),
                actor=self.actor(STAFF),
                leave_single_seat=leave_single_seat,
            ),
        )
        if outcome:
            expected, _ = outcome
            self.model.orders[Order.objects.latest("id").reference] = expected

    @rule(index=shows, data=st.data(), leave_single_seat=st.booleans())
    def release(self, index, data, leave_single_seat):
        show = self.model.shows[index]
        blocked = [seat for seat, status in self.model.occupied(show).items() if status == BLOCKED]
        options = [anywhere.map(lambda seats: [seat for seat in seats if seat in SEATS] or [1])]
        options += [some_of(blocked)] * 3 if blocked else []
        seats = data.draw(st.one_of(options), label="seats")
        self.both(
            lambda: self.model.release(show, seats, leave_single_seat=leave_single_seat),
            lambda: services.release_seats(
                self.shows[index].pk,
                labels_of(seats),
                actor=self.actor(STAFF),
                leave_single_seat=leave_single_seat,
            ),
        )

    @precondition(lambda self: self.steps > 20)
    @rule(index=shows)
    def cancel_show(self, index):
        self.both(
            lambda: self.model.cancel_show(self.model.shows[index]),
            lambda: services.cancel_show(self.shows[index].pk, actor=self.actor(STAFF), reason="Rain"),
        )

    @rule()
    def expire_holds(self):
        assert services.expire_holds() == sum(self.model.expire_holds(show) for show in self.model.shows)

    # Time passes.

    @rule(data=st.data())
    def time_passes(self, data):
        """Some minutes; or until a hold is over or the rules change, to the microsecond."""
        ends, changes = self.model.next_moments()
        later = [self.clock.now + timedelta(minutes=minutes) for minutes in (1, 4, 9, 11)]
        later += [end - early for end in ends[:1] for early in (timedelta(0), INSTANT)] * 2
        if self.steps > 8:
            later += [
                change + off_by for change in changes[:3] for off_by in (-INSTANT, timedelta(0), INSTANT)
            ]
        until = data.draw(st.sampled_from(later), label="until")
        self.clock.now = max(self.clock.now, until)


def labels_of(seats):
    return ", ".join(LABELS[seat - 1] for seat in seats)


class StoriesWithoutSingleSeats(Stories):
    single_seats_allowed = False


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.HOLD_MINUTES, settings.HOLD_CAP_MINUTES = model.HOLD.seconds / 60, model.CAP.seconds / 60
    settings.GUEST_HOLD_MINUTES = model.GUEST_HOLD.seconds / 60
    settings.GUEST_HOLD_CAP_MINUTES = model.GUEST_CAP.seconds / 60
    settings.BOX_OFFICE_MINUTES_AFTER_START = model_box_office.BOX_OFFICE.seconds // 60
    settings.STAFF_MAX_SEATS_PER_ORDER = model_box_office.STAFF_SEATS
    settings.MAX_SEATS_PER_SHOW, settings.MAX_HELD_ORDERS = model.SEATS_PER_SHOW, model.HELD_ORDERS
    settings.CANCEL_CUTOFF_MINUTES, settings.REFUND_TIERS = model.CANCEL_CUTOFF.seconds // 60, "24:100,2:50"


STORIES = int(os.environ.get("STORIES", "0"))


@pytest.mark.parametrize("machine", [Stories, StoriesWithoutSingleSeats])
def test_services_and_model_agree_whatever_happens(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=STORIES or 25,
            derandomize=not STORIES,  # a failing test must fail again
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
