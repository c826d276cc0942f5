"""Changing a show of which seats may have been taken."""

from typing import Any

from django.db import transaction

from accounts.actors import Actor, Channel
from bookings.errors import ShowHasBookings, ShowStarted
from bookings.queries import was_sold
from bookings.services.inventory import SeatInventory
from movie_booking.errors import Invalid
from movies.models import Show
from movies.services import (
    SLOT_FIELDS,
    TICKET_FIELDS,
    Versions,
    log_change,
    record_show_event,
    refuse_change,
    refuse_stale,
    reschedule_show,
)

# What tickets and posters say of place and time.
FACTS = TICKET_FIELDS | SLOT_FIELDS


@transaction.atomic
def change_show(
    show_id: int, *, actor: Actor, reason: str = "", versions: Versions = None, **changes: Any
) -> Show:
    """Change a show's fields, by name, and return it. A new start, pre-show or movie moves its end along.

    `versions` says which versions of it the change may be based on. What tickets and posters say of it is
    written down as a ShowEvent. Raises NotFound, ScreenOccupied, Invalid for a start or end that has passed,
    WrongStatus, ShowCancelled, ShowStarted once it is over, and ShowHasBookings for what cannot change
    under a sold ticket.
    """
    inventory = SeatInventory.lock(show_id)
    show = inventory.show
    refuse_stale(show, versions)
    changes = {name: value for name, value in changes.items() if getattr(show, name) != value}
    if not changes:
        return show
    refuse_change(show, changes)
    facts = changes.keys() & FACTS
    if facts:
        _refuse_facts(inventory, changes)
    if "pre_show_minutes" in facts:
        facts |= {"ends_at"}
    before = {name: getattr(show, name) for name in facts}
    reschedule_show(show, changes)
    if facts and show.has_ended(inventory.at):
        raise Invalid("The show would be over by now.")
    if facts:
        happened = {name: (before[name], getattr(show, name)) for name in sorted(facts)}
        record_show_event(show, happened, at=inventory.at, actor=actor, reason=reason)
        show.save(update_fields=["version"])
    if actor.channel == Channel.API:  # the Admin writes its log itself
        log_change(show, list(changes), actor.user)
    return show


def _refuse_facts(inventory: SeatInventory, changes: dict[str, Any]) -> None:
    show, at = inventory.show, inventory.at
    if show.has_ended(at):
        raise ShowStarted("The show is over.")
    if changes.keys() & TICKET_FIELDS:
        inventory.expire_holds()  # so that none counts in fewer seats
        if was_sold(show, at):
            raise ShowHasBookings
