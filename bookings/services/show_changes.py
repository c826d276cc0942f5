"""Changing a show of which seats may have been taken."""

from typing import Any

from django.db import transaction

from bookings.errors import ShowHasBookings
from bookings.queries import was_sold
from bookings.services.inventory import SeatInventory
from movies.models import Show
from movies.services import TICKET_FIELDS, refuse_change, reschedule_show


@transaction.atomic
def change_show(show_id: int, **changes: Any) -> Show:
    """Change a show's fields, by name, and return it. A new start or movie moves its end along.

    Raises NotFound, ScreenOccupied, Invalid, WrongStatus, ShowCancelled, and ShowHasBookings for what a
    sold ticket says.
    """
    inventory = SeatInventory.lock(show_id)
    show = inventory.show
    changes = {name: value for name, value in changes.items() if getattr(show, name) != value}
    if not changes:
        return show
    refuse_change(show, changes)
    if changes.keys() & TICKET_FIELDS:
        inventory.expire_holds()  # so that none counts in fewer seats
        if was_sold(show, inventory.at):
            raise ShowHasBookings
    reschedule_show(show, changes)
    return show
