"""Whatever happens, in any order: the services against a plain-Python model of the house.

Hypothesis makes up stories of holds, bookings, cancellations and time that passes. The model below
is written from the rules and shares no code with the services. After every step the two agree on
what was done or why it was refused, on every seat, and on how it came about.

The same stories are told every time. To hear 2,000 new ones:

    STORIES=2000 python -m pytest bookings/tests/test_stateful.py
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import combinations, groupby
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.tests.factories import make_user
from bookings import queries, services
from bookings.models import Booking, BookingEvent, Order
from movie_booking.errors import DomainError
from movies.models import Show
from movies.seat_plan import SeatKind
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db

HELD, BOOKED, BLOCKED, CANCELLED, EXPIRED = "HELD", "BOOKED", "BLOCKED", "CANCELLED", "EXPIRED"
LIVE = {HELD, BOOKED, BLOCKED}

# The room twice: as the system is told, and as the model knows it.
DRAWN = "A ooo_WC\nB ooooSS\nC oooPP"
ROWS = (((1, 2, 3), (4, 5)), ((6, 7, 8, 9, 10, 11),), ((12, 13, 14, 15, 16),))
LABELS = ("A1", "A2", "A3", "A4", "A5", "B1", "B2", "B3", "B4", "B5", "B6", "C1", "C2", "C3", "C4", "C5")
SEATS = range(1, 17)
SOFA = {10, 11}
KINDS = dict.fromkeys(SEATS, "standard") | {4: "wheelchair", 5: "companion", 15: "premium", 16: "premium"}
KINDS |= dict.fromkeys(SOFA, "sofa")
PRICES = {"standard": 10, "premium": 13, "sofa": 15, "wheelchair": 8, "companion": 0}

HOLD, CAP = timedelta(minutes=10), timedelta(minutes=25)
SEATS_PER_SHOW, HELD_ORDERS = 5, 2
SALES_CUTOFF, CANCEL_CUTOFF = timedelta(minutes=15), timedelta(minutes=45)
REFUNDS = ((timedelta(hours=24), 100), (timedelta(hours=2), 50))

NOON = datetime(2031, 5, 1, 12, tzinfo=timezone.utc)
INSTANT = timedelta(microseconds=1)


class Clock:
    """The time, where the code asks for it. It stands still unless it is told to tick."""

    def __init__(self) -> None:
        self.now, self.tick = NOON, timedelta(0)

    def __call__(self) -> datetime:
        self.now += self.tick
        return self.now

    def installed(self) -> ExitStack:
        stack = ExitStack()
        stack.enter_context(patch("django.utils.timezone.now", self))
        stack.enter_context(patch("movies.models.now", self))
        return stack


# --- The model ---------------------------------------------------------------------------------


class Refused(Exception):
    """The model says no: the code of the error, and the seats it names or the block it offers."""

    def __init__(self, code, seats=None, largest_block=None):
        super().__init__(code, seats, largest_block)


@dataclass(eq=False)
class Ticket:
    seat: int
    status: str
    price: int
    history: list  # of (from, to, whose doing, channel)
    refund: int | None = None

    def become(self, status, who, channel="API"):
        self.history.append((self.status, status, who, channel))
        self.status = status


@dataclass(eq=False)
class Party:
    """An order."""

    show: "Screening"
    user: str
    placed_at: datetime
    held_until: datetime | None
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def is_the_houses(self):
        return self.user == "Staff"


@dataclass(eq=False)
class Screening:
    starts_at: datetime
    opens_at: datetime
    cancelled: bool = False

    @property
    def moments(self):
        """When something changes by itself."""
        before = [*(hours for hours, _ in REFUNDS), CANCEL_CUTOFF, SALES_CUTOFF, timedelta(0)]
        return [self.opens_at, *(self.starts_at - time for time in before)]


class House:
    """What the box office would do with paper and pencil."""

    def __init__(self, clock, single_seats_allowed):
        self.clock, self.single_seats_allowed = clock, single_seats_allowed
        self.screenings: list[Screening] = []
        self.parties: dict[str, Party] = {}

    @property
    def now(self):
        return self.clock.now

    # What is so.

    def parties_of(self, show):
        return [party for party in self.parties.values() if party.show is show]

    def ran_out(self, party, ticket):
        return ticket.status == HELD and party.held_until <= self.now

    def live(self, party):
        return [t for t in party.tickets if t.status in LIVE and not self.ran_out(party, t)]

    def taken(self, show):
        return {t.seat: t.status for party in self.parties_of(show) for t in self.live(party)}

    def next_moments(self):
        """When holds end, and when something else changes by itself, from now on."""
        ends = {p.held_until for p in self.parties.values() for t in self.live(p) if t.status == HELD}
        moments = {moment for show in self.screenings for moment in show.moments if moment > self.now}
        return sorted(ends), sorted(moments)

    # What is refused.

    def refuse_unless_ahead(self, show):
        if show.cancelled:
            raise Refused("show_cancelled")
        if self.now >= show.starts_at:
            raise Refused("show_started")

    def refuse_unless_on_sale(self, show):
        self.refuse_unless_ahead(show)
        if self.now < show.opens_at:
            raise Refused("not_on_sale")
        if self.now >= show.starts_at - SALES_CUTOFF:
            raise Refused("sales_closed")

    def refuse_taken(self, taken, seats):
        in_the_way = {seat: taken[seat] for seat in seats if seat in taken}
        in_the_way |= {seat: "no_such_seat" for seat in seats if seat not in SEATS}
        if in_the_way:
            raise Refused("seat_taken", in_the_way)

    def refuse_half_sofa(self, seats):
        if len(halves := SOFA & set(seats)) == 1:
            raise Refused("sold_in_pairs", dict.fromkeys(SOFA - halves, "other_half"))

    def refuse_single_seats(self, taken, seats, before=frozenset()):
        if not self.single_seats_allowed and (left := singles_left(set(taken), set(seats)) - before):
            raise Refused("leaves_single_seat", dict.fromkeys(left, "left_single"))

    def refuse_beyond_limits(self, user, show, seats, status):
        own = [party for party in self.parties.values() if party.user == user]
        here = [t for party in own if party.show is show for t in self.live(party) if t.status != BLOCKED]
        if len(here) + len(seats) > SEATS_PER_SHOW:
            raise Refused("too_many_seats")
        held = [party for party in own if any(t.status == HELD for t in self.live(party))]
        if status == HELD and len(held) >= HELD_ORDERS:
            raise Refused("too_many_holds")

    def refuse_stranger(self, user, party):
        if user != party.user or party.is_the_houses:
            raise Refused("not_found")

    def refuse_dead(self, party):
        if not self.live(party):
            late = any(t.status == EXPIRED or self.ran_out(party, t) for t in party.tickets)
            raise Refused("hold_expired" if late else "already_cancelled")

    # What is done.

    def free_expired(self, show):
        over = [t for party in self.parties_of(show) for t in party.tickets if self.ran_out(party, t)]
        for ticket in over:
            ticket.become(EXPIRED, None, "EXPIRY")
        return len(over)

    def seat(self, party, seats, status, *, free=False):
        for seat in sorted(seats):
            price = 0 if free else PRICES[KINDS[seat]]
            party.tickets.append(Ticket(seat, status, price, [("", status, party.user, "API")]))

    def place(self, user, show, seats, status, leave_single=False):
        self.refuse_unless_on_sale(show)
        if status == BOOKED and not set(seats) <= set(SEATS):
            raise Refused("no_such_seat")
        taken = self.taken(show)
        self.refuse_taken(taken, seats)
        self.refuse_half_sofa(seats)
        if not leave_single:
            self.refuse_single_seats(taken, seats)
        self.refuse_beyond_limits(user, show, seats, status)
        self.free_expired(show)
        party = Party(show, user, self.now, self.now + HOLD if status == HELD else None)
        self.seat(party, seats, status)
        return party

    def refuse_choice(self, show, size, kind, adjacent):
        """Refuse what the house cannot find for a party that leaves the choice to it."""
        self.refuse_unless_on_sale(show)
        free = free_of_kinds(self.taken(show), {kind} if kind else {"standard", "premium", "sofa"})
        together = max(map(len, stretches(free)), default=0)
        if adjacent == "required":
            if not blocks(free, size):
                raise Refused("not_together", largest_block=together)
        else:
            sofas = 1 if free >= SOFA else 0
            if not any(0 <= size - 2 * pairs <= len(free - SOFA) for pairs in range(sofas + 1)):
                raise Refused("not_enough_seats", largest_block=together)

    def approve_choice(self, show, size, kind, adjacent, seats):
        """Check what the house promises of its choice, for a house in which it was made."""
        taken = self.taken(show)
        assert len(set(seats)) == size
        assert not set(seats) & set(taken)
        pools = [{kind}] if kind else [{"standard"}, {"standard", "premium"}, {"standard", "premium", "sofa"}]
        assert {KINDS[seat] for seat in seats} <= pools[-1]
        assert not singles_left(set(taken), set(seats))
        offers = [offer for kinds in pools if (offer := blocks(free_of_kinds(taken, kinds), size))]
        if offers:
            assert tuple(sorted(seats)) in offers[0]
        else:
            assert adjacent == "preferred"
            # Separated as little as can be, in the cheapest seats that allow it.
            found = [set(map(apart, any_of(free_of_kinds(taken, kinds), size))) for kinds in pools]
            least = min(set().union(*found))
            cheapest = next(kinds for kinds, ways in zip(pools, found, strict=True) if least in ways)
            assert apart(seats) == least
            assert {KINDS[seat] for seat in seats} <= cheapest

    def extend(self, user, party):
        self.refuse_stranger(user, party)
        self.refuse_dead(party)
        if all(t.status != HELD for t in self.live(party)):
            raise Refused("not_held")
        self.refuse_unless_ahead(party.show)
        until = min(self.now + HOLD, party.placed_at + CAP)
        if until <= party.held_until:
            raise Refused("hold_limit_reached")
        party.held_until = until

    def confirm(self, user, party):
        self.refuse_stranger(user, party)
        self.refuse_dead(party)
        waiting = [t for t in self.live(party) if t.status == HELD]
        if not waiting:
            raise Refused("already_confirmed")
        self.refuse_unless_ahead(party.show)
        for ticket in waiting:
            ticket.become(BOOKED, user)

    def cancel(self, user, party, seats=None):
        self.refuse_stranger(user, party)
        self.refuse_dead(party)
        live = self.live(party)
        self.refuse_seats_without_ticket(party, seats or ())
        self.give_back(user, party, [t for t in live if seats is None or t.seat in seats])

    def refuse_seats_without_ticket(self, party, seats):
        missing = set(seats) - {t.seat for t in self.live(party)}
        gone = [t for t in party.tickets if t.seat in missing]
        if missing - {t.seat for t in gone}:
            raise Refused("invalid")
        if any(t.status == EXPIRED or self.ran_out(party, t) for t in gone):
            raise Refused("hold_expired")
        if gone:
            raise Refused("already_cancelled")

    def cancel_ticket(self, user, party, ticket):
        self.refuse_stranger(user, party)
        self.refuse_dead_ticket(party, ticket)
        self.give_back(user, party, self.whole(party, ticket))

    def whole(self, party, ticket):
        """The ticket; of half a sofa, both halves."""
        return [t for t in self.live(party) if t.seat == ticket.seat or {t.seat, ticket.seat} == SOFA]

    def refuse_dead_ticket(self, party, ticket):
        if ticket.status == CANCELLED:
            raise Refused("already_cancelled")
        if ticket.status == EXPIRED or self.ran_out(party, ticket):
            raise Refused("hold_expired")

    def give_back(self, user, party, tickets):
        self.refuse_unless_ahead(party.show)
        self.refuse_half_sofa({t.seat for t in tickets})
        self.refuse_too_late(party.show, tickets)
        for ticket in tickets:
            if ticket.status == BOOKED:
                ticket.refund = self.refund(party.show)
            ticket.become(CANCELLED, user)

    def refuse_too_late(self, show, tickets):
        if self.now > show.starts_at - CANCEL_CUTOFF and any(t.status == BOOKED for t in tickets):
            raise Refused("too_late_to_cancel")

    def refund(self, show):
        return next((percent for hours, percent in REFUNDS if self.now <= show.starts_at - hours), 0)

    def quote(self, user, party, ticket):
        self.refuse_stranger(user, party)
        self.refuse_dead_ticket(party, ticket)
        self.refuse_unless_ahead(party.show)
        self.refuse_too_late(party.show, [ticket])
        return self.refund(party.show) if ticket.status == BOOKED else 0

    def exchange(self, user, party, give, get, leave_single):
        self.refuse_stranger(user, party)
        self.refuse_dead(party)
        self.refuse_unless_on_sale(party.show)
        live = {t.seat: t for t in self.live(party)}
        self.refuse_seats_without_ticket(party, give)
        if len(give) != len(get):
            raise Refused("invalid")
        taken = self.taken(party.show)
        given, got = set(give) - set(get), set(get) - set(give)
        self.refuse_taken(taken, got)
        after = set(live) - given | got
        self.refuse_half_sofa(after)
        if not leave_single:
            self.refuse_single_seats(set(taken) - set(live), after, before=singles(set(taken)))
        self.free_expired(party.show)
        [status] = {live[seat].status for seat in give}
        for seat in given:
            if status == BOOKED:
                live[seat].refund = 100
            live[seat].become(CANCELLED, user)
        self.seat(party, got, status)

    def block(self, staff, show, seats):
        self.refuse_unless_ahead(show)
        if in_the_way := {seat: status for seat, status in self.taken(show).items() if seat in seats}:
            raise Refused("seat_taken", in_the_way)
        self.free_expired(show)
        party = Party(show, staff, self.now, None)
        self.seat(party, seats, BLOCKED, free=True)
        return party

    def free(self, staff, show, seats):
        if show.cancelled:
            raise Refused("show_cancelled")
        taken = self.taken(show)
        others = {s: taken.get(s, "available") for s in seats if taken.get(s) != BLOCKED}
        if others:
            raise Refused("not_blocked", others)
        for ticket in (t for party in self.parties_of(show) for t in self.live(party)):
            if ticket.seat in seats:
                ticket.become(CANCELLED, staff)

    def cancel_show(self, staff, show):
        if show.cancelled:
            raise Refused("show_cancelled")
        if show.starts_at + timedelta(minutes=148) <= self.now:
            raise Refused("show_started")
        self.free_expired(show)
        for ticket in (t for party in self.parties_of(show) for t in self.live(party)):
            if ticket.status == BOOKED:
                ticket.refund = 100
            ticket.become(CANCELLED, staff)
        show.cancelled = True


def free_of_kinds(taken, kinds):
    free = {seat for seat in SEATS if seat not in taken and KINDS[seat] in kinds}
    return free if free >= SOFA else free - SOFA


def stretches(free):
    """Free seats side by side, as far as they go."""
    for run in (run for row in ROWS for run in row):
        yield from (tuple(seats) for is_free, seats in groupby(run, free.__contains__) if is_free)


def blocks(free, size):
    """Where so many may sit together."""
    found = [s[start : start + size] for s in stretches(free) for start in range(len(s) - size + 1)]
    return [block for block in found if len(SOFA & set(block)) != 1]


def any_of(free, size):
    """Every way to sell so many seats, side by side or not."""
    return [seats for seats in combinations(free, size) if len(SOFA & set(seats)) != 1]


def apart(seats):
    """How many of the party sit alone, and in how many groups all of them."""
    groups = list(stretches(set(seats)))
    return sum(len(group) == 1 for group in groups), len(groups)


def singles_left(taken, chosen):
    """The seats that nobody would buy, of those the party might have avoided by moving in its row."""
    left = set()
    for row in ROWS:
        groups = [set(group) for group in stretches(chosen) if group[0] in sum(row, ())]
        for group in (*groups, set().union(*groups)):
            kinds = sorted(KINDS[seat] for seat in group)
            if {"wheelchair", "companion"} & set(kinds):
                continue
            others = (taken | chosen) - group
            places = [
                set(block)
                for block in blocks(set(sum(row, ())) - others, len(group))
                if sorted(KINDS[seat] for seat in block) == kinds
            ]
            if all(singles(others | place) - singles(others) for place in places):
                continue
            left |= singles(others | group) - singles(others)
    return left


def singles(taken):
    return {
        seat
        for run in (run for row in ROWS for run in row)
        for before, seat, after in zip(run, run[1:], run[2:], strict=False)
        if seat not in taken and {before, after} <= taken and KINDS[seat] in ("standard", "premium")
    }


# --- The stories -------------------------------------------------------------------------------

anywhere = st.lists(st.integers(1, 17), min_size=1, max_size=4, unique=True)
users = st.sampled_from(["Ann", "Bob", "Cid"])
# Mostly the same show, so that people get in each other's way.
shows = st.sampled_from([0, 0, 0, 1])
seldom = st.sampled_from([False] * 5 + [True])


def side_by_side(size):
    return st.integers(1, 17).map(lambda first: list(range(first, first + size)))


def some_of(seats):
    """All of them, or some."""
    seats = sorted(set(seats))
    return st.just(seats) | st.lists(st.sampled_from(seats), min_size=1, unique=True)


def somebody_has_an_order(box_office):
    return any(not party.is_the_houses for party in box_office.house.parties.values())


class BoxOffice(RuleBasedStateMachine):
    single_seats_allowed = True

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.house = House(self.clock, self.single_seats_allowed)
        self.steps, self.maps, self.before = 0, {}, {}
        self.story = self.clock.installed()
        self.story.enter_context(transaction.atomic())
        self.people = {name: make_user(name) for name in ("Ann", "Bob", "Cid", "Staff")}
        self.names = {person.pk: name for name, person in self.people.items()} | {None: None}

    def teardown(self):
        transaction.set_rollback(True)
        self.story.close()

    @initialize(opens_after=st.sampled_from([0] * 5 + [4]))
    def open_the_house(self, opens_after):
        screen = make_screen(seat_plan=DRAWN, no_single_seats=not self.single_seats_allowed)
        opens_at = NOON + timedelta(minutes=opens_after)
        own_prices = {f"{kind}_price": price for kind, price in PRICES.items() if kind != "standard"}
        self.shows = []
        for starts_in in (timedelta(hours=2, minutes=40), timedelta(hours=26)):
            starts_at = NOON + starts_in
            self.house.screenings.append(Screening(starts_at, opens_at))
            self.shows.append(
                make_show(
                    screen=screen,
                    starts_at=starts_at,
                    sales_open_at=opens_at,
                    sales_cutoff_minutes=SALES_CUTOFF.seconds // 60,
                    price=PRICES["standard"],
                    **own_prices,
                )
            )

    def both(self, in_the_model, in_the_system):
        """Do it in both; return what each returned, or nothing if both refused, for the same reason."""
        self.steps += 1
        try:
            expected = in_the_model()
        except Refused as refusal:
            with pytest.raises(DomainError) as caught:
                in_the_system()
            error = caught.value
            named = {seat["seat_number"]: seat["reason"] for seat in error.extra.get("seats", ())}
            code, seats, largest_block = refusal.args
            seats = {seat: reason.lower() for seat, reason in (seats or {}).items()}
            assert (error.code, named, error.extra.get("largest_block")) == (code, seats, largest_block)
            return None
        return expected, in_the_system()

    def draw_seats(self, data, show, size):
        """Mostly free seats side by side; else any."""
        choices = [side_by_side(size), anywhere]
        if free := blocks(set(SEATS) - set(self.house.taken(show)), size):
            choices = [st.sampled_from(free).map(list)] * 2 + choices
        return data.draw(st.one_of(choices), label="seats")

    # People come.

    @rule(data=st.data(), user=users, index=shows, size=st.integers(1, 4), leave_single=seldom)
    def hold(self, data, user, index, size, leave_single):
        show = self.house.screenings[index]
        seats = self.draw_seats(data, show, size)
        wish = services.SeatChoice(seat_numbers=seats, leave_single_seat=leave_single)
        outcome = self.both(
            lambda: self.house.place(user, show, seats, HELD, leave_single),
            lambda: services.hold_seats(user=self.people[user], show_id=self.shows[index].pk, wish=wish),
        )
        if outcome:
            party, order = outcome
            self.house.parties[order.reference] = party

    @rule(user=users, index=shows, seat=st.integers(0, 17), leave_single=seldom)
    def book(self, user, index, seat, leave_single):
        outcome = self.both(
            lambda: self.house.place(user, self.house.screenings[index], [seat], BOOKED, leave_single),
            lambda: services.book_seat(
                user=self.people[user],
                show_id=self.shows[index].pk,
                seat_number=seat,
                leave_single_seat=leave_single,
            ),
        )
        if outcome:
            party, booking = outcome
            self.house.parties[booking.order.reference] = party

    @rule(
        user=users,
        index=shows,
        size=st.integers(1, 5),
        kind=st.none() | st.sampled_from(sorted(PRICES)),
        adjacent=st.sampled_from(["required", "preferred"]),
    )
    def best_available(self, user, index, size, kind, adjacent):
        show, wanted = self.house.screenings[index], (size, kind, adjacent)
        wish = services.SeatChoice(best_available=size, kind=kind and SeatKind(kind), adjacent=adjacent)

        def refuse():
            self.house.refuse_choice(show, *wanted)
            # Limits depend on how many, not on which.
            self.house.refuse_beyond_limits(user, show, range(size), HELD)

        outcome = self.both(
            refuse,
            lambda: services.hold_seats(user=self.people[user], show_id=self.shows[index].pk, wish=wish),
        )
        if outcome:
            _, order = outcome
            seats = list(order.bookings.values_list("seat_number", flat=True))
            self.house.approve_choice(show, *wanted, seats)
            self.house.parties[order.reference] = self.house.place(user, show, seats, HELD)

    # They come back.

    def draw_order(self, data):
        """Who asks for which order: mostly the one whose it is, for one that is alive."""
        parties = self.house.parties
        customers = [reference for reference, party in parties.items() if not party.is_the_houses]
        alive = [reference for reference in customers if self.house.live(parties[reference])]
        any_of_the_house = [reference for reference in parties if reference not in customers][:1]
        reference = data.draw(st.sampled_from(alive * 4 + customers + any_of_the_house), label="order")
        user = data.draw(st.sampled_from([parties[reference].user] * 8 + ["Ann", "Bob"]), label="user")
        among = Order.objects.of_user(self.people[user])
        return user, parties[reference], {"among": among, "reference": reference}

    @precondition(somebody_has_an_order)
    @rule(data=st.data())
    def extend(self, data):
        user, party, order = self.draw_order(data)
        self.both(lambda: self.house.extend(user, party), lambda: services.extend_order(**order))

    @precondition(somebody_has_an_order)
    @rule(data=st.data())
    def confirm(self, data):
        user, party, order = self.draw_order(data)
        self.both(
            lambda: self.house.confirm(user, party),
            lambda: services.confirm_order(user=self.people[user], **order),
        )

    @precondition(somebody_has_an_order)
    @rule(data=st.data(), what=st.sampled_from(["order", "seats", "booking"]))
    def cancel(self, data, what):
        user, party, order = self.draw_order(data)
        if what == "booking":
            self.cancel_booking(data, user, party, order["reference"])
            return
        seats = None
        if what == "seats":
            own = some_of(ticket.seat for ticket in party.tickets)
            seats = data.draw(own | own | anywhere, label="seats")
        self.both(
            lambda: self.house.cancel(user, party, seats),
            lambda: services.cancel_order(user=self.people[user], seat_numbers=seats, **order),
        )

    def cancel_booking(self, data, user, party, reference):
        """Ask for what would come back, and do it."""
        index = data.draw(st.integers(0, len(party.tickets) - 1), label="booking")
        ids = Booking.objects.filter(order__reference=reference).order_by("id").values_list("id", flat=True)
        booking = {"among": Booking.objects.of_user(self.people[user]), "booking_id": ids[index]}
        ticket = party.tickets[index]
        outcome = self.both(
            lambda: self.house.quote(user, party, ticket),
            lambda: services.quote_cancellation(**booking),
        )
        if outcome:
            percent, quote = outcome
            amount = sum(Decimal(t.price * percent) / 100 for t in self.house.whole(party, ticket))
            assert (quote.refund_percent, quote.refund_amount) == (percent, amount)
        self.both(
            lambda: self.house.cancel_ticket(user, party, ticket),
            lambda: services.cancel_booking(user=self.people[user], **booking),
        )

    @precondition(somebody_has_an_order)
    @rule(data=st.data(), leave_single=seldom)
    def exchange(self, data, leave_single):
        user, party, order = self.draw_order(data)
        give = data.draw(some_of(ticket.seat for ticket in party.tickets), label="give")
        get = self.draw_seats(data, party.show, len(give))
        self.both(
            lambda: self.house.exchange(user, party, give, get, leave_single),
            lambda: services.exchange_seats(
                user=self.people[user], give=give, get=get, leave_single_seat=leave_single, **order
            ),
        )

    # The house has its own plans.

    @rule(index=shows, data=st.data(), size=st.integers(1, 3))
    def block(self, index, data, size):
        show = self.house.screenings[index]
        seats = sorted(set(self.draw_seats(data, show, size)) & set(SEATS)) or [1]
        outcome = self.both(
            lambda: self.house.block("Staff", show, seats),
            lambda: services.block_seats(**self.selection(index, seats)),
        )
        if outcome:
            party, _ = outcome
            self.house.parties[Order.objects.latest("id").reference] = party

    @rule(index=shows, data=st.data())
    def free(self, index, data):
        show = self.house.screenings[index]
        blocked = [seat for seat, status in self.house.taken(show).items() if status == BLOCKED]
        choices = [anywhere.map(lambda seats: [seat for seat in seats if seat in SEATS] or [1])]
        choices += [some_of(blocked)] * 3 if blocked else []
        seats = data.draw(st.one_of(choices), label="seats")
        self.both(
            lambda: self.house.free("Staff", show, seats),
            lambda: services.free_seats(**self.selection(index, seats)),
        )

    def selection(self, index, seats):
        labels = ", ".join(LABELS[seat - 1] for seat in seats)
        return {"staff": self.people["Staff"], "show_id": self.shows[index].pk, "seats": labels}

    @precondition(lambda self: self.steps > 20)
    @rule(index=shows)
    def cancel_show(self, index):
        staff, show_id = self.people["Staff"], self.shows[index].pk
        self.both(
            lambda: self.house.cancel_show("Staff", self.house.screenings[index]),
            lambda: services.cancel_show(staff=staff, show_id=show_id, reason="Rain"),
        )

    @rule()
    def expire(self):
        over = sum(self.house.free_expired(show) for show in self.house.screenings)
        assert services.expire_holds() == over

    # Time passes.

    @rule(data=st.data())
    def time_passes(self, data):
        """Some minutes; or until a hold is over or the rules change, to the microsecond."""
        ends, changes = self.house.next_moments()
        later = [self.clock.now + timedelta(minutes=minutes) for minutes in (1, 4, 9, 11)]
        later += [end - early for end in ends[:1] for early in (timedelta(0), INSTANT)] * 2
        if self.steps > 8:
            later += [
                change + off_by for change in changes[:3] for off_by in (-INSTANT, timedelta(0), INSTANT)
            ]
        until = data.draw(st.sampled_from(later), label="until")
        self.clock.now = max(self.clock.now, until)

    # What holds after every step.

    @invariant()
    def every_booking_is_as_the_model_says(self):
        fields = ("order__reference", "show", "user", "seat_number", "status", "price", "refund_percent")
        stored = {}
        for reference, show, user, *ticket, until in self.rows(*fields, "expires_at"):
            until = until if HELD in ticket else None
            stored.setdefault(reference, []).append((self.index(show), self.names[user], *ticket, until))
        assert stored == {
            reference: [
                (
                    self.house.screenings.index(party.show),
                    party.user,
                    ticket.seat,
                    ticket.status,
                    ticket.price,
                    ticket.refund,
                    party.held_until if ticket.status == HELD else None,
                )
                for ticket in party.tickets
            ]
            for reference, party in self.house.parties.items()
        }

    def rows(self, *fields):
        return Booking.objects.order_by("id").values_list(*fields)

    def index(self, show_id):
        return [show.pk for show in self.shows].index(show_id)

    @invariant()
    def a_seat_has_one_live_booking_and_the_show_counts_them(self):
        counts = {pk: counts for pk, *counts in Show.objects.values_list("id", "live_seats", "seats_version")}
        all_rows = list(self.rows("show", "id", "seat_number", "status"))
        for show in self.shows:
            rows = [row for row in all_rows if row[0] == show.pk]
            live_seats, version = counts[show.pk]
            # Written out, so as not to ask the code what it means by live.
            seats = [seat for *_, seat, status in rows if status in LIVE]
            assert len(set(seats)) == len(seats) == live_seats
            version_before, rows_before = self.before.get(show.pk, (-1, None))
            assert version >= version_before + (rows != rows_before)
            self.before[show.pk] = version, rows

    @invariant()
    def history_replays_to_the_state_of_every_booking(self):
        steps = BookingEvent.objects.order_by("booking", "id").values_list(
            "booking__order__reference",
            "booking",
            "show",
            "seat_number",
            "from_status",
            "to_status",
            "actor",
            "channel",
        )
        replayed, told = {}, {}
        for reference, booking, show, seat, before, after, actor, channel in steps:
            assert replayed.get(booking, "") == before
            replayed[booking] = after
            tickets = told.setdefault(reference, {})
            _, history = tickets.setdefault(booking, ((self.index(show), seat), []))
            history.append((before, after, self.names[actor], channel))
        assert replayed == dict(self.rows("id", "status"))
        assert {reference: list(tickets.values()) for reference, tickets in told.items()} == {
            reference: [
                ((self.house.screenings.index(party.show), ticket.seat), ticket.history)
                for ticket in party.tickets
            ]
            for reference, party in self.house.parties.items()
        }

    @invariant()
    def the_seat_map_shows_it(self):
        for show, screening in zip(self.shows, self.house.screenings, strict=True):
            state = queries.map_state(show.pk)
            rows = queries.seat_map(state)["rows"]
            drawn = {seat["seat_number"]: seat["status"] for row in rows for seat in row["seats"]}
            taken = self.house.taken(screening)
            assert drawn == {seat: taken.get(seat, "available").lower() for seat in SEATS}
            # Whoever has this version has this map.
            assert self.maps.setdefault(state.etag, drawn) == drawn


class BoxOfficeWithoutSingleSeats(BoxOffice):
    single_seats_allowed = False


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.HOLD_MINUTES, settings.HOLD_CAP_MINUTES = HOLD.seconds / 60, CAP.seconds / 60
    settings.MAX_SEATS_PER_SHOW, settings.MAX_HELD_ORDERS = SEATS_PER_SHOW, HELD_ORDERS
    settings.CANCEL_CUTOFF_MINUTES, settings.REFUND_TIERS = CANCEL_CUTOFF.seconds // 60, "24:100,2:50"


STORIES = int(os.environ.get("STORIES", "0"))


@pytest.mark.parametrize("machine", [BoxOffice, BoxOfficeWithoutSingleSeats])
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
