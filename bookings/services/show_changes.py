"""Changing a show of which seats may have been taken."""

from typing import Any

from django.db import transaction

from accounts.actors import Actor, Channel
from bookings.errors import ShowHasBookings, ShowStarted
from bookings.queries import was_sold
from bookings.services.former_labels import keep_labels
from bookings.services.inventory import SeatInventory
from bookings.services.moving import carry_out, plan_move
from movie_booking.errors import Invalid
from movies.models import Show
from movies.seat_plan import draw_plan, plan_of
from movies.services import (
    SLOT_FIELDS,
    TICKET_FIELDS,
    Versions,
    copy_seat_plan,
    lock_place,
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
    written down as a ShowEvent. A show that sold gets more seats if all tickets stay true. Raises NotFound,
    ScreenOccupied, Invalid for a start or end that has passed, WrongStatus, ShowCancelled, ShowStarted once
    it is over, and ShowHasBookings for what cannot change under a sold ticket.
    """
    inventory = SeatInventory.lock(show_id)
    show = inventory.show
    refuse_stale(show, versions)
    changes = {name: value for name, value in changes.items() if getattr(show, name) != value}
    if not changes:
        return show
    refuse_change(show, changes)
    named = {name: (getattr(show, name), value) for name, value in changes.items()}
    if changes.keys() & FACTS:
        _refuse_facts(inventory, changes)
        if "total_seats" in changes and was_sold(show, inventory.at):
            _resize(inventory, changes.pop("total_seats"), actor=actor, reason=reason)
    facts = sorted(changes.keys() & FACTS)
    before, plan = {name: getattr(show, name) for name in facts}, show.plan
    starts, ends = show.starts_at, show.ends_at
    reschedule_show(show, changes)
    if facts:
        if show.has_ended(inventory.at):
            raise Invalid("The show would be over by now.")
        happened = {name: (before[name], getattr(show, name)) for name in facts}
        if show.ends_at - show.starts_at != ends - starts:
            happened["ends_at"] = (ends, show.ends_at)
        if show.plan != plan:
            keep_labels(show, plan, show.plan)
            happened["seat_plan"] = (draw_plan(plan), show.seat_plan)
        record_show_event(show, happened, at=inventory.at, actor=actor, reason=reason)
        show.save(update_fields=["version"])
    if actor.channel == Channel.API:  # the Admin writes its log itself
        log_change(show, named, actor.user)
    return show


def _refuse_facts(inventory: SeatInventory, changes: dict[str, Any]) -> None:
    show, at = inventory.show, inventory.at
    if show.has_ended(at):
        raise ShowStarted("The show is over.")
    if changes.keys() & TICKET_FIELDS:
        inventory.expire_holds()  # so that none counts in fewer seats
        if changes.keys() & {"movie", "screen"} and was_sold(show, at):
            raise ShowHasBookings


def _resize(inventory: SeatInventory, total_seats: int, *, actor: Actor, reason: str) -> None:
    """Give a show that sold more seats of its screen as it is drawn now. Raises Invalid unless the screen has
    them, and ShowHasBookings for fewer or if a ticket would not stay true.
    """
    show = inventory.show
    if total_seats < show.total_seats:
        raise ShowHasBookings
    lock_place(show)  # the plan of the screen must not change meanwhile
    move = plan_move(inventory, plan_of(copy_seat_plan(show.screen, total_seats), total_seats))
    if move.changed or move.left_out or move.dropped:
        raise ShowHasBookings(
            "Sold seats would change or be gone: move the show with its guests to see who sits where."
        )
    carry_out(inventory, move, {}, actor=actor, reason=reason)
