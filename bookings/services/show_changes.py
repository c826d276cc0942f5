"""Changing a show of which seats may have been taken."""

from typing import Any

from django.db import transaction

from accounts.models import User
from bookings.errors import ShowHasBookings
from bookings.queries import was_ever_taken
from bookings.services.inventory import SeatInventory
from movies.models import Show
from movies.services import (
    TICKET_FIELDS,
    Versions,
    log_change,
    refuse_change,
    refuse_stale,
    reschedule_show,
)


@transaction.atomic
def change_show(
    show_id: int, *, versions: Versions = None, editor: User | None = None, **changes: Any
) -> Show:
    """Change a show's fields, by name, and return it. A new start or movie moves its end along.

    `versions` says which versions of it the change may be based on, `editor` who changes it through the API.
    Raises NotFound, ScreenOccupied, Invalid, WrongStatus, ShowCancelled, and ShowHasBookings for what a
    sold ticket says.
    """
    show = SeatInventory.lock(show_id).show
    refuse_stale(show, versions)
    changes = {name: value for name, value in changes.items() if getattr(show, name) != value}
    if not changes:
        return show
    refuse_change(show, changes)
    if changes.keys() & TICKET_FIELDS and was_ever_taken(show):
        raise ShowHasBookings
    reschedule_show(show, changes)
    log_change(show, list(changes), editor)
    return show
