"""What the house does with its own seats and shows."""

from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bookings.errors import NoSuchSeat, NotBlocked, ShowStarted, reasons
from bookings.models import Door, Status
from bookings.services.ledger import Actor, Room, change, take
from bookings.services.rules import refuse_taken, refuse_unless_ahead
from movies.errors import ShowCancelled, WrongStatus
from movies.models import Show
from movies.seat_plan import SeatSelectionError


class Selection(NamedTuple):
    """Seats of a show, by number and as labels: "C1-C6, D4"."""

    show: int
    seat_numbers: list[int]
    seats: str


@transaction.atomic
def block_seats(
    *, staff: User, show_id: int, seats: str, reason: str = "", door: Door = Door.API
) -> Selection:
    """Withhold seats such as "C1-C6, D4" from sale and return which. All or none.

    Raises NotFound, ShowCancelled, ShowStarted, NoSuchSeat for a selection that cannot be read, and
    SeatTaken that names every seat that is not free.
    """
    show = Show.objects.lock(show_id)
    refuse_unless_ahead(show)
    selection = _selected(show, seats)
    room = Room(show)
    refuse_taken(room, selection.seat_numbers)
    room.free_expired()
    take(
        show,
        user=staff,
        prices=dict.fromkeys(selection.seat_numbers, Decimal(0)),
        status=Status.BLOCKED,
        actor=Actor(staff, door),
        for_house=True,
        reason=reason,
    )
    return selection


@transaction.atomic
def free_seats(*, staff: User, show_id: int, seats: str, door: Door = Door.API) -> Selection:
    """Put blocked seats back on sale and return which. All or none.

    Raises NotFound, ShowCancelled, NoSuchSeat, and NotBlocked that names every other seat.
    """
    show = Show.objects.lock(show_id)
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    selection = _selected(show, seats)
    taken = Room(show).taken
    others = {n: taken.get(n, "available") for n in selection.seat_numbers if taken.get(n) != Status.BLOCKED}
    if others:
        raise NotBlocked(seats=reasons(others))
    blocked = show.bookings.filter(status=Status.BLOCKED, seat_number__in=selection.seat_numbers)
    change(show, blocked, Status.CANCELLED, Actor(staff, door))
    return selection


@transaction.atomic
def cancel_show(*, staff: User, show_id: int, reason: str, door: Door = Door.API) -> tuple[Show, int]:
    """Take a show off for good, with all its bookings; return it and how many seats were cancelled.

    Everything that was paid comes back. Seats that the house had blocked are freed too but not
    counted: nobody is waiting for them. Raises NotFound, ShowCancelled if it already was, WrongStatus
    for a draft, and ShowStarted once it is over.
    """
    show = Show.objects.lock(show_id)
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    if show.status == Show.Status.DRAFT:
        raise WrongStatus("A draft was never on sale: delete it, or leave it a draft.")
    if show.ends_at <= timezone.now():
        raise ShowStarted("The show is over.")
    room, actor = Room(show), Actor(staff, door)
    room.free_expired()
    live = list(show.bookings.live(room.now))
    booked = [booking for booking in live if booking.status == Status.BOOKED]
    held = [booking for booking in live if booking.status == Status.HELD]
    blocked = [booking for booking in live if booking.status == Status.BLOCKED]
    change(show, booked, Status.CANCELLED, actor, reason=reason, refund_percent=100)
    change(show, held, Status.CANCELLED, actor, reason=reason)
    change(show, blocked, Status.CANCELLED, actor)
    show.status, show.cancelled_at, show.cancel_reason = Show.Status.CANCELLED, timezone.now(), reason
    show.seats_version += 1
    show.save(update_fields=["status", "cancelled_at", "cancel_reason", "seats_version"])
    return show, len(booked) + len(held)


def _selected(show: Show, seats: str) -> Selection:
    try:
        numbers = show.plan.numbers_of(seats)
    except SeatSelectionError as error:
        raise NoSuchSeat(errors={"seats": [str(error)]}) from error
    if not numbers:
        raise NoSuchSeat(errors={"seats": ["Name at least one seat, such as C7 or C1-C6."]})
    return Selection(show.pk, list(numbers), show.plan.labels_of(numbers))
