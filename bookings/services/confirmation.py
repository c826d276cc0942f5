"""Booking what an order holds."""

from django.db import transaction

from accounts.actors import Actor
from bookings.errors import AlreadyConfirmed, ShowChanged
from bookings.models import Order, Status
from bookings.queries import changes_since_sale
from bookings.services.inventory import SeatInventory
from bookings.services.locked_order import LockedOrder
from bookings.services.rules import refuse_if_started, refuse_unless_sold_at_box_office, sale_terms
from movies.models import Show


@transaction.atomic
def confirm_order(
    order: Order, *, actor: Actor, show_version: int | None = None, at_box_office: bool = False
) -> Order:
    """Book the seats of an order that is on hold, and return the order.

    If the show was moved since the seats were held, the customer must accept it as it is now, by its
    `show_version`. Staff book them as long as the box office sells the show. Raises HoldExpired (the seats
    are never taken anew), AlreadyConfirmed, AlreadyCancelled, ShowChanged, ShowCancelled and ShowStarted.
    """
    inventory, locked = SeatInventory.lock_order(order.show_id, order.pk)
    return confirm_in(inventory, locked, actor=actor, show_version=show_version, at_box_office=at_box_office)


def confirm_in(
    inventory: SeatInventory,
    locked: LockedOrder,
    *,
    actor: Actor,
    show_version: int | None = None,
    at_box_office: bool = False,
) -> Order:
    """The same in a show that is locked. It writes nothing before all is well."""
    locked.refuse_unless_live()
    if not locked.on_hold:
        raise AlreadyConfirmed
    if at_box_office:
        refuse_unless_sold_at_box_office(inventory.show, inventory.at)
    else:
        refuse_if_started(inventory.show, inventory.at)
    if sale_terms(locked.order, inventory.show).is_moved:
        _accept_or_refuse(locked, inventory.show, show_version)
    inventory.transition(locked.on_hold, Status.BOOKED, actor=actor, is_last=True)
    locked.order.known_bookings = locked.bookings
    return locked.order


def _accept_or_refuse(locked: LockedOrder, show: Show, show_version: int | None) -> None:
    """Take the show as it is now into the terms of the order. Raises ShowChanged for any other version."""
    order = locked.order
    if show_version != show.version:
        raise ShowChanged(show_version=show.version, changes=changes_since_sale(order, locked.on_hold, show))
    order.promised_starts_at, order.promised_screen = show.starts_at, show.screen
    order.show_version, order.is_reseated = show.version, False
    order.save(update_fields=["promised_starts_at", "promised_screen", "show_version", "is_reseated"])
