"""What a customer does with an order: confirm, extend, cancel and exchange it, or parts of it."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bookings.errors import (
    AlreadyCancelled,
    AlreadyConfirmed,
    HoldExpired,
    HoldLimitReached,
    NotHeld,
    TooLateToCancel,
)
from bookings.models import Booking, BookingQuerySet, Door, Order, OrderQuerySet, Status
from bookings.refunds import next_deadline, parse_tiers, refund_amount, refund_percent
from bookings.services.ledger import Actor, Room, change, take
from bookings.services.rules import (
    held_until,
    other_halves,
    prices_of,
    refuse_half_sofas,
    refuse_single_seats,
    refuse_taken,
    refuse_unless_ahead,
    refuse_unless_on_sale,
)
from movie_booking.errors import Invalid, NotFound
from movies.models import Show


class Held(NamedTuple):
    """An order with its show locked, and its bookings as they are now."""

    order: Order
    show: Show
    bookings: list[Booking]
    now: datetime

    @property
    def live(self) -> list[Booking]:
        return [
            booking
            for booking in self.bookings
            if booking.status in (Status.HELD, Status.BOOKED) and not booking.has_expired(self.now)
        ]

    @property
    def waiting(self) -> list[Booking]:
        """What is on hold and can still be confirmed."""
        return [booking for booking in self.live if booking.status == Status.HELD]

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
    waiting = held.waiting
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
    waiting = held.waiting
    if not waiting:
        raise NotHeld
    refuse_unless_ahead(held.show)
    until = held_until(held.now, held.order.created_at)
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
    if booking.status == Status.BOOKED:
        until, percent = _cancel_until(show), _refund_percent(show, now)
        if now > until:
            raise TooLateToCancel
    else:
        until, percent = _held_until_start(booking), 0
    seats = [booking]
    if other_halves(show, [booking.seat_number]):
        seats = _whole(booking, booking.order.bookings.live(now))
    deadline = next_deadline(parse_tiers(settings.REFUND_TIERS), show.starts_at, now) if percent else None
    return Quote(
        booking.pk,
        percent,
        sum((refund_amount(seat.price, percent) for seat in seats), Decimal("0.00")),
        settings.CURRENCY,
        min(deadline, until) if deadline else None,
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
    paid for the old one counts towards it. A seat that is both given and got stays as it is.

    Raises NotFound, Invalid for seats that never were in the order or are not as many, HoldExpired,
    AlreadyCancelled, SeatTaken, SoldInPairs, LeavesSingleSeat, ShowCancelled, ShowStarted, NotOnSale
    and SalesClosed.
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
    if not leaving:
        return held.order
    room = Room(held.show, held.now)  # one moment, lest a hold expires between two looks at the clock
    refuse_taken(room, set(get) - set(give))
    refuse_half_sofas(held.show, party)
    if not leave_single_seat:
        refuse_single_seats(room, party, until_now=own)
    room.free_expired()
    # The live seats of an order are all held until the same moment, or all booked.
    actor, status, expires_at = Actor(user, door), Status(leaving[0].status), leaving[0].expires_at
    back = {"refund_percent": 100} if status == Status.BOOKED else {}
    change(held.show, leaving, Status.CANCELLED, actor, reason="Exchanged", **back)
    take(
        held.show,
        user=held.order.user,
        prices=prices_of(held.show, party - own),
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
