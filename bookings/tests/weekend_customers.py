"""What customers do at a weekend: buy, confirm, give back, exchange, swap."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bookings.models import Booking
from bookings.services import (
    SeatChoice,
    book_seat,
    cancel_booking,
    cancel_order,
    confirm_order,
    exchange_seats,
    hold_seats,
    quote_cancellation,
)
from bookings.tests.model import BOOKED, HELD
from bookings.tests.weekend_machine import STAFF, Weekend
from bookings.tests.weekend_seats import blocks
from bookings.tests.weekend_world import HOLD

seldom = st.sampled_from([False, False, False, True])
customers = st.sampled_from(["Ann", "Bob", "Cid"])


def some_of(items):
    """All of them, or some."""
    items = list(items)
    return st.just(items) | st.lists(st.sampled_from(items), min_size=1, unique=True)


def there_are_sales(weekend):
    return any(sale.user != STAFF for sale in weekend.world.sales)


class Customers(Weekend):
    def draw_show(self, data, sold=False):
        """Mostly one that is on sale; or one for which something was sold."""
        shows = [show for show in self.world.shows if not self.world.why_not_on_sale(show)]
        if sold:
            shows = [show for show in shows if self.world.live(show)]
        return data.draw(st.sampled_from(shows * 6 + self.world.shows), label="show")

    def draw_seats(self, data, show, size):
        """Mostly free seats side by side, often those of the rarer kinds; else any."""
        free = blocks(show.seats, self.world.free(show), size)
        whole = [block for block in free if not self.world.why_not_seats(show, block, block)]
        rare = [block for block in whole if {show.seats[n - 1].kind for n in block} - {"standard"}]
        anywhere = st.lists(st.integers(1, len(show.seats) + 1), min_size=size, max_size=size, unique=True)
        options = [st.sampled_from(each) for each in (whole, whole, rare, rare, free) if each]
        return data.draw(st.one_of([*options, anywhere]), label="seats")

    def draw_sale(self, data, held=False):
        """Mostly one of a show to come of which something is left, or held; often one moved or exchanged."""
        sales = [sale for sale in self.world.sales if sale.user != STAFF]
        to_come = self.world.to_come()
        live = [sale for sale in sales if sale.show in to_come and self.world.live(sale)]
        if held:
            live = [sale for sale in live if self.world.live(sale)[0].status == HELD]
        special = [sale for sale in live if sale.moved or sale.cap < 100]
        return data.draw(st.sampled_from(special * 4 + live * 4 + sales), label="sale")

    def may_be_refused(self, *shows):
        """What the model does not foresee: a choice that leaves a single seat, if a screen has that rule."""
        return {"leaves_single_seat"} if any(show.screen.no_single_seats for show in shows) else set()

    @rule(data=st.data(), name=customers)
    def book(self, data, name):
        show = self.draw_show(data)
        [number] = self.draw_seats(data, show, 1)
        why_not = self.world.why_not_on_sale(show) | self.world.why_not_seats(show, [number], [number])
        booking = self.attempt(
            lambda: book_seat(show.pk, number, customer=self.users[name], actor=self.actor(name)),
            why_not=why_not,
            may=self.may_be_refused(show),
        )
        if booking:
            self.world.sell(booking.order.reference, show, name, BOOKED, {number: booking.pk})

    @rule(data=st.data(), name=customers, size=st.integers(1, 4), pays=seldom)
    def hold(self, data, name, size, pays):
        sale = self.hold_some(data, name, size)
        if sale and pays:
            self.confirm_sale(sale, None)

    def hold_some(self, data, name, size):
        show = self.draw_show(data)
        numbers = self.draw_seats(data, show, size)
        order = self.attempt(
            lambda: hold_seats(
                show.pk,
                SeatChoice(seat_numbers=numbers),
                customer=self.users[name],
                actor=self.actor(name),
            ),
            why_not=self.world.why_not_on_sale(show) | self.world.why_not_seats(show, numbers, numbers),
            may=self.may_be_refused(show),
        )
        if order is None:
            return None
        expires_at = self.clock.now + HOLD
        return self.world.sell(order.reference, show, name, HELD, self.ids(order, numbers), expires_at)

    @precondition(there_are_sales)
    @rule(data=st.data(), knows=st.booleans())
    def confirm(self, data, knows):
        sale = self.draw_sale(data, held=True)
        self.confirm_sale(sale, sale.show.version if knows else None)

    def confirm_sale(self, sale, version):
        """If the show was moved, the customer must know it as it is now."""
        why_not = self.world.why_not_live(sale) | self.world.why_not_started(sale.show)
        live = self.world.live(sale)
        if live and live[0].status == BOOKED:
            why_not |= {"already_confirmed"}
        if sale.moved and version != sale.show.version:
            why_not |= {"show_changed"}
        if self.attempt(
            lambda: confirm_order(self.order(sale), actor=self.actor(sale.user), show_version=version),
            why_not=why_not,
        ):
            self.world.confirm(sale)

    @precondition(there_are_sales)
    @rule(data=st.data())
    def give_back_a_seat(self, data):
        """With the other half of its sofa; for what was quoted."""
        sale = self.draw_sale(data)
        live = self.world.live(sale)
        ticket = data.draw(st.sampled_from(live or sale.tickets), label="ticket")
        returned = self.world.whole_sofas(sale, [ticket]) if live else []
        booking = Booking.objects.get(pk=ticket.pk)
        why_not = self.world.why_not_live(sale) or self.world.why_not_given_back(sale, returned)
        may = self.may_be_refused(sale.show)
        if quote := self.attempt(lambda: quote_cancellation(booking), why_not=why_not, may=may):
            percent = sale.percent(self.clock.now) if ticket.status == BOOKED else 0
            amount = sum(each.price * percent / 100 for each in returned)
            assert (quote.refund_percent, quote.refund_amount) == (percent, amount)
        if self.attempt(
            lambda: cancel_booking(booking, actor=self.actor(sale.user)), why_not=why_not, may=may
        ):
            self.world.give_back(sale, returned)

    @precondition(there_are_sales)
    @rule(data=st.data(), everything=st.booleans())
    def give_back(self, data, everything):
        """An order, or part of it."""
        sale = self.draw_sale(data)
        returned, numbers = self.world.live(sale), None
        if not everything:
            returned = data.draw(some_of(returned or sale.tickets), label="tickets")
            numbers = [ticket.number for ticket in returned]
        why_not = self.world.why_not_live(sale)
        if not why_not:
            why_not = self.world.why_not_given_back(sale, returned)
            why_not |= self.world.why_not_half_sofas_kept(sale, returned)
        if self.attempt(
            lambda: cancel_order(self.order(sale), actor=self.actor(sale.user), seat_numbers=numbers),
            why_not=why_not,
            may=self.may_be_refused(sale.show),
        ):
            self.world.give_back(sale, returned)

    @precondition(there_are_sales)
    @rule(data=st.data())
    def exchange(self, data):
        """Seats for others of the same show."""
        sale = self.draw_sale(data)
        live, show = self.world.live(sale), sale.show
        leaving = data.draw(some_of(live or sale.tickets), label="from")
        numbers = self.draw_seats(data, show, len(leaving))
        why_not = self.world.why_not_live(sale) | self.world.why_not_on_sale(show)
        until_now = {ticket.number for ticket in live}
        from_seats = {ticket.number for ticket in leaving}
        party = until_now - from_seats | set(numbers)
        if live:
            why_not |= self.world.why_not_seats(show, party, set(numbers) - from_seats, until_now)
        if not why_not and party == until_now:
            return
        if order := self.attempt(
            lambda: exchange_seats(
                self.order(sale), actor=self.actor(sale.user), from_seats=from_seats, to_seats=numbers
            ),
            why_not=why_not,
            may=self.may_be_refused(show),
        ):
            status, expires_at = live[0].status, live[0].expires_at
            for ticket in live:
                if ticket.number not in party:
                    ticket.cancel(100)
            self.world.add(sale, status, self.ids(order, party - until_now), expires_at)

    @precondition(there_are_sales)
    @rule(data=st.data())
    def swap(self, data):
        """Seats for those of another show."""
        sale = self.draw_sale(data)
        here = sale.show
        others = [show for show in self.world.shows if show is not here]
        apt = [
            show
            for show in others
            if not self.world.why_not_exchangeable(here, show) | self.world.why_not_on_sale(show)
        ]
        there = data.draw(st.sampled_from(apt * 4 + others), label="to show")
        live = self.world.live(sale)
        leaving = data.draw(some_of(live or sale.tickets), label="from")
        numbers = self.draw_seats(data, there, len(leaving))
        why_not = self.world.why_not_live(sale) | self.world.why_not_on_sale(there)
        why_not |= self.world.why_not_started(here) | self.world.why_not_seats(there, numbers, numbers)
        why_not |= self.world.why_not_exchangeable(here, there)
        if live:
            why_not |= self.world.why_not_given_back(sale, leaving)
            why_not |= self.world.why_not_half_sofas_kept(sale, leaving)
        if order := self.attempt(
            lambda: exchange_seats(
                self.order(sale),
                actor=self.actor(sale.user),
                from_seats=[ticket.number for ticket in leaving],
                to_show=there.pk,
                to_seats=numbers,
            ),
            why_not=why_not,
            may=self.may_be_refused(here, there),
        ):
            status, expires_at = leaving[0].status, leaving[0].expires_at
            cap = sale.percent(self.clock.now) if status == BOOKED else 100
            for ticket in leaving:
                ticket.cancel(100)
            ids = self.ids(order, numbers)
            self.world.sell(order.reference, there, sale.user, status, ids, expires_at, cap=cap)
