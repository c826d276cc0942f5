"""A model of the services in plain Python, written from the rules. It shares no code with them.

Every method is a service of the same name: it changes the model, or refuses with the code of the error.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bookings.tests.model_seats import (
    KINDS,
    PRICES,
    SEATS,
    SOFA,
    alone,
    blocks,
    choices,
    free_of_kinds,
    separation,
    singles,
    singles_freed,
    singles_left,
)

HELD, BOOKED, BLOCKED, CANCELLED, EXPIRED = "HELD", "BOOKED", "BLOCKED", "CANCELLED", "EXPIRED"
LIVE = {HELD, BOOKED, BLOCKED}

HOLD, CAP = timedelta(minutes=10), timedelta(minutes=25)
SEATS_PER_SHOW, HELD_ORDERS = 5, 2
SALES_CUTOFF, CANCEL_CUTOFF = timedelta(minutes=15), timedelta(minutes=45)
REFUNDS = ((timedelta(hours=24), 100), (timedelta(hours=2), 50))
RUNNING_TIME = timedelta(minutes=148)

# A guest, who is known by an e-mail address, and whoever buys at the box office without a name.
STAFF, GUEST, WALK_IN = "Staff", "Gus", "Walk-in"
GUEST_HOLD, GUEST_CAP = timedelta(minutes=4), timedelta(minutes=9)


class Refused(Exception):
    """The model refuses: the code of the error, and the seats it names or the block it offers."""

    def __init__(self, code, seats=None, largest_block=None):
        super().__init__(code, seats, largest_block)


@dataclass(eq=False)
class Booking:
    seat_number: int
    status: str
    price: int
    events: list  # of (from status, to status, actor, channel)
    refund_percent: int | None = None

    def transition(self, to, actor, channel="API"):
        self.events.append((self.status, to, actor, channel))
        self.status = to


@dataclass(eq=False)
class Order:
    show: "Show"
    user: str
    created_at: datetime
    expires_at: datetime | None
    bookings: list[Booking] = field(default_factory=list)
    cap: int = 100  # no larger share of it comes back

    @property
    def has_house_seats(self):
        return self.user == STAFF


@dataclass(eq=False)
class Show:
    starts_at: datetime
    sales_open_at: datetime
    cancelled: bool = False

    @property
    def moments(self):
        """When something changes by itself."""
        before = [*(hours for hours, _ in REFUNDS), CANCEL_CUTOFF, SALES_CUTOFF, timedelta(0)]
        return [self.sales_open_at, *(self.starts_at - time for time in before)]


class Model:
    """All shows and orders, at the moment that the clock says."""

    def __init__(self, clock, *, single_seats_allowed):
        self.clock, self.single_seats_allowed = clock, single_seats_allowed
        self.shows: list[Show] = []
        self.orders: dict[str, Order] = {}  # by reference

    @property
    def now(self):
        return self.clock.now

    # What is so.

    def orders_of(self, show):
        return [order for order in self.orders.values() if order.show is show]

    def hold_is_over(self, order, booking):
        return booking.status == HELD and order.expires_at <= self.now

    def live(self, order):
        return [b for b in order.bookings if b.status in LIVE and not self.hold_is_over(order, b)]

    def occupied(self, show):
        return {b.seat_number: b.status for order in self.orders_of(show) for b in self.live(order)}

    def next_moments(self):
        """When holds end, and when something else changes by itself, from now on."""
        ends = {o.expires_at for o in self.orders.values() for b in self.live(o) if b.status == HELD}
        moments = {moment for show in self.shows for moment in show.moments if moment > self.now}
        return sorted(ends), sorted(moments)

    # What is refused.

    def refuse_if_started(self, show):
        if show.cancelled:
            raise Refused("show_cancelled")
        if self.now >= show.starts_at:
            raise Refused("show_started")

    def refuse_unless_on_sale(self, show):
        self.refuse_if_started(show)
        if self.now < show.sales_open_at:
            raise Refused("not_on_sale")
        if self.now >= show.starts_at - SALES_CUTOFF:
            raise Refused("sales_closed")

    def refuse_unknown_seats(self, seats):
        if not set(seats) <= set(SEATS):
            raise Refused("no_such_seat")

    def refuse_taken(self, occupied, seats):
        if conflicts := {seat: occupied[seat] for seat in seats if seat in occupied}:
            raise Refused("seat_taken", conflicts)

    def refuse_half_sofas(self, seats):
        if len(halves := SOFA & set(seats)) == 1:
            raise Refused("sold_in_pairs", dict.fromkeys(SOFA - halves, "other_half"))

    def refuse_single_seats(self, occupied, seats, before=frozenset()):
        if not self.single_seats_allowed and (left := singles_left(set(occupied), set(seats)) - before):
            raise Refused("leaves_single_seat", dict.fromkeys(left, "left_single"))

    def refuse_companions_alone(self, seats, before=()):
        if len(left := alone(seats)) > len(alone(before)):
            raise Refused("companion_without_wheelchair", dict.fromkeys(left, "no_wheelchair_space"))

    def refuse_giving_back(self, order, bookings, leave_single_seat=False):
        own, leaving = ({b.seat_number for b in some} for some in (self.live(order), bookings))
        self.refuse_companions_alone(own - leaving, own)
        left = singles_freed(set(self.occupied(order.show)) - own, own, leaving)
        if left and not self.single_seats_allowed and not leave_single_seat:
            raise Refused("leaves_single_seat", dict.fromkeys(left, "left_single"))

    def refuse_beyond_limits(self, user, show, size, status):
        own = [order for order in self.orders.values() if order.user == user]
        here = [b for order in own if order.show is show for b in self.live(order) if b.status != BLOCKED]
        if len(here) + size > SEATS_PER_SHOW:
            raise Refused("too_many_seats")
        held = [order for order in own if any(b.status == HELD for b in self.live(order))]
        if status == HELD and len(held) >= HELD_ORDERS:
            raise Refused("too_many_holds")

    def refuse_other_users(self, user, order):
        if user != order.user or order.has_house_seats:
            raise Refused("not_found")

    def refuse_unless_live(self, order):
        if not self.live(order):
            expired = any(b.status == EXPIRED or self.hold_is_over(order, b) for b in order.bookings)
            raise Refused("hold_expired" if expired else "already_cancelled")

    def refuse_unless_booking_is_live(self, order, booking):
        if booking.status == CANCELLED:
            raise Refused("already_cancelled")
        if booking.status == EXPIRED or self.hold_is_over(order, booking):
            raise Refused("hold_expired")

    def refuse_seats_without_booking(self, order, seats):
        missing = set(seats) - {b.seat_number for b in self.live(order)}
        ended = [b for b in order.bookings if b.seat_number in missing]
        if missing - {b.seat_number for b in ended}:
            raise Refused("invalid")
        if any(b.status == EXPIRED or self.hold_is_over(order, b) for b in ended):
            raise Refused("hold_expired")
        if ended:
            raise Refused("already_cancelled")

    def refuse_if_too_late(self, show, bookings):
        """A hold may go at any time."""
        if any(b.status == BOOKED for b in bookings):
            self.refuse_if_started(show)
            if self.now > show.starts_at - CANCEL_CUTOFF:
                raise Refused("too_late_to_cancel")

    # What is done.

    def expire_holds(self, show, seats=SEATS):
        """End the holds of these seats whose time is over; return how many there were."""
        over = [
            b
            for order in self.orders_of(show)
            for b in order.bookings
            if b.seat_number in seats and self.hold_is_over(order, b)
        ]
        for booking in over:
            booking.transition(EXPIRED, None, "EXPIRY")
        return len(over)

    def allocate(self, order, seats, status):
        self.expire_holds(order.show, seats)
        for seat in sorted(seats):
            price = 0 if status == BLOCKED else PRICES[KINDS[seat]]
            order.bookings.append(Booking(seat, status, price, [("", status, order.user, "API")]))

    def refuse_seating(self, show, seats, *, leave_single_seat=False):
        self.refuse_unknown_seats(seats)
        occupied = self.occupied(show)
        self.refuse_taken(occupied, seats)
        self.refuse_half_sofas(seats)
        self.refuse_companions_alone(seats)
        if not leave_single_seat:
            self.refuse_single_seats(occupied, seats)

    def place(self, user, show, seats, status, *, leave_single_seat=False):
        """Hold seats, or book one."""
        self.refuse_unless_on_sale(show)
        self.refuse_seating(show, seats, leave_single_seat=leave_single_seat)
        self.refuse_beyond_limits(user, show, len(seats), status)
        hold = GUEST_HOLD if user == GUEST else HOLD
        order = Order(show, user, self.now, self.now + hold if status == HELD else None)
        self.allocate(order, seats, status)
        return order

    def refuse_best_available(self, user, show, size, kind, adjacent):
        """Refuse an order of the best available seats if there are no such seats."""
        self.refuse_unless_on_sale(show)
        free = free_of_kinds(self.occupied(show), {kind} if kind else {"standard", "premium", "sofa"})
        together = max((some for some in range(1, size + 1) if blocks(free, some)), default=0)
        if adjacent == "required":
            if not blocks(free, size):
                raise Refused("not_together", largest_block=together)
        else:
            sofas = 1 if free >= SOFA else 0
            if not any(0 <= size - 2 * pairs <= len(free - SOFA) for pairs in range(sofas + 1)):
                raise Refused("not_enough_seats", largest_block=together)
        if kind == "companion":
            self.refuse_companions_alone({seat for seat in SEATS if KINDS[seat] == kind})
        self.refuse_beyond_limits(user, show, size, HELD)

    def assert_best_available(self, show, size, kind, adjacent, seats):
        """Check what is promised of the seats that the system chose, before they are placed here."""
        occupied = self.occupied(show)
        assert len(set(seats)) == size
        assert not set(seats) & set(occupied)
        pools = [{kind}] if kind else [{"standard"}, {"standard", "premium"}, {"standard", "premium", "sofa"}]
        assert {KINDS[seat] for seat in seats} <= pools[-1]
        assert not singles_left(set(occupied), set(seats))
        offers = [offer for kinds in pools if (offer := blocks(free_of_kinds(occupied, kinds), size))]
        if offers:
            assert tuple(sorted(seats)) in offers[0]
        else:
            assert adjacent == "preferred"
            # Separated as little as can be, in the cheapest seats that allow it.
            found = [set(map(separation, choices(free_of_kinds(occupied, kinds), size))) for kinds in pools]
            least = min(set().union(*found))
            cheapest = next(kinds for kinds, ways in zip(pools, found, strict=True) if least in ways)
            assert separation(seats) == least
            assert {KINDS[seat] for seat in seats} <= cheapest

    def extend(self, user, order):
        self.refuse_other_users(user, order)
        self.refuse_unless_live(order)
        if all(b.status != HELD for b in self.live(order)):
            raise Refused("not_held")
        self.refuse_if_started(order.show)
        hold, cap = (GUEST_HOLD, GUEST_CAP) if order.user == GUEST else (HOLD, CAP)
        expires_at = min(self.now + hold, order.created_at + cap)
        if expires_at <= order.expires_at:
            raise Refused("hold_limit_reached")
        order.expires_at = expires_at

    def confirm(self, user, order):
        self.refuse_other_users(user, order)
        self.refuse_unless_live(order)
        on_hold = [b for b in self.live(order) if b.status == HELD]
        if not on_hold:
            raise Refused("already_confirmed")
        self.refuse_if_started(order.show)
        for booking in on_hold:
            booking.transition(BOOKED, user)

    def cancel_order(self, user, order, seats=None, *, leave_single_seat=False):
        self.refuse_other_users(user, order)
        self.refuse_unless_live(order)
        self.refuse_seats_without_booking(order, seats or ())
        given_back = [b for b in self.live(order) if seats is None or b.seat_number in seats]
        self.give_back(user, order, given_back, leave_single_seat=leave_single_seat)

    def cancel_booking(self, user, order, booking):
        self.refuse_other_users(user, order)
        self.refuse_unless_booking_is_live(order, booking)
        self.give_back(user, order, self.whole_sofa(order, booking))

    def whole_sofa(self, order, booking):
        """The booking; of half a sofa, those of both halves."""
        seat = booking.seat_number
        return [b for b in self.live(order) if b.seat_number == seat or {b.seat_number, seat} == SOFA]

    def give_back(self, user, order, bookings, *, leave_single_seat=False):
        self.refuse_if_too_late(order.show, bookings)
        self.refuse_half_sofas({b.seat_number for b in bookings})
        if self.now < order.show.starts_at:
            self.refuse_giving_back(order, bookings, leave_single_seat)
        for booking in bookings:
            if booking.status == BOOKED:
                booking.refund_percent = self.refund_percent(order)
            booking.transition(CANCELLED, user)

    def refund_percent(self, order):
        starts_at = order.show.starts_at
        return min(order.cap, next((p for hours, p in REFUNDS if self.now <= starts_at - hours), 0))

    def quote(self, user, order, booking):
        """The share that would come back."""
        self.refuse_other_users(user, order)
        self.refuse_unless_booking_is_live(order, booking)
        self.refuse_if_too_late(order.show, [booking])
        if self.now < order.show.starts_at:
            self.refuse_giving_back(order, self.whole_sofa(order, booking))
        return self.refund_percent(order) if booking.status == BOOKED else 0

    def exchange(self, user, order, from_seats, to_seats, *, leave_single_seat):
        self.refuse_other_users(user, order)
        self.refuse_unless_live(order)
        self.refuse_unless_on_sale(order.show)
        self.refuse_seats_without_booking(order, from_seats)
        if len(from_seats) != len(to_seats):
            raise Refused("invalid")
        self.refuse_unknown_seats(to_seats)
        occupied = self.occupied(order.show)
        leaving, coming = set(from_seats) - set(to_seats), set(to_seats) - set(from_seats)
        self.refuse_taken(occupied, coming)
        live = {b.seat_number: b for b in self.live(order)}
        after = set(live) - leaving | coming
        self.refuse_half_sofas(after)
        self.refuse_companions_alone(after, live)
        if not leave_single_seat:
            self.refuse_single_seats(set(occupied) - set(live), after, before=singles(set(occupied)))
        [status] = {live[seat].status for seat in from_seats}
        for seat in leaving:
            if status == BOOKED:
                live[seat].refund_percent = 100
            live[seat].transition(CANCELLED, user)
        self.allocate(order, coming, status)

    def block(self, show, seats, *, leave_single_seat):
        self.refuse_if_started(show)
        self.refuse_taken(self.occupied(show), seats)
        self.refuse_half_sofas(seats)
        if not leave_single_seat:
            self.refuse_single_seats(self.occupied(show), seats)
        order = Order(show, STAFF, self.now, None)
        self.allocate(order, seats, BLOCKED)
        return order

    def release(self, show, seats, *, leave_single_seat):
        if show.cancelled:
            raise Refused("show_cancelled")
        occupied = self.occupied(show)
        others = {s: occupied.get(s, "available") for s in seats if occupied.get(s) != BLOCKED}
        if others:
            raise Refused("not_blocked", others)
        self.refuse_half_sofas(seats)
        if not self.single_seats_allowed and not leave_single_seat:
            self.refuse_singles_of_blocks(show, set(seats))
        for booking in (b for order in self.orders_of(show) for b in self.live(order)):
            if booking.seat_number in seats:
                booking.transition(CANCELLED, STAFF)

    def refuse_singles_of_blocks(self, show, leaving):
        """Block by block: each is judged by what it keeps, with all that is released as free."""
        for order in self.orders_of(show):
            own = {b.seat_number for b in self.live(order)}
            others = set(self.occupied(show)) - own - leaving
            if left := singles_freed(others, own, own & leaving):
                raise Refused("leaves_single_seat", dict.fromkeys(left, "left_single"))

    def cancel_show(self, show):
        if show.cancelled:
            raise Refused("show_cancelled")
        if show.starts_at + RUNNING_TIME <= self.now:
            raise Refused("show_started")
        self.expire_holds(show)
        for booking in (b for order in self.orders_of(show) for b in self.live(order)):
            if booking.status == BOOKED:
                booking.refund_percent = 100
            booking.transition(CANCELLED, STAFF)
        show.cancelled = True
