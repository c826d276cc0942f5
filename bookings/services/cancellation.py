"""Giving seats back: an order or part of it, a booking, some seats of a show, the whole show."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bookings.errors import AlreadyCancelled, HoldExpired, ShowStarted, TooLateToCancel
from bookings.models import Booking, Order, Status
from bookings.refunds import next_deadline, parse_tiers, refund_amount, refund_percent
from bookings.services.actors import Actor
from bookings.services.inventory import LockedOrder, SeatInventory
from bookings.services.rules import (
    other_halves,
    refuse_giving_back,
    refuse_half_sofas,
    refuse_if_started,
    refuse_seats_without_booking,
)
from movie_booking.errors import NotFound
from movies.errors import ShowCancelled, WrongStatus
from movies.models import Show


@transaction.atomic
def cancel_order(
    order: Order,
    *,
    actor: Actor,
    seat_numbers: Collection[int] | None = None,
    leave_single_seat: bool = False,
) -> Order:
    """Give back all seats of an order, or those named, held or booked; return the order.

    Raises Invalid for seats that are not in it, HoldExpired, AlreadyCancelled, SoldInPairs,
    CompanionWithoutWheelchair, LeavesSingleSeat, TooLateToCancel, ShowCancelled and ShowStarted.
    """
    inventory = SeatInventory.lock(order.show_id)
    locked = inventory.order(order.pk)
    locked.refuse_unless_live()
    given_back = locked.live
    if seat_numbers is not None:
        refuse_seats_without_booking(locked, seat_numbers, field="seat_numbers")
        given_back = [booking for booking in given_back if booking.seat_number in seat_numbers]
        _refuse_once_too_late(inventory, given_back)  # first, as other seats would not help then
        _refuse_half_sofas_kept(inventory.show, locked, given_back)
    _give_back(inventory, given_back, actor, leave_single_seat=leave_single_seat)
    return locked.order


@transaction.atomic
def cancel_booking(booking: Booking, *, actor: Actor, leave_single_seat: bool = False) -> Booking:
    """Give one seat back and return its booking: the row stays, as CANCELLED. A sofa goes back whole.

    Raises NotFound for a house seat, AlreadyCancelled, HoldExpired, CompanionWithoutWheelchair,
    LeavesSingleSeat, TooLateToCancel, ShowCancelled and ShowStarted.
    """
    inventory = SeatInventory.lock(booking.show_id)
    locked = inventory.order(booking.order_id)
    fresh = locked.booking(booking.pk)
    _refuse_unless_customers(fresh, locked.at)
    _give_back(inventory, _whole_sofa(fresh, locked.live), actor, leave_single_seat=leave_single_seat)
    return fresh


@transaction.atomic
def cancel_seats(
    show_id: int, seat_numbers: Collection[int], *, actor: Actor, leave_single_seat: bool = False
) -> list[Booking]:
    """Give back what customers have of these seats, held or booked; return its bookings. Sofas go back whole.

    Free seats and house seats stay as they are. Raises NotFound, CompanionWithoutWheelchair,
    LeavesSingleSeat, TooLateToCancel, ShowCancelled and ShowStarted.
    """
    inventory = SeatInventory.lock(show_id)
    live = {b.seat_number: b for b in inventory.bookings() if b.status != Status.BLOCKED}
    taken = live.keys() & set(seat_numbers)
    bookings = [live[number] for number in sorted(taken | other_halves(inventory.show, taken))]
    _give_back(inventory, bookings, actor, leave_single_seat=leave_single_seat)
    return bookings


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
    if show.ends_at <= inventory.at:
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
    show.save(update_fields=["status", "cancelled_at", "cancel_reason", "seats_version"])
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


def quote_cancellation(booking: Booking) -> CancellationQuote:
    """Return what the customer would get back now. No lock: it is a quote.

    Raises NotFound for a house seat, AlreadyCancelled, HoldExpired, CompanionWithoutWheelchair,
    LeavesSingleSeat, TooLateToCancel, ShowCancelled and ShowStarted, as cancelling would.
    """
    at, show = timezone.now(), booking.show
    _refuse_unless_customers(booking, at)
    if booking.status == Status.BOOKED:
        refuse_if_started(show, at)
        _refuse_if_too_late(show, at)
        until, percent = _cancel_until(show), _refund_percent(show, at)
    else:
        until, percent = booking.expires_at or show.starts_at, 0
    seats: Sequence[Booking] = [booking]
    if other_halves(show, [booking.seat_number]):
        seats = _whole_sofa(booking, booking.order.bookings.live(at))
    if not show.has_started(at):
        refuse_giving_back(SeatInventory(show, at), seats)
    deadline = next_deadline(parse_tiers(settings.REFUND_TIERS), show.starts_at, at) if percent else None
    return CancellationQuote(
        booking.pk,
        percent,
        sum((refund_amount(seat.price, percent) for seat in seats), Decimal("0.00")),
        settings.CURRENCY,
        min(deadline, until) if deadline else None,
        until,
    )


def _refuse_half_sofas_kept(show: Show, order: LockedOrder, bookings: Sequence[Booking]) -> None:
    """Raises SoldInPairs if the customer would keep half of a sofa."""
    numbers = {booking.seat_number for booking in bookings}
    kept = {booking.seat_number for booking in order.live} - numbers
    if other_halves(show, numbers) & kept:
        refuse_half_sofas(show, numbers)


def _give_back(
    inventory: SeatInventory, bookings: Sequence[Booking], actor: Actor, *, leave_single_seat: bool
) -> None:
    show, at = inventory.show, inventory.at
    booked = [booking for booking in bookings if booking.status == Status.BOOKED]
    held = [booking for booking in bookings if booking.status == Status.HELD]
    _refuse_once_too_late(inventory, bookings)
    if not show.has_started(at):  # no seat is sold any more, so a hold may just go
        refuse_giving_back(inventory, bookings, leave_single_seat=leave_single_seat)
    inventory.transition(booked, Status.CANCELLED, actor=actor, refund_percent=_refund_percent(show, at))
    inventory.transition(held, Status.CANCELLED, actor=actor)


def _refuse_once_too_late(inventory: SeatInventory, bookings: Iterable[Booking]) -> None:
    """Raises ShowCancelled, ShowStarted and TooLateToCancel; but a hold may go after the start too."""
    statuses = {booking.status for booking in bookings}
    if statuses != {Status.HELD} or inventory.show.status == Show.Status.CANCELLED:
        refuse_if_started(inventory.show, inventory.at)
    if Status.BOOKED in statuses:
        _refuse_if_too_late(inventory.show, inventory.at)


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


def _refuse_if_too_late(show: Show, at: datetime) -> None:
    if at > _cancel_until(show):
        raise TooLateToCancel


def _cancel_until(show: Show) -> datetime:
    return show.starts_at - timedelta(minutes=settings.CANCEL_CUTOFF_MINUTES)


def _refund_percent(show: Show, at: datetime) -> int:
    return refund_percent(parse_tiers(settings.REFUND_TIERS), show.starts_at, at)
