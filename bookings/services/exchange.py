"""Exchanging seats of an order for others of the same show."""

from collections.abc import Collection

from django.db import transaction

from accounts.actors import Actor
from bookings.models import Order, Status
from bookings.services.inventory import SeatInventory
from bookings.services.rules import (
    refuse_seating,
    refuse_seats_without_booking,
    refuse_unknown_seats,
    refuse_unless_on_sale,
    seat_prices,
)
from movie_booking.errors import Invalid


@transaction.atomic
def exchange_seats(
    order: Order,
    *,
    actor: Actor,
    from_seats: Collection[int],
    to_seats: Collection[int],
    leave_single_seat: bool = False,
) -> Order:
    """Exchange seats of an order for as many others, in one step, and return the order.

    The customer is never without a seat and never has two. What was held stays held until the same
    moment, what was booked is booked; each new seat costs what its kind costs now, and all that was
    paid for the old one counts towards it. A seat named on both sides stays as it is.

    Raises NotFound, Invalid for seats that never were in the order or are not as many, HoldExpired,
    AlreadyCancelled, NoSuchSeat, ShowChanged, SeatTaken, SoldInPairs, CompanionWithoutWheelchair,
    LeavesSingleSeat, ShowCancelled, ShowStarted, NotOnSale and SalesClosed.
    """
    inventory = SeatInventory.lock(order.show_id)
    locked = inventory.order(order.pk)
    locked.refuse_unless_live()
    refuse_unless_on_sale(inventory.show, inventory.at)
    refuse_seats_without_booking(locked, from_seats, field="from")
    if len(from_seats) != len(to_seats):
        raise Invalid(errors={"to": [f"Name as many seats as you give back: {len(from_seats)}."]})
    refuse_unknown_seats(inventory.show, to_seats, field="to")
    until_now = {booking.seat_number for booking in locked.live}
    party = until_now - set(from_seats) | set(to_seats)
    leaving = [booking for booking in locked.live if booking.seat_number not in party]
    if not leaving:
        return locked.order
    refuse_seating(
        inventory,
        party,
        taking=set(to_seats) - set(from_seats),
        until_now=until_now,
        leave_single_seat=leave_single_seat,
    )
    # The live seats of an order are all held until the same moment, or all booked.
    status, expires_at = Status(leaving[0].status), leaving[0].expires_at
    inventory.transition(
        leaving,
        Status.CANCELLED,
        actor=actor,
        reason="Exchanged",
        refund_percent=100 if status == Status.BOOKED else None,
    )
    inventory.allocate(
        seat_prices(inventory.show, party - until_now),
        order=locked.order,
        status=status,
        actor=actor,
        expires_at=expires_at,
    )
    return locked.order
