"""How a customer comes to seats: by holding them while paying, or by booking one at once.

Booking one seat is an order of one that is confirmed at once; there is no other way to a seat.
"""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from bookings.best_available import best_available, largest_free_block
from bookings.errors import (
    NoSuchSeat,
    NotEnoughSeats,
    NotTogether,
    SeatTaken,
    TooManyHolds,
    TooManySeats,
    reasons,
)
from bookings.models import Booking, Door, Order, Status
from bookings.services.ledger import Actor, Room, take
from bookings.services.rules import (
    held_until,
    prices_of,
    refuse_half_sofas,
    refuse_single_seats,
    refuse_taken,
    refuse_unless_on_sale,
)
from movie_booking.database import violates
from movies.models import Show
from movies.seat_plan import SeatKind

Adjacent = Literal["required", "preferred"]


class Wish(NamedTuple):
    """What a customer asks for: seats by number, or as many as the house finds best."""

    seat_numbers: Sequence[int] | None = None
    best_available: int | None = None
    kind: SeatKind | None = None
    adjacent: Adjacent = "preferred"
    # Only for staff: see the single-seat rule of the screen.
    leave_single_seat: bool = False


def book_seat(
    *,
    user: User,
    show_id: int,
    seat_number: int,
    leave_single_seat: bool = False,
    door: Door = Door.API,
) -> Booking:
    """Give the user the seat and return the booking: an order of one, confirmed at once.

    Raises NoSuchSeat, and what `hold_seats` raises but for TooManyHolds.
    """
    wish = Wish(seat_numbers=[seat_number], leave_single_seat=leave_single_seat)
    _, [booking] = _place(user, show_id, wish, Status.BOOKED, Actor(user, door))
    return booking


def hold_seats(*, user: User, show_id: int, wish: Wish, door: Door = Door.API) -> Order:
    """Hold seats for the user while they pay, all or none, and return the order.

    Raises NotFound, ShowCancelled, ShowStarted, NotOnSale, SalesClosed; SeatTaken that names every
    seat in the way; NotTogether and NotEnoughSeats for what the house cannot find; SoldInPairs,
    LeavesSingleSeat, TooManySeats and TooManyHolds.
    """
    order, _ = _place(user, show_id, wish, Status.HELD, Actor(user, door))
    return order


Placed = tuple[Order, list[Booking]]


def _place(user: User, show_id: int, wish: Wish, status: Status, actor: Actor) -> Placed:
    try:
        return _place_in_turn(user, show_id, wish, status, actor)
    except IntegrityError as error:
        # Not reached while everybody takes the lock; the constraint does not rely on that.
        if violates(error, "one_live_booking_per_seat"):
            numbers = wish.seat_numbers or ()
            raise SeatTaken(seats=reasons(dict.fromkeys(numbers, Status.BOOKED))) from error
        raise


@transaction.atomic
def _place_in_turn(user: User, show_id: int, wish: Wish, status: Status, actor: Actor) -> Placed:
    show = Show.objects.lock(show_id)
    refuse_unless_on_sale(show)
    if status == Status.BOOKED:
        _refuse_unknown_seats(show, wish.seat_numbers or ())
    room = Room(show)
    numbers = _choose(room, wish)
    refuse_taken(room, numbers)
    refuse_half_sofas(show, numbers)
    if not wish.leave_single_seat:
        refuse_single_seats(room, set(numbers))
    _refuse_beyond_limits(room, user, len(numbers), status)
    room.free_expired()
    return take(
        show,
        user=user,
        prices=prices_of(show, numbers),
        status=status,
        actor=actor,
        expires_at=held_until(room.now, room.now) if status == Status.HELD else None,
        now=room.now,
    )


def _choose(room: Room, wish: Wish) -> Collection[int]:
    if wish.best_available is None:
        return wish.seat_numbers or ()
    plan, taken, seats = room.show.plan, room.taken.keys(), wish.best_available
    numbers = best_available(plan, taken, seats, kind=wish.kind, adjacent=wish.adjacent)
    if numbers is None:
        refusal = NotTogether if wish.adjacent == "required" else NotEnoughSeats
        raise refusal(largest_block=largest_free_block(plan, taken, wish.kind))
    return numbers


def _refuse_unknown_seats(show: Show, numbers: Collection[int]) -> None:
    if not all(show.plan.has_seat(number) for number in numbers):
        raise NoSuchSeat(errors={"seat_number": [f"Seats are numbered 1 to {show.total_seats}."]})


def _refuse_beyond_limits(room: Room, user: User, seats: int, status: Status) -> None:
    if room.seats_of(user) + seats > settings.MAX_SEATS_PER_SHOW:
        raise TooManySeats(limit=settings.MAX_SEATS_PER_SHOW)
    if status == Status.HELD:
        _wait_for_other_holds_of(user)
        held = Booking.objects.live(room.now).filter(user=user, status=Status.HELD)
        if held.values("order").distinct().count() >= settings.MAX_HELD_ORDERS:
            raise TooManyHolds(limit=settings.MAX_HELD_ORDERS)


def _wait_for_other_holds_of(user: User) -> None:
    """Until the transaction ends, let no other hold of this user, of whatever show, be counted.

    Who gets here has the lock of their show already and waits for no other, so nobody goes in a circle.
    """
    if connection.vendor == "postgresql":  # SQLite has one writer at a time
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"holds of {user.pk}"])
