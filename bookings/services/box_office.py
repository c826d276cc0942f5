"""Selling at the box office: to whoever stands there or calls, at once or for a group that decides later."""

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.models import User
from bookings.errors import NotHeld
from bookings.models import Order, Status
from bookings.services.constraint import constraint_as_refusal
from bookings.services.guests import GuestDetails, walk_in
from bookings.services.holds import SeatChoice, Staffed, place
from bookings.services.inventory import SeatInventory
from bookings.services.rules import refuse_hold_until, refuse_unless_sold_at_box_office


def sell_seats(
    show_id: int,
    choice: SeatChoice,
    *,
    guest: GuestDetails | None,
    actor: Actor,
    hold_until: datetime | None = None,
    customer: User | None = None,
) -> Order:
    """Sell seats to a guest, or to a `customer` with an account, all or none, and return the order.

    They are booked at once, or held until `hold_until`, as for a school that decides by then. The guest may
    say nothing of themselves. Staff have limits of their own, sell before the sale to the public begins, and
    until BOX_OFFICE_MINUTES_AFTER_START.

    Raises Invalid for a `hold_until` that is over or after the start of the show; SeatTaken that names every
    seat that is not free; NotTogether and NotEnoughSeats if there are no such best available seats;
    SoldInPairs, CompanionWithoutWheelchair, LeavesSingleSeat, TooManySeats, NoSuchSeat, ShowChanged for
    another version of the show, NotFound, ShowCancelled and ShowStarted.
    """
    with constraint_as_refusal(choice.seat_numbers):
        bookings = place(
            show_id,
            choice,
            Status.BOOKED if hold_until is None else Status.HELD,
            customer=customer or walk_in(guest),
            actor=actor,
            field="seat_numbers",
            staffed=Staffed(hold_until),
        )
    order = bookings[0].order
    order.known_bookings = bookings
    return order


@transaction.atomic
def hold_order_until(order: Order, until: datetime) -> Order:
    """Give an order on hold another moment at which its seats are free again, and return it.

    Raises Invalid for a moment that is over or after the start of the show, HoldExpired, NotHeld,
    AlreadyCancelled, ShowCancelled and ShowStarted.
    """
    inventory, locked = SeatInventory.lock_order(order.show_id, order.pk)
    locked.refuse_unless_live()
    if not locked.on_hold:
        raise NotHeld
    refuse_unless_sold_at_box_office(inventory.show, inventory.at)
    refuse_hold_until(inventory.show, until, inventory.at)
    inventory.extend_holds(locked.on_hold, until)
    locked.order.known_bookings = locked.bookings
    return locked.order
