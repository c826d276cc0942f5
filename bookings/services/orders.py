"""What a customer does with seats: hold, book, confirm, extend, cancel and exchange them.

Booking one seat is an order of one that is confirmed at once; there is no other way to a seat.
"""

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from bookings.best_available import best_available, largest_free_block
from bookings.errors import (
    AlreadyCancelled,
    AlreadyConfirmed,
    HoldExpired,
    HoldLimitReached,
    LeavesSingleSeat,
    NoSuchSeat,
    NotEnoughSeats,
    NotHeld,
    NotTogether,
    SeatTaken,
    TooLateToCancel,
    TooManyHolds,
    TooManySeats,
    reasons,
)
from bookings.models import Booking, BookingQuerySet, Door, Order, OrderQuerySet, Status
from bookings.orphan_seats import is_single, single_seats_left
from bookings.refunds import next_deadline, parse_tiers, refund_amount, refund_percent
from bookings.services.ledger import Actor, Room, change, take
from bookings.services.rules import (
    other_halves,
    refuse_half_sofas,
    refuse_unless_ahead,
    refuse_unless_on_sale,
)
from movie_booking.errors import Invalid, NotFound
from movies.models import Show
from movies.seat_plan import SeatKind

Adjacent = Literal["required", "preferred"]


class Wish(NamedTuple):
    """What a customer asks for: seats by number, or as many as the house finds best."""

    seat_numbers: Sequence[int] | None = None
    best_available: int | None = None
    kind: SeatKind | None = None
    adjacent: Adjacent = "preferred"
    # Only for staff: see the single-seat rule of the screen.
    leave_single_seat: bool = False


def book_seat(
    *,
    user: User,
    show_id: int,
    seat_number: int,
    leave_single_seat: bool = False,
    door: Door = Door.API,
) -> Booking:
    """Give the user the seat and return the booking: an order of one, confirmed at once.

    Raises NoSuchSeat, and what `hold_seats` raises but for TooManyHolds.
    """
    wish = Wish(seat_numbers=[seat_number], leave_single_seat=leave_single_seat)
    _, [booking] = _place(user, show_id, wish, Status.BOOKED, Actor(user, door))
    return booking


def hold_seats(*, user: User, show_id: int, wish: Wish, door: Door = Door.API) -> Order:
    """Hold seats for the user while they pay, all or none, and return the order.

    Raises NotFound, ShowCancelled, ShowStarted, NotOnSale, SalesClosed; SeatTaken that names every
    seat in the way; NotTogether and NotEnoughSeats for what the house cannot find; SoldInPairs,
    LeavesSingleSeat, TooManySeats and TooManyHolds.
    """
    order, _ = _place(user, show_id, wish, Status.HELD, Actor(user, door))
    return order


Placed = tuple[Order, list[Booking]]


def _place(user: User, show_id: int, wish: Wish, status: Status, actor: Actor) -> Placed:
    try:
        return _place_in_turn(user, show_id, wish, status, actor)
    except IntegrityError as error:
        # Not reached while everybody takes the lock; the constraint does not rely on that.
        if "one_live_booking_per_seat" in str(error):
            numbers = wish.seat_numbers or ()
            raise SeatTaken(seats=reasons(dict.fromkeys(numbers, Status.BOOKED))) from error
        raise


@transaction.atomic
def _place_in_turn(user: User, show_id: int, wish: Wish, status: Status, actor: Actor) -> Placed:
    show = Show.objects.lock(show_id)
    refuse_unless_on_sale(show)
    if status == Status.BOOKED:
        _refuse_unknown_seats(show, wish.seat_numbers or ())
    room = Room(show)
    numbers = _choose(room, wish)
    _refuse_taken(room, numbers)
    refuse_half_sofas(show, numbers)
    if not wish.leave_single_seat:
        _refuse_single_seats(room, set(numbers))
    _refuse_beyond_limits(room, user, len(numbers), status)
    room.free_expired()
    return take(
        show,
        user=user,
        prices=_prices(show, numbers),
        status=status,
        actor=actor,
        expires_at=_held_until(room.now, room.now) if status == Status.HELD else None,
        now=room.now,
    )


def _choose(room: Room, wish: Wish) -> Collection[int]:
    if wish.best_available is None:
        return wish.seat_numbers or ()
    plan, taken, seats = room.show.plan, room.taken.keys(), wish.best_available
    numbers = best_available(plan, taken, seats, kind=wish.kind, adjacent=wish.adjacent)
    if numbers is None:
        refusal = NotTogether if wish.adjacent == "required" else NotEnoughSeats
        raise refusal(largest_block=largest_free_block(plan, taken, wish.kind))
    return numbers


def _refuse_unknown_seats(show: Show, numbers: Collection[int]) -> None:
    if not all(show.plan.has_seat(number) for number in numbers):
        raise NoSuchSeat(errors={"seat_number": [f"Seats are numbered 1 to {show.total_seats}."]})


def _refuse_taken(room: Room, numbers: Collection[int]) -> None:
    conflicts = {n: room.taken[n] for n in numbers if n in room.taken}
    conflicts |= {n: "no_such_seat" for n in numbers if not room.show.plan.has_seat(n)}
    if conflicts:
        raise SeatTaken(seats=reasons(conflicts))


def _refuse_single_seats(
    room: Room, party: AbstractSet[int], until_now: AbstractSet[int] = frozenset()
) -> None:
    """Judge where the party will sit; `until_now` is where it does, if it has seats already."""
    if not room.show.screen.no_single_seats:
        return
    plan, taken = room.show.plan, room.taken.keys()
    single = single_seats_left(plan, taken - until_now, party)
    if left := [number for number in single if not is_single(plan, taken, number)]:
        raise LeavesSingleSeat(seats=reasons(dict.fromkeys(left, "left_single")))


def _refuse_beyond_limits(room: Room, user: User, seats: int, status: Status) -> None:
    if room.seats_of(user) + seats > settings.MAX_SEATS_PER_SHOW:
        raise TooManySeats(limit=settings.MAX_SEATS_PER_SHOW)
    if status == Status.HELD:
        _wait_for_other_holds_of(user)
        held = Booking.objects.live(room.now).filter(user=user, status=Status.HELD)
        if held.values("order").distinct().count() >= settings.MAX_HELD_ORDERS:
            raise TooManyHolds(limit=settings.MAX_HELD_ORDERS)


def _wait_for_other_holds_of(user: User) -> None:
    """Until the transaction ends, let no other hold of this user, of whatever show, be counted.

    Who gets here has the lock of their show already and waits for no other, so nobody goes in a circle.
    """
    if connection.vendor == "postgresql":  # SQLite has one writer at a time
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"holds of {user.pk}"])


def _prices(show: Show, numbers: Collection[int]) -> dict[int, Decimal]:
    prices, plan = show.prices, show.plan
    return {number: prices[plan.seat(number).kind] for number in numbers}


def _held_until(now: datetime, ordered_at: datetime) -> datetime:
    return min(
        now + timedelta(minutes=settings.HOLD_MINUTES),
        ordered_at + timedelta(minutes=settings.HOLD_CAP_MINUTES),
    )


# --- An order that is there --------------------------------------------------------------------


class Held(NamedTuple):
    """An order with its show locked, and its bookings as they are now."""

    order: Order
    show: Show
    bookings: list[Booking]
    now: datetime

    def in_status(self, status: Status) -> list[Booking]:
        return [booking for booking in self.bookings if booking.status == status]

    @property
    def live(self) -> list[Booking]:
        return [
            booking
            for booking in self.bookings
            if booking.status in (Status.HELD, Status.BOOKED) and not booking.has_expired(self.now)
        ]

    def refuse_dead(self) -> None:
        """Raises HoldExpired or AlreadyCancelled if no seat of the order is left."""
        if not self.live:
            late = any(b.status == Status.EXPIRED or b.has_expired(self.now) for b in self.bookings)
            raise HoldExpired if late else AlreadyCancelled("The order is already cancelled.")


def _lock_order(among: OrderQuerySet, reference: str) -> Held:
    # The show of an order never changes, so it may be read before the lock.
    order = among.filter(reference=reference).first()
    if order is None:
        raise NotFound
    show = Show.objects.lock(order.show_id)
    bookings = list(order.bookings.order_by("seat_number", "id"))
    order.show = show
    for booking in bookings:
        booking.show, booking.order = show, order
    return Held(order, show, bookings, timezone.now())


@transaction.atomic
def confirm_order(*, user: User, among: OrderQuerySet, reference: str, door: Door = Door.API) -> Order:
    """Book the seats of an order that is on hold, and return the order.

    Raises NotFound, HoldExpired (the seats are never taken anew), AlreadyConfirmed,
    AlreadyCancelled, ShowCancelled and ShowStarted.
    """
    held = _lock_order(among, reference)
    held.refuse_dead()
    waiting = [booking for booking in held.live if booking.status == Status.HELD]
    if not waiting:
        raise AlreadyConfirmed
    refuse_unless_ahead(held.show)
    change(held.show, waiting, Status.BOOKED, Actor(user, door))
    return held.order


@transaction.atomic
def extend_order(*, among: OrderQuerySet, reference: str) -> Order:
    """Hold the seats of an order for longer, up to the cap, and return the order.

    Raises NotFound, HoldExpired, NotHeld, AlreadyCancelled, HoldLimitReached, ShowCancelled and
    ShowStarted.
    """
    held = _lock_order(among, reference)
    held.refuse_dead()
    waiting = [booking for booking in held.live if booking.status == Status.HELD]
    if not waiting:
        raise NotHeld
    refuse_unless_ahead(held.show)
    until = _held_until(held.now, held.order.created_at)
    if all(booking.expires_at is not None and booking.expires_at >= until for booking in waiting):
        raise HoldLimitReached
    Booking.objects.filter(pk__in=[booking.pk for booking in waiting]).update(expires_at=until)
    return held.order


@transaction.atomic
def cancel_order(
    *,
    user: User,
    among: OrderQuerySet,
    reference: str,
    seat_numbers: Collection[int] | None = None,
    door: Door = Door.API,
) -> Order:
    """Give back all seats of an order, or those named, held or booked; return the order.

    Raises NotFound, Invalid for seats that are not in it, HoldExpired, AlreadyCancelled,
    SoldInPairs, TooLateToCancel, ShowCancelled and ShowStarted.
    """
    held = _lock_order(among, reference)
    held.refuse_dead()
    live = held.live
    if seat_numbers is not None:
        _refuse_seats_without_booking("seat_numbers", seat_numbers, held)
        live = [booking for booking in live if booking.seat_number in seat_numbers]
    _give_back(held, live, Actor(user, door))
    return held.order


def cancel_booking(*, user: User, among: BookingQuerySet, booking_id: int, door: Door = Door.API) -> Booking:
    """Give one seat back and return the booking: the row stays, as CANCELLED. A sofa goes whole.

    `among` says whose bookings count: a customer's own, or the house's all. Raises NotFound,
    AlreadyCancelled, HoldExpired, TooLateToCancel, ShowCancelled and ShowStarted.
    """
    reference = among.filter(pk=booking_id).values_list("order__reference", flat=True).first()
    if reference is None:
        raise NotFound
    with transaction.atomic():
        held = _lock_order(Order.objects.all(), reference)
        booking = next(booking for booking in held.bookings if booking.pk == booking_id)
        _refuse_dead_booking(booking, held.now)
        _give_back(held, _whole(booking, held.live), Actor(user, door))
        return booking


def _whole(booking: Booking, live: Iterable[Booking]) -> list[Booking]:
    """The booking, and that of the other half if its seat is half a sofa."""
    numbers = {booking.seat_number} | other_halves(booking.show, [booking.seat_number])
    return [other for other in live if other.seat_number in numbers]


def _refuse_dead_booking(booking: Booking, now: datetime) -> None:
    if booking.status == Status.CANCELLED:
        raise AlreadyCancelled
    if booking.status == Status.EXPIRED or booking.has_expired(now):
        raise HoldExpired
    if booking.status == Status.BLOCKED:
        raise NotFound


def _give_back(held: Held, bookings: list[Booking], actor: Actor) -> None:
    refuse_unless_ahead(held.show)
    numbers = {booking.seat_number for booking in bookings}
    kept = {booking.seat_number for booking in held.live} - numbers
    if other_halves(held.show, numbers) & kept:
        refuse_half_sofas(held.show, numbers)
    booked = [booking for booking in bookings if booking.status == Status.BOOKED]
    if booked and held.now > _cancel_until(held.show):
        raise TooLateToCancel
    percent = _refund_percent(held.show, held.now)
    change(held.show, booked, Status.CANCELLED, actor, refund_percent=percent)
    change(held.show, [b for b in bookings if b.status == Status.HELD], Status.CANCELLED, actor)


def _cancel_until(show: Show) -> datetime:
    return show.starts_at - timedelta(minutes=settings.CANCEL_CUTOFF_MINUTES)


def _refund_percent(show: Show, at: datetime) -> int:
    return refund_percent(parse_tiers(settings.REFUND_TIERS), show.starts_at, at)


def _held_until_start(booking: Booking) -> datetime:
    """How long a hold can be released."""
    return min(booking.expires_at or booking.show.starts_at, booking.show.starts_at)


class Quote(NamedTuple):
    """What cancelling a booking would bring now, and until when (None: nothing comes back).

    For half a sofa it is the sum for both halves, as they are given back together.
    """

    booking: int
    refund_percent: int
    refund_amount: Decimal
    currency: str
    valid_until: datetime | None
    cancel_until: datetime


def quote_cancellation(*, among: BookingQuerySet, booking_id: int) -> Quote:
    """Return what the customer would get back. Raises what the cancelling would raise."""
    booking = among.with_details().filter(pk=booking_id).first()
    if booking is None:
        raise NotFound
    now, show = timezone.now(), booking.show
    _refuse_dead_booking(booking, now)
    refuse_unless_ahead(show)
    until = _cancel_until(show) if booking.status == Status.BOOKED else _held_until_start(booking)
    if booking.status == Status.BOOKED and now > until:
        raise TooLateToCancel
    percent = _refund_percent(show, now) if booking.status == Status.BOOKED else 0
    seats = [booking]
    if other_halves(show, [booking.seat_number]):
        seats = _whole(booking, booking.order.bookings.live(now))
    deadline = next_deadline(parse_tiers(settings.REFUND_TIERS), show.starts_at, now)
    return Quote(
        booking.pk,
        percent,
        sum((refund_amount(seat.price, percent) for seat in seats), Decimal("0.00")),
        settings.CURRENCY,
        min(deadline, until) if deadline and percent else None,
        until,
    )


@transaction.atomic
def exchange_seats(
    *,
    user: User,
    among: OrderQuerySet,
    reference: str,
    give: Collection[int],
    get: Collection[int],
    leave_single_seat: bool = False,
    door: Door = Door.API,
) -> Order:
    """Swap seats of an order for as many others, in one step, and return the order.

    The customer is never without a seat and never has two. What was held stays held until the same
    moment, what was booked is booked; each new seat costs what its kind costs now, and all that was
    paid for the old one counts towards it. A seat that is both given and got stays as it is. Raises NotFound,
    Invalid for seats that are not in the order or not as many, HoldExpired, AlreadyCancelled,
    SeatTaken, SoldInPairs, LeavesSingleSeat, and what keeps the show from being sold.
    """
    held = _lock_order(among, reference)
    held.refuse_dead()
    refuse_unless_on_sale(held.show)
    live = held.live
    _refuse_seats_without_booking("from", give, held)
    if len(give) != len(get):
        raise Invalid(errors={"to": [f"Name as many seats as you give back: {len(give)}."]})
    own = {booking.seat_number for booking in live}
    party = own - set(give) | set(get)
    leaving = [booking for booking in live if booking.seat_number not in party]
    room = Room(held.show, held.now)  # one moment, lest a hold expires between two looks at the clock
    _refuse_taken(room, set(get) - set(give))
    refuse_half_sofas(held.show, party)
    if not leave_single_seat:
        _refuse_single_seats(room, party, until_now=own)
    room.free_expired()
    actor = Actor(user, door)
    arriving = iter(sorted(party - own))
    for status in (Status.HELD, Status.BOOKED):
        group = [booking for booking in leaving if booking.status == status]
        if not group:
            continue
        numbers = [next(arriving) for _ in group]
        expires_at = group[0].expires_at
        back = {"refund_percent": 100} if status == Status.BOOKED else {}
        change(held.show, group, Status.CANCELLED, actor, reason="Exchanged", **back)
        prices = _prices(held.show, numbers)
        take(
            held.show,
            user=held.order.user,
            prices=prices,
            status=status,
            actor=actor,
            order=held.order,
            expires_at=expires_at,
        )
    return held.order


def _refuse_seats_without_booking(field: str, numbers: Collection[int], held: Held) -> None:
    """Raises Invalid for seats that never were in the order, HoldExpired and AlreadyCancelled."""
    missing = set(numbers) - {booking.seat_number for booking in held.live}
    if foreign := sorted(missing - {booking.seat_number for booking in held.bookings}):
        named = ", ".join(map(str, foreign))
        raise Invalid(errors={field: [f"Not a seat of this order: {named}."]})
    dead = [booking for booking in held.bookings if booking.seat_number in missing]
    if any(b.status == Status.EXPIRED or b.has_expired(held.now) for b in dead):
        raise HoldExpired
    if dead:
        raise AlreadyCancelled
