"""Exchanging seats of an order for others, of the same show or of another."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction

from accounts.actors import Actor
from bookings.errors import NotExchangeable
from bookings.models import Booking, Order, Status
from bookings.queries import EXCHANGED
from bookings.refunds import cap_tiers
from bookings.services.inventory import SeatInventory
from bookings.services.limits import (
    refuse_too_many_for_staff,
    refuse_too_many_holds,
    refuse_too_many_seats,
)
from bookings.services.locked_order import LockedOrder
from bookings.services.rules import (
    refuse_giving_back,
    refuse_half_sofas_kept,
    refuse_if_started,
    refuse_if_too_late,
    refuse_other_cinemas,
    refuse_other_version,
    refuse_seating,
    refuse_seats_without_booking,
    refuse_unknown_seats,
    refuse_unless_sold,
    refuse_unless_sold_at_box_office,
    sale_terms,
    seat_prices,
)
from movie_booking.errors import Conflict, Invalid
from movies.models import Show


@transaction.atomic
def exchange_seats(
    order: Order,
    *,
    actor: Actor,
    from_seats: Collection[int],
    to_seats: Collection[int],
    to_show: int | None = None,
    show_version: int | None = None,
    leave_single_seat: bool = False,
    at_box_office: bool = False,
) -> Order:
    """Exchange seats of an order for as many others, in one step, and return the order.

    The customer is never without a seat and never has two. What was held stays held until the same
    moment, what was booked is booked; each new seat costs what its kind costs now, and all that was
    paid for the old one counts towards it. A seat named on both sides stays as it is. For seats of another
    show, `to_show`, the order that is returned is a new one: see `swap_seats`. Staff exchange as long as the
    box office sells, with limits of their own.

    Raises NotFound, Invalid for seats that never were in the order or are not as many, HoldExpired,
    AlreadyCancelled, NoSuchSeat, ShowChanged, SeatTaken, SoldInPairs, CompanionWithoutWheelchair,
    LeavesSingleSeat, ShowCancelled, ShowStarted, NotOnSale and SalesClosed; for another show also
    NotExchangeable, TooLateToCancel, TooManySeats and TooManyHolds.
    """
    if to_show is not None and to_show != order.show_id:
        return swap_seats(
            order,
            actor=actor,
            from_seats=from_seats,
            to_show=to_show,
            to_seats=to_seats,
            show_version=show_version,
            leave_single_seat=leave_single_seat,
            at_box_office=at_box_office,
        )
    inventory, locked = SeatInventory.lock_order(order.show_id, order.pk)
    locked.refuse_unless_live()
    refuse_unless_sold(inventory.show, inventory.at, at_box_office=at_box_office)
    refuse_other_version(inventory.show, show_version)
    refuse_seats_without_booking(locked, from_seats, field="from")
    _refuse_another_number(from_seats, to_seats)
    refuse_unknown_seats(inventory.show, to_seats, field="to")
    until_now = {booking.seat_number for booking in locked.live}
    party = until_now - set(from_seats) | set(to_seats)
    leaving = [booking for booking in locked.live if booking.seat_number not in party]
    locked.order.known_bookings = locked.bookings
    if not leaving:
        return locked.order
    refuse_seating(
        inventory,
        party,
        taking=set(to_seats) - set(from_seats),
        customer=locked.order.customer,
        until_now=until_now,
        leave_single_seat=leave_single_seat,
    )
    taken = _exchange(leaving, party - until_now, locked.order, actor, here=inventory, there=inventory)
    locked.order.known_bookings = sorted(
        [*locked.bookings, *taken], key=lambda booking: (booking.seat_number, booking.pk)
    )
    return locked.order


@transaction.atomic
def swap_seats(
    order: Order,
    *,
    actor: Actor,
    from_seats: Collection[int],
    to_show: int,
    to_seats: Collection[int],
    show_version: int | None = None,
    leave_single_seat: bool = False,
    at_box_office: bool = False,
) -> Order:
    """Exchange seats of an order for as many of another show, in one step, and return the order of those.

    The other show is of the same movie or in the same cinema, unless staff do it, who may also be late. As in
    an exchange within a show, what was held stays held, what was booked is booked, and all that was paid
    counts. The new order is on the terms that are in force now for its show, but gives back no larger share
    than the old seats would have given.

    Raises NotFound, also for a show that customers, or the machine who asks, do not see; NotExchangeable;
    Invalid for seats that never were in the order or are not as many, HoldExpired, AlreadyCancelled and
    TooLateToCancel; NoSuchSeat, ShowChanged, SeatTaken, NotOnSale, SalesClosed, TooManySeats and TooManyHolds
    of the other show; and of either show SoldInPairs, CompanionWithoutWheelchair, LeavesSingleSeat,
    ShowCancelled and ShowStarted. A refusal that follows from one of the shows names it, as `show`.
    """
    shows = SeatInventory.lock_all([order.show_id, to_show])
    here, there = shows[order.show_id], shows[to_show]
    refuse_other_cinemas(there.show, actor)
    with _refused_by(there.show):
        refuse_unless_sold(there.show, there.at, at_box_office=at_box_office)
        refuse_other_version(there.show, show_version)
    if not at_box_office:
        _refuse_unless_exchangeable(here.show, there.show)
    locked = here.order(order.pk)
    locked.refuse_unless_live()
    refuse_seats_without_booking(locked, from_seats, field="from")
    _refuse_another_number(from_seats, to_seats)
    leaving = [booking for booking in locked.live if booking.seat_number in from_seats]
    is_hold = leaving[0].status == Status.HELD
    with _refused_by(here.show):
        if at_box_office:
            refuse_unless_sold_at_box_office(here.show, here.at)
        else:
            refuse_if_started(here.show, here.at)
        if not is_hold and not at_box_office:
            refuse_if_too_late(sale_terms(locked.order, here.show), here.at)
        refuse_half_sofas_kept(here.show, locked, leaving)
        refuse_giving_back(here, leaving, leave_single_seat=leave_single_seat)
    customer = locked.order.customer
    with _refused_by(there.show):
        refuse_unknown_seats(there.show, to_seats, field="to")
        refuse_seating(
            there,
            set(to_seats),
            taking=to_seats,
            customer=customer,
            leave_single_seat=leave_single_seat,
        )
        if at_box_office:
            refuse_too_many_for_staff(there, customer, len(to_seats))
        elif customer:
            refuse_too_many_seats(there, customer, len(to_seats))
    stays_on_hold = is_hold and len(leaving) < len(locked.live)  # what is left of it: an order of its own
    if stays_on_hold and customer and not at_box_office:
        refuse_too_many_holds(there, customer)
    swapped = _new_order(locked, here=here, there=there, is_hold=is_hold)
    swapped.known_bookings = _exchange(leaving, to_seats, swapped, actor, here=here, there=there)
    return swapped


@contextmanager
def _refused_by(show: Show) -> Iterator[None]:
    """Say in a refusal which of the two shows it is about."""
    try:
        yield
    except Conflict as refusal:
        refusal.extra["show"] = show.pk
        raise


def _refuse_another_number(from_seats: Collection[int], to_seats: Collection[int]) -> None:
    if len(from_seats) != len(to_seats):
        raise Invalid.of("to", f"Name as many seats as you give back: {len(from_seats)}.", "wrong_number")


def _refuse_unless_exchangeable(show: Show, other: Show) -> None:
    if show.movie_id != other.movie_id and show.cinema_id != other.cinema_id:
        raise NotExchangeable


def _new_order(locked: LockedOrder, *, here: SeatInventory, there: SeatInventory, is_hold: bool) -> Order:
    """The order of the other show, without its bookings."""
    order = there.new_order(
        locked.order.customer, sold_by=locked.order.sold_by, machine_id=locked.order.machine_id
    )
    order.exchanged_from = locked.order
    if is_hold:
        # It cannot be extended for longer than the hold that it goes on with.
        order.created_at = locked.order.created_at
    else:
        percent = sale_terms(locked.order, here.show).refund_percent(here.at)
        order.refund_tiers = cap_tiers(order.refund_tiers, percent)
    order.save(force_insert=True)
    return order


def _exchange(
    leaving: Sequence[Booking],
    numbers: Collection[int],
    order: Order,
    actor: Actor,
    *,
    here: SeatInventory,
    there: SeatInventory,
) -> list[Booking]:
    """Give these bookings up for seats that become what they were, held or booked, in the order; return
    those.
    """
    # The live seats of an order are all held until the same moment, or all booked.
    status, expires_at = Status(leaving[0].status), leaving[0].expires_at
    here.transition(
        leaving,
        Status.CANCELLED,
        actor=actor,
        reason=EXCHANGED,
        refund_percent=100 if status == Status.BOOKED else None,
    )
    return there.allocate(
        seat_prices(there.show, numbers), order=order, status=status, actor=actor, expires_at=expires_at
    )
