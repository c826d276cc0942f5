"""Booking what an order holds."""

from django.db import transaction

from bookings.errors import AlreadyConfirmed
from bookings.models import Order, Status
from bookings.services.actors import Actor
from bookings.services.inventory import SeatInventory
from bookings.services.rules import refuse_if_started


@transaction.atomic
def confirm_order(order: Order, *, actor: Actor) -> Order:
    """Book the seats of an order that is on hold, and return the order.

    Raises HoldExpired (the seats are never taken anew), AlreadyConfirmed, AlreadyCancelled, ShowCancelled and
    ShowStarted.
    """
    inventory = SeatInventory.lock(order.show_id)
    locked = inventory.order(order.pk)
    locked.refuse_unless_live()
    if not locked.on_hold:
        raise AlreadyConfirmed
    refuse_if_started(inventory.show, inventory.at)
    inventory.transition(locked.on_hold, Status.BOOKED, actor=actor)
    return locked.order
