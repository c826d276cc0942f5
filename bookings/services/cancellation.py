"""Giving seats back: an order or part of it, a booking, some seats of a show, the whole show."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.actors import Actor
from bookings.errors import AlreadyCancelled, HoldExpired, ShowStarted
from bookings.models import Booking, Order, Status
from bookings.refunds import NOTHING, refund_amount
from bookings.rows import BOOKINGS_OF_ORDER
from bookings.services.inventory import SeatInventory
from bookings.services.locked_order import LockedOrder
from bookings.services.rules import (
    other_halves,
    refuse_giving_back,
    refuse_half_sofas_kept,
    refuse_if_started,
    refuse_if_too_late,
    refuse_seats_without_booking,
    sale_terms,
)
from movie_booking.errors import Invalid, NotFound
from movies.errors import ShowCancelled, WrongStatus
from movies.models import Show
from movies.services import record_show_event


@transaction.atomic
def cancel_order(
    order: Order,
    *,
    actor: Actor,
    seat_numbers: Collection[int] | None = None,
    leave_single_seat: bool = False,
    refund_percent: int | None = None,
    reason: str = "",
) -> Order:
    """Give back all seats of an order, or those named, held or booked; return the order.

    Staff may have another share paid back than the terms of the sale say: `refund_percent`, with the reason.
    Then it may be late, and the show over.

    Raises Invalid for seats that are not in it and for a share without a reason, HoldExpired,
    AlreadyCancelled, SoldInPairs, CompanionWithoutWheelchair, LeavesSingleSeat, TooLateToCancel,
    ShowCancelled and ShowStarted.
    """
    inventory, locked = SeatInventory.lock_order(order.show_id, order.pk)
    locked.refuse_unless_live()
    given_back = _given_back(inventory, locked, seat_numbers, refund_percent)
    _give_back(
        inventory,
        given_back,
        actor,
        leave_single_seat=leave_single_seat,
        refund_percent=refund_percent,
        reason=reason,
    )
    locked.order.known_bookings = locked.bookings
    return locked.order


@transaction.atomic
def cancel_booking(
    booking: Booking,
    *,
    actor: Actor,
    leave_single_seat: bool = False,
    refund_percent: int | None = None,
    reason: str = "",
) -> Booking:
    """Give one seat back and return its booking: the row stays, as CANCELLED. A sofa goes back whole.

    Staff may have another share paid back, as with `cancel_order`. Raises Invalid for one without a reason,
    NotFound for a house seat, AlreadyCancelled, HoldExpired, CompanionWithoutWheelchair, LeavesSingleSeat,
    TooLateToCancel, ShowCancelled and ShowStarted.
    """
    inventory, locked = SeatInventory.lock_order(booking.show_id, booking.order_id)
    fresh = locked.booking(booking.pk)
    _refuse_unless_customers(fresh, locked.at)
    _give_back(
        inventory,
        _whole_sofa(fresh, locked.live),
        actor,
        leave_single_seat=leave_single_seat,
        refund_percent=refund_percent,
        reason=reason,
    )
    return fresh


@transaction.atomic
def cancel_seats(
    show_id: int, booking_ids: Collection[int], *, actor: Actor, leave_single_seat: bool = False
) -> list[Booking]:
    """Give back those of these bookings that customers still have, held or booked; return them.

    A sofa goes back whole, if the same order has its other half. What is no longer live stays as it is, and
    so do house seats and whatever bookings have the seats now. Raises NotFound, CompanionWithoutWheelchair,
    LeavesSingleSeat, TooLateToCancel, ShowCancelled and ShowStarted.
    """
    inventory = SeatInventory.lock(show_id)
    given_back = _whole_sofas_of_customers(inventory, booking_ids)
    _give_back(inventory, given_back, actor, leave_single_seat=leave_single_seat)
    return given_back


def _whole_sofas_of_customers(inventory: SeatInventory, booking_ids: Collection[int]) -> list[Booking]:
    """Those of these bookings that customers have, with the other halves of their sofas, by seat."""
    seats = inventory.bookings().select_related("order").order_by("seat_number")
    live = [booking for booking in seats if booking.status != Status.BLOCKED]
    named = [booking for booking in live if booking.pk in booking_ids]
    halves = {
        (booking.order_id, number)
        for booking in named
        for number in other_halves(inventory.show, [booking.seat_number])
    }
    return [b for b in live if b in named or (b.order_id, b.seat_number) in halves]


@transaction.atomic
def cancel_show(show_id: int, *, actor: Actor, reason: str) -> tuple[Show, int]:
    """Cancel a show for good, with all its bookings; return it and how many seats customers lost.

    Everything that was paid comes back. House seats are released too but not counted. Raises NotFound,
    ShowCancelled if it already was, WrongStatus for a draft, and ShowStarted once it is over.
    """
    inventory = SeatInventory.lock(show_id)
    show = inventory.show
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    if show.status == Show.Status.DRAFT:
        raise WrongStatus("A draft was never on sale: delete it, or leave it a draft.")
    if show.has_ended(inventory.at):
        raise ShowStarted("The show is over.")
    inventory.expire_holds()
    live = list(inventory.bookings())
    booked, held, blocked = (
        [booking for booking in live if booking.status == status]
        for status in (Status.BOOKED, Status.HELD, Status.BLOCKED)
    )
    inventory.transition(booked, Status.CANCELLED, actor=actor, reason=reason, refund_percent=100)
    inventory.transition(held, Status.CANCELLED, actor=actor, reason=reason)
    inventory.transition(blocked, Status.CANCELLED, actor=actor)
    show.status, show.cancelled_at, show.cancel_reason = Show.Status.CANCELLED, inventory.at, reason
    show.seats_version += 1
    status = (Show.Status.ON_SALE, Show.Status.CANCELLED)
    record_show_event(show, {"status": status}, at=inventory.at, actor=actor, reason=reason)
    show.save(update_fields=["status", "cancelled_at", "cancel_reason", "seats_version", "version"])
    return show, len(booked) + len(held)


class CancellationQuote(NamedTuple):
    """What cancelling a booking would bring now, and until when (None: nothing comes back).

    For half a sofa it is the sum for both halves, as they are given back together. Amounts are in `currency`.
    """

    booking: int
    refund_percent: int
    refund_amount: Decimal
    currency: str
    valid_until: datetime | None
    cancel_until: datetime


class OrderQuote(NamedTuple):
    """The same for an order, or for some of its seats together."""

    order: str
    seat_numbers: list[int]
    refund_percent: int
    refund_amount: Decimal
    currency: str
    valid_until: datetime | None
    cancel_until: datetime


def quote_cancellation(booking: Booking) -> CancellationQuote:
    """Return what the customer would get back now. No lock: it is a quote.

    Raises NotFound for a house seat, AlreadyCancelled, HoldExpired, CompanionWithoutWheelchair,
    LeavesSingleSeat, TooLateToCancel, ShowCancelled and ShowStarted, as cancelling would.
    """
    at, show = timezone.now(), booking.show
    _refuse_unless_customers(booking, at)
    seats: Sequence[Booking] = [booking]
    if other_halves(show, [booking.seat_number]):
        seats = _whole_sofa(booking, booking.order.bookings.filter(show=booking.show_id).live(at))
    return CancellationQuote(booking.pk, *_quote(SeatInventory(show, at), seats))


def quote_order(
    order: Order, *, seat_numbers: Collection[int] | None = None, refund_percent: int | None = None
) -> OrderQuote:
    """Return what the customer would get back now for all seats of an order, or those named. No lock.

    Or what this share of the prices would be, if staff make an exception.

    Raises Invalid for seats that are not in it, HoldExpired, AlreadyCancelled, SoldInPairs,
    CompanionWithoutWheelchair, LeavesSingleSeat, TooLateToCancel, ShowCancelled and ShowStarted.
    """
    at, bookings = timezone.now(), BOOKINGS_OF_ORDER(order.show_id, order.pk)
    read = LockedOrder(order, bookings, at)
    read.refuse_unless_live()
    inventory = SeatInventory(bookings[0].show, at)
    given_back = _given_back(inventory, read, seat_numbers, refund_percent)
    numbers = [booking.seat_number for booking in given_back]
    return OrderQuote(order.reference, numbers, *_quote(inventory, given_back, refund_percent))


class SeatsQuote(NamedTuple):
    """What cancelling some seats of a show would bring now: which bookings, and what comes back for each."""

    refunds: list[tuple[Booking, int, Decimal]]  # share in per cent, and amount

    @property
    def total(self) -> Decimal:
        return sum((amount for _, _, amount in self.refunds), NOTHING)


def quote_seats(show: Show, booking_ids: Collection[int], *, leave_single_seat: bool = False) -> SeatsQuote:
    """Return what `cancel_seats` would cancel and give back now. No lock. It raises what that would."""
    inventory = SeatInventory(show, timezone.now())
    given_back = _whole_sofas_of_customers(inventory, booking_ids)
    _refuse_once_too_late(inventory, given_back)
    if not show.has_started(inventory.at):
        refuse_giving_back(inventory, given_back, leave_single_seat=leave_single_seat)
    return SeatsQuote([(booking, *refund_now(booking, show, inventory.at)) for booking in given_back])


def refund_now(booking: Booking, show: Show, at: datetime) -> tuple[int, Decimal]:
    """Return which share and which amount come back for a live booking by the terms of its sale.

    Nothing was paid for a hold.
    """
    percent = sale_terms(booking.order, show).refund_percent(at) if booking.status == Status.BOOKED else 0
    return percent, refund_amount(booking.price, percent)


def _quote(
    inventory: SeatInventory, bookings: Sequence[Booking], said: int | None = None
) -> tuple[int, Decimal, str, datetime | None, datetime]:
    """What comes back for these seats of one order: share, amount, currency, until when, and the last moment.

    All are held until the same moment, or all are booked.
    """
    show, at, first = inventory.show, inventory.at, bookings[0]
    terms = sale_terms(first.order, show)
    if first.status == Status.BOOKED and said is not None:
        percent, valid_until, until = said, None, terms.cancel_until
    elif first.status == Status.BOOKED:
        refuse_if_started(show, at)
        refuse_if_too_late(terms, at)
        percent, valid_until, until = (
            terms.refund_percent(at),
            terms.refund_valid_until(at),
            terms.cancel_until,
        )
    else:  # nothing was paid
        percent, valid_until, until = 0, None, first.expires_at or show.starts_at
    if not show.has_started(at):
        refuse_giving_back(inventory, bookings)
    amount = sum((refund_amount(booking.price, percent) for booking in bookings), NOTHING)
    return percent, amount, settings.CURRENCY, valid_until, until


def _refuse_without_reason(
    inventory: SeatInventory, bookings: Iterable[Booking], refund_percent: int, reason: str
) -> None:
    """Raises Invalid for a share that is none, and for an exception of which staff do not say why.

    It is one if the terms of the sale give another share, or allow nothing to be given back any more.
    """
    show, at = inventory.show, inventory.at
    if not 0 <= refund_percent <= 100:
        raise Invalid.of("refund_percent", "Give a share from 0 to 100 percent.", "out_of_range")
    if reason.strip():
        return
    all_terms = [sale_terms(each.order, show) for each in bookings if each.status == Status.BOOKED]
    is_late = show.has_started(at) or any(at > terms.cancel_until for terms in all_terms)
    if is_late or any(terms.refund_percent(at) != refund_percent for terms in all_terms):
        sentence = "Say why: the customer gets something else back than the terms of the sale say."
        raise Invalid.of("reason", sentence, "required")


def _given_back(
    inventory: SeatInventory,
    order: LockedOrder,
    seat_numbers: Collection[int] | None,
    refund_percent: int | None = None,
) -> list[Booking]:
    """What of an order is to be given back: all, or the seats that are named.

    Raises Invalid, HoldExpired, AlreadyCancelled, SoldInPairs, TooLateToCancel, ShowCancelled, ShowStarted.
    """
    if seat_numbers is None:
        return order.live
    refuse_seats_without_booking(order, seat_numbers, field="seat_numbers")
    given_back = [booking for booking in order.live if booking.seat_number in seat_numbers]
    if refund_percent is None:
        _refuse_once_too_late(inventory, given_back)  # first, as other seats would not help then
    refuse_half_sofas_kept(inventory.show, order, given_back)
    return given_back


def _give_back(
    inventory: SeatInventory,
    bookings: Sequence[Booking],
    actor: Actor,
    *,
    leave_single_seat: bool,
    refund_percent: int | None = None,
    reason: str = "",
) -> None:
    """Cancel bookings of customers, each on the terms of its sale, or all for the share that staff say."""
    show, at = inventory.show, inventory.at
    if refund_percent is None:
        _refuse_once_too_late(inventory, bookings)
    else:
        _refuse_without_reason(inventory, bookings, refund_percent, reason)
    if not show.has_started(at):  # no seat is sold any more, so a hold may just go
        refuse_giving_back(inventory, bookings, leave_single_seat=leave_single_seat)
    by_percent: dict[int | None, list[Booking]] = {}
    for booking in bookings:
        is_paid = booking.status == Status.BOOKED  # nothing was paid for a hold
        percent = _share(booking, show, at, refund_percent) if is_paid else None
        by_percent.setdefault(percent, []).append(booking)
    for percent, alike in by_percent.items():
        inventory.transition(
            alike,
            Status.CANCELLED,
            actor=actor,
            reason=reason,
            refund_percent=percent,
            is_last=percent == [*by_percent][-1],
        )


def _share(booking: Booking, show: Show, at: datetime, said: int | None) -> int:
    return sale_terms(booking.order, show).refund_percent(at) if said is None else said


def _refuse_once_too_late(inventory: SeatInventory, bookings: Sequence[Booking]) -> None:
    """Raises ShowCancelled, ShowStarted and TooLateToCancel; but a hold may go after the start too."""
    statuses = {booking.status for booking in bookings}
    if statuses != {Status.HELD} or inventory.show.status == Show.Status.CANCELLED:
        refuse_if_started(inventory.show, inventory.at)
    for booking in bookings:
        if booking.status == Status.BOOKED:
            refuse_if_too_late(sale_terms(booking.order, inventory.show), inventory.at)


def _refuse_unless_customers(booking: Booking, at: datetime) -> None:
    """Raises AlreadyCancelled, HoldExpired, and NotFound for a house seat, which no customer has."""
    match booking.status_at(at):
        case Status.CANCELLED:
            raise AlreadyCancelled
        case Status.EXPIRED:
            raise HoldExpired
        case Status.BLOCKED:
            raise NotFound


def _whole_sofa(booking: Booking, live: Iterable[Booking]) -> list[Booking]:
    """The booking, and that of the other half if its seat is half a sofa."""
    numbers = {booking.seat_number} | other_halves(booking.show, [booking.seat_number])
    return [other for other in live if other.seat_number in numbers]
