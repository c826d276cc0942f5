"""House seats: those that staff withhold from sale, and put back on sale."""

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction

from accounts.actors import Actor
from bookings.errors import NoSuchSeat, NotBlocked, SoldInPairs, reasons
from bookings.models import Status
from bookings.services.inventory import SeatInventory
from bookings.services.rules import (
    other_halves,
    refuse_giving_back,
    refuse_half_sofas,
    refuse_if_started,
    refuse_single_seats,
    refuse_taken,
)
from movies.errors import ShowCancelled
from movies.models import Show
from movies.seat_plan import SeatSelectionError


class SeatSelection(NamedTuple):
    """Seats of a show, by number and as labels: "C1-C6, D4"."""

    show: int
    seat_numbers: list[int]
    seats: str


@transaction.atomic
def block_seats(
    show_id: int, seats: str, *, actor: Actor, reason: str = "", leave_single_seat: bool = False
) -> SeatSelection:
    """Withhold seats such as "C1-C6, D4" from sale and return which. All or none.

    Raises SeatTaken that names every seat that is not free, NoSuchSeat for a selection that cannot be read,
    SoldInPairs, LeavesSingleSeat, NotFound, ShowCancelled and ShowStarted.
    """
    inventory = SeatInventory.lock(show_id)
    refuse_if_started(inventory.show, inventory.at)
    selection = _read_selection(inventory.show, seats)
    refuse_taken(inventory, selection.seat_numbers)
    refuse_half_sofas(inventory.show, selection.seat_numbers)
    if not leave_single_seat:
        refuse_single_seats(inventory, set(selection.seat_numbers))
    inventory.allocate(
        dict.fromkeys(selection.seat_numbers, Decimal(0)),
        order=inventory.new_order(actor.person),
        status=Status.BLOCKED,
        actor=actor,
        reason=reason,
    )
    return selection


@transaction.atomic
def release_seats(
    show_id: int,
    seats: str,
    *,
    actor: Actor,
    booking_ids: Collection[int] | None = None,
    leave_single_seat: bool = False,
) -> SeatSelection:
    """Put blocked seats back on sale and return which. All or none.

    With `booking_ids` only what these bookings block: a seat that was blocked anew since is none of them.
    Raises NotBlocked that names every other seat, SoldInPairs for half a sofa of which the other half would
    stay blocked, LeavesSingleSeat, NoSuchSeat, NotFound and ShowCancelled.
    """
    inventory = SeatInventory.lock(show_id)
    if inventory.show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    selection = _read_selection(inventory.show, seats)
    statuses = {n: inventory.occupied.get(n, "available") for n in selection.seat_numbers}
    if others := {n: status for n, status in statuses.items() if status != Status.BLOCKED}:
        raise NotBlocked(seats=reasons(others))
    blocked = list(inventory.bookings().filter(seat_number__in=selection.seat_numbers))
    if booking_ids is not None:
        anew = {b.seat_number: "blocked anew" for b in blocked if b.pk not in booking_ids}
        if anew:
            raise NotBlocked("Seats were blocked anew meanwhile: none was released.", seats=reasons(anew))
    missing = other_halves(inventory.show, selection.seat_numbers) - set(selection.seat_numbers)
    if kept := [n for n in missing if inventory.occupied.get(n) == Status.BLOCKED]:
        raise SoldInPairs(seats=reasons(dict.fromkeys(kept, "other_half")))
    refuse_giving_back(inventory, blocked, leave_single_seat=leave_single_seat)
    inventory.transition(blocked, Status.CANCELLED, actor=actor)
    return selection


def _read_selection(show: Show, seats: str) -> SeatSelection:
    try:
        numbers = show.plan.numbers_of(seats)
    except SeatSelectionError as error:
        raise NoSuchSeat.of("seats", str(error), "no_such_seat") from error
    if not numbers:
        raise NoSuchSeat.of("seats", "Name at least one seat, such as C7 or C1-C6.", "required")
    return SeatSelection(show.pk, list(numbers), show.plan.labels_of(numbers))
