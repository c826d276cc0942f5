"""A plain model of two cinemas: their shows, and who has which seat, at what price and on which terms.

It shares no code with the services. What it cannot foresee, such as where guests sit after a move, it is
told. `why_not_…` are the codes of all that speaks against something, of which the services name one.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from bookings.tests.model import BLOCKED, BOOKED, CANCELLED, EXPIRED, HELD, LIVE
from bookings.tests.weekend_seats import Seat, companions_alone, half_sofas

MINUTE = timedelta(minutes=1)
HOLD = 120 * MINUTE
# Of a refund, by hours before the start, and the cut-off.
TERMS = (
    (((24, 100), (2, 50)), timedelta(0)),
    (((48, 100), (1, 20)), timedelta(hours=1)),
    (((4, 80),), timedelta(hours=2)),
    (((0, 0),), timedelta(0)),
)
CLEANING, TOLERANCE = 15 * MINUTE, 5 * MINUTE


class Known:
    """What a story calls it."""

    def _repr_pretty_(self, printer, cycle):
        name = self.reference if isinstance(self, Sale) else self.pk
        printer.text(f"<{type(self).__name__} {name}>")


@dataclass(eq=False, repr=False)
class Cinema(Known):
    pk: int
    zone: str
    pre_show: timedelta


@dataclass(eq=False, repr=False)
class Screen(Known):
    pk: int
    cinema: Cinema
    drawings: tuple[str, ...]
    drawing: str
    no_single_seats: bool


@dataclass(eq=False, repr=False)
class Film(Known):
    pk: int
    running_time: timedelta


@dataclass(eq=False, repr=False)
class Show(Known):
    pk: int
    film: Film
    screen: Screen
    starts_at: datetime
    seats: tuple[Seat, ...]
    prices: dict[str, int]
    sales_cutoff: timedelta
    pre_show: timedelta
    running_time: timedelta
    cancelled: bool = False
    version: int = 0
    was_sold: bool = False  # once booked

    @property
    def length_anew(self):
        """How long it takes once its times are worked out anew: it may have kept an old running time."""
        return self.pre_show + self.film.running_time

    @property
    def ends_at(self):
        return self.starts_at + self.pre_show + self.running_time

    @property
    def screen_free_at(self):
        return self.ends_at + CLEANING

    def price(self, number):
        return self.prices[self.seats[number - 1].kind]


@dataclass(eq=False, repr=False)
class Ticket(Known):
    """A seat of a sale, as the ticket says it."""

    pk: int
    sale: "Sale"
    number: int
    label: str
    kind: str
    status: str
    price: Decimal
    expires_at: datetime | None = None
    refund: int | None = None

    def cancel(self, refund):
        """What was paid comes back by so many percent; for a hold nothing was paid."""
        self.status, self.refund = CANCELLED, refund if self.status == BOOKED else None


@dataclass(eq=False, repr=False)
class Sale(Known):
    """An order, with the terms on which it was sold."""

    reference: str
    show: Show
    user: str
    tiers: tuple[tuple[int, int], ...]
    cutoff: timedelta
    promised_start: datetime
    promised_screen: Screen
    cap: int = 100  # what the seats would have given back for which these were exchanged
    reseated: bool = False
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def moved(self):
        """By the cinema, since the customer agreed to the show as it was."""
        shift = abs(self.show.starts_at - self.promised_start)
        return self.reseated or self.show.screen is not self.promised_screen or shift > TOLERANCE

    @property
    def cancel_until(self):
        if self.moved:
            return self.show.starts_at
        return min(self.promised_start - self.cutoff, self.show.starts_at)  # some minutes early: not moved

    def percent(self, at):
        if self.moved:
            return 100
        left = self.promised_start - at
        of_tiers = (percent for hours, percent in self.tiers if left >= timedelta(hours=hours))
        return min(self.cap, next(of_tiers, 0))


class World:
    """All of it, at the moment that the clock says."""

    def __init__(self, clock):
        self.clock = clock
        self.terms = TERMS[0]
        self.screens: list[Screen] = []
        self.films: list[Film] = []
        self.shows: list[Show] = []
        self.sales: list[Sale] = []

    @property
    def now(self):
        return self.clock.now

    # --- What is so -----------------------------------------------------------------------------------

    def tickets(self, show=None):
        return [ticket for sale in self.sales if show in (None, sale.show) for ticket in sale.tickets]

    def status(self, ticket):
        if ticket.status == HELD and ticket.expires_at <= self.now:
            return EXPIRED
        return ticket.status

    def live(self, of):
        """The live tickets of a sale or a show."""
        tickets = of.tickets if isinstance(of, Sale) else self.tickets(of)
        return [ticket for ticket in tickets if self.status(ticket) in LIVE]

    def occupied(self, show):
        return {ticket.number: ticket for ticket in self.live(show)}

    def free(self, show):
        return {seat.number for seat in show.seats} - set(self.occupied(show))

    def to_come(self):
        return [show for show in self.shows if not show.cancelled and show.starts_at > self.now]

    def sold(self, show):
        return show.was_sold or bool(self.live(show))

    def next_moments(self):
        """When something changes by itself, from now on."""
        moments = {ticket.expires_at for ticket in self.tickets() if self.status(ticket) == HELD}
        for show in self.shows:
            moments |= {show.starts_at, show.starts_at - show.sales_cutoff, show.ends_at}
        for sale in self.sales:
            moments |= {sale.promised_start - timedelta(hours=hours) for hours, _ in sale.tiers}
            moments.add(sale.cancel_until)
        return sorted(moment for moment in moments if moment > self.now)

    # --- What is refused ------------------------------------------------------------------------------

    def why_not_start(self, start, cutoff):
        return {"invalid"} if start - cutoff <= self.now else set()

    def why_not_there(self, screen, start, length, but=()):
        """Another show needs the screen at that time, or it is being cleaned."""
        return {
            "screen_occupied"
            for show in self.shows
            if show not in but and show.screen is screen and not show.cancelled
            if show.starts_at < start + length + CLEANING and start < show.screen_free_at
        }

    def why_not_in(self, screen, show):
        """A show stays in its cinema."""
        return set() if screen.cinema is show.screen.cinema else {"invalid"}

    def why_not_retimed(self, slots):
        """Shows would overlap with these starts and lengths, of those that get others, by show."""

        def slot(show):
            start, length = slots.get(show, (show.starts_at, show.ends_at - show.starts_at))
            return start, start + length + CLEANING

        for show in slots:
            start, free = slot(show)
            for other in self.shows:
                if other is not show and other.screen is show.screen and not other.cancelled:
                    start_of_other, other_free = slot(other)
                    if start_of_other < free and start < other_free:
                        return {"shows_would_overlap"}
        return set()

    def why_not_changed(self, show):
        """Nothing of a show that is over or cancelled changes."""
        if show.cancelled:
            return {"show_cancelled"}
        return {"show_started"} if show.ends_at <= self.now else set()

    def why_not_started(self, show):
        if show.cancelled:
            return {"show_cancelled"}
        return {"show_started"} if show.starts_at <= self.now else set()

    def why_not_on_sale(self, show):
        closed = not show.cancelled and show.starts_at - show.sales_cutoff <= self.now
        return self.why_not_started(show) | ({"sales_closed"} if closed else set())

    def why_not_exchangeable(self, show, other):
        alike = show.film is other.film or show.screen.cinema is other.screen.cinema
        return set() if alike else {"not_exchangeable"}

    def why_not_live(self, sale):
        if self.live(sale):
            return set()
        return {"hold_expired", "already_cancelled"}

    def why_not_seats(self, show, party, taking, until_now=()):
        """`party` is where the customer will sit, `taking` what of it is new."""
        if not all(1 <= number <= len(show.seats) for number in party):
            return {"no_such_seat", "show_changed"}
        why = {"seat_taken"} if set(taking) & set(self.occupied(show)) else set()
        if half_sofas(show.seats, party):
            why.add("sold_in_pairs")
        if companions_alone(show.seats, party) > companions_alone(show.seats, until_now):
            why.add("companion_without_wheelchair")
        return why

    def why_not_given_back(self, sale, tickets):
        """`tickets` are live ones of the sale."""
        why = set()
        if any(ticket.status == BOOKED for ticket in tickets):
            why |= self.why_not_started(sale.show)
            if self.now > sale.cancel_until:
                why.add("too_late_to_cancel")
        if sale.show.starts_at > self.now:
            had = {ticket.number for ticket in self.live(sale)}
            keeps = had - {ticket.number for ticket in tickets}
            alone = companions_alone(sale.show.seats, keeps) > companions_alone(sale.show.seats, had)
            why |= {"companion_without_wheelchair"} if alone else set()
        return why

    def why_not_half_sofas_kept(self, sale, tickets):
        numbers = {ticket.number for ticket in tickets}
        partners = {sale.show.seats[number - 1].partner for number in numbers} - numbers
        kept = {ticket.number for ticket in self.live(sale)} - numbers
        return {"sold_in_pairs"} if partners & kept else set()

    # --- What is done ---------------------------------------------------------------------------------

    def sell(self, reference, show, user, status, ids, expires_at=None, cap=100):
        """A new sale of the seats whose bookings have these ids, on the terms of now."""
        sale = Sale(reference, show, user, *self.terms, show.starts_at, show.screen, cap=cap)
        self.sales.append(sale)
        self.add(sale, status, ids, expires_at)
        return sale

    def add(self, sale, status, ids, expires_at=None):
        for number, pk in ids.items():
            label, kind = sale.show.seats[number - 1].ticket
            price = Decimal(0 if status == BLOCKED else sale.show.price(number))
            sale.tickets.append(Ticket(pk, sale, number, label, kind, status, price, expires_at))
        sale.show.was_sold |= status == BOOKED

    def confirm(self, sale):
        if sale.moved:  # and the customer agrees to the show as it is
            sale.promised_start, sale.promised_screen = sale.show.starts_at, sale.show.screen
            sale.reseated = False
        for ticket in self.live(sale):
            ticket.status, ticket.expires_at = BOOKED, None
        sale.show.was_sold = True

    def give_back(self, sale, tickets):
        percent = sale.percent(self.now)
        for ticket in tickets:
            ticket.cancel(percent)

    def whole_sofas(self, sale, tickets):
        """These and the other halves of their sofas that the customer has."""
        partners = {sale.show.seats[ticket.number - 1].partner for ticket in tickets}
        return [ticket for ticket in self.live(sale) if ticket in tickets or ticket.number in partners]

    def move(self, show, seats, assigned):
        """Give the show these seats and its guests those assigned, by id of booking: a number, or none."""
        show.seats = seats
        for ticket in self.live(show):
            number = assigned[ticket.pk]
            if number is None:
                ticket.cancel(100)
                continue
            label, kind = seats[number - 1].ticket
            if kind != ticket.kind:
                ticket.price = min(ticket.price, Decimal(show.prices[kind]))
            ticket.sale.reseated |= (label, kind) != (ticket.label, ticket.kind)
            ticket.number, ticket.label, ticket.kind = number, label, kind

    def place(self, show, screen, start):
        """Its times are worked out anew, if that is elsewhere or at another time."""
        if (screen, start) != (show.screen, show.starts_at):
            show.screen, show.starts_at, show.running_time = screen, start, show.film.running_time

    def cancel_show(self, show):
        for ticket in self.live(show):
            ticket.cancel(100)
        show.cancelled = True


def same_clock(moment, old, new):
    """When the clocks of another zone show what those of the old one show at this moment; None if never."""
    clock = moment.astimezone(ZoneInfo(old)).replace(tzinfo=None)
    then = clock.replace(tzinfo=ZoneInfo(new)).astimezone(timezone.utc)
    return then if then.astimezone(ZoneInfo(new)).replace(tzinfo=None) == clock else None
