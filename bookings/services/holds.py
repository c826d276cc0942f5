"""How a customer comes to seats: by holding them while paying, or by booking one at once.

Booking one seat is an order of one that is confirmed at once; there is no other way to a seat.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from django.conf import settings
from django.db import OperationalError, transaction

from accounts.actors import Actor
from accounts.models import User
from bookings.errors import (
    HoldLimitReached,
    NotEnoughSeats,
    NotHeld,
    NotTogether,
)
from bookings.models import Booking, Customer, Guest, Order, Status
from bookings.seating.best_available import (
    best_available,
    best_available_of_kinds,
    free_seats,
    largest_free_block,
)
from bookings.services.constraint import constraint_as_refusal
from bookings.services.inventory import SeatInventory
from bookings.services.limits import (
    refuse_new_hold,
    refuse_too_many_for_staff,
    refuse_too_many_seats,
)
from bookings.services.rules import (
    refuse_hold_until,
    refuse_if_started,
    refuse_other_cinemas,
    refuse_other_version,
    refuse_seating,
    refuse_unknown_seats,
    refuse_unless_sold,
    seat_prices,
)
from movie_booking.database import is_lock_failure
from movie_booking.errors import Conflict
from movies.seat_plan import SeatKind, SeatPlan

Adjacent = Literal["required", "preferred"]


class SeatChoice(NamedTuple):
    """What a customer asks for: seats by number, or as many of the best available, also of each kind."""

    seat_numbers: Sequence[int] = ()
    best_available: int | Mapping[SeatKind, int] | None = None
    kind: SeatKind | None = None
    adjacent: Adjacent = "preferred"
    # Of the map on which seats were chosen.
    show_version: int | None = None
    # Only for staff: see the single-seat rule of the screen.
    leave_single_seat: bool = False

    @property
    def party(self) -> int:
        """How many of the best available seats are asked for."""
        asked = self.best_available or 0
        return asked if isinstance(asked, int) else sum(asked.values())

    @property
    def by_kind(self) -> Mapping[SeatKind, int]:
        """How many of them of each kind; empty if any kind will do."""
        if isinstance(self.best_available, Mapping):
            return self.best_available
        return {self.kind: self.party} if self.kind else {}


class Staffed(NamedTuple):
    """Seats that are sold by staff: booked at once, or held until a moment that staff choose."""

    hold_until: datetime | None = None


def book_seat(
    show_id: int,
    seat_number: int,
    *,
    customer: User,
    actor: Actor,
    show_version: int | None = None,
    leave_single_seat: bool = False,
) -> Booking:
    """Give the customer the seat and return the booking: an order of one, confirmed at once.

    Raises SeatTaken, SoldInPairs, CompanionWithoutWheelchair, LeavesSingleSeat, TooManySeats, NoSuchSeat,
    ShowChanged for another version of the show or a seat that it had before it was moved, NotFound,
    ShowCancelled, ShowStarted, NotOnSale and SalesClosed.
    """
    choice = SeatChoice([seat_number], show_version=show_version, leave_single_seat=leave_single_seat)
    with constraint_as_refusal([seat_number]):
        [booking] = place(show_id, choice, Status.BOOKED, customer=customer, actor=actor, field="seat_number")
    return booking


def hold_seats(show_id: int, choice: SeatChoice, *, customer: Customer, actor: Actor) -> Order:
    """Hold seats for the customer while they pay, all or none, and return the order. A new guest is written
    with it.

    Raises SeatTaken that names every seat that is not free; NotTogether and NotEnoughSeats if there are no
    such best available seats; SoldInPairs, CompanionWithoutWheelchair, LeavesSingleSeat, TooManySeats,
    TooManyHolds, HeldTooOften, NoSuchSeat, ShowChanged for another version of the show or a seat that it had
    before it was moved, NotFound, also for a show that the machine who asks does not see, ShowCancelled,
    ShowStarted, NotOnSale and SalesClosed.
    """
    with constraint_as_refusal(choice.seat_numbers):
        bookings = place(show_id, choice, Status.HELD, customer=customer, actor=actor, field="seat_numbers")
    order = bookings[0].order
    order.known_bookings = bookings
    return order


@transaction.atomic
def place(
    show_id: int,
    choice: SeatChoice,
    status: Status,
    *,
    customer: Customer | None,
    actor: Actor,
    field: str,
    staffed: Staffed | None = None,
) -> list[Booking]:
    """Give the customer the seats, HELD or BOOKED, and return the bookings: the way to every seat.

    Raises what `hold_seats` does, or if `staffed` what `sell_seats` does.
    """
    inventory = SeatInventory.lock_for_sale(show_id, choice.seat_numbers, customer)
    return place_in(inventory, choice, status, customer=customer, actor=actor, field=field, staffed=staffed)


def place_in(
    inventory: SeatInventory,
    choice: SeatChoice,
    status: Status,
    *,
    customer: Customer | None,
    actor: Actor,
    field: str,
    staffed: Staffed | None = None,
) -> list[Booking]:
    """The same in a show that is locked. It writes nothing before all is well."""
    show, at = inventory.show, inventory.at
    refuse_other_cinemas(show, actor)
    refuse_unless_sold(show, at, at_box_office=staffed is not None)
    refuse_other_version(show, choice.show_version)
    refuse_unknown_seats(show, choice.seat_numbers, field=field)
    numbers = _chosen_seats(inventory, choice)
    refuse_seating(
        inventory,
        set(numbers),
        taking=numbers,
        customer=customer,
        leave_single_seat=choice.leave_single_seat,
    )
    expires_at = None
    if staffed is not None:
        refuse_too_many_for_staff(inventory, customer, len(numbers))
        if (expires_at := staffed.hold_until) is not None:
            refuse_hold_until(show, expires_at, at)
    elif customer is not None:
        refuse_too_many_seats(inventory, customer, len(numbers))
        if status == Status.HELD:
            refuse_new_hold(inventory, customer)
            by_guest = isinstance(customer, Guest) and actor.machine is None
            expires_at = hold_expiry(at, ordered_at=at, by_guest=by_guest)
    return inventory.allocate(
        seat_prices(show, numbers),
        order=inventory.new_order(
            customer, sold_by=None if staffed is None else actor.person, machine_id=actor.machine_id
        ),
        status=status,
        actor=actor,
        expires_at=expires_at,
        is_last=True,
    )


def _chosen_seats(inventory: SeatInventory, choice: SeatChoice) -> Collection[int]:
    if choice.best_available is None:
        return choice.seat_numbers
    plan, occupied = inventory.show.plan, inventory.occupied.keys()
    if len(choice.by_kind) > 1:
        numbers = best_available_of_kinds(plan, occupied, choice.by_kind, adjacent=choice.adjacent)
    else:
        kind = next(iter(choice.by_kind), None)
        numbers = best_available(plan, occupied, choice.party, kind=kind, adjacent=choice.adjacent)
    if numbers is None:
        raise _why_not_available(plan, occupied, choice)
    return numbers


def _why_not_available(plan: SeatPlan, occupied: AbstractSet[int], choice: SeatChoice) -> Conflict:
    """Why there are no such seats, in terms of what was asked: the kind that is short, and what there is."""
    largest = largest_free_block(plan, occupied, choice.party, choice.by_kind or None)
    left = {
        kind.value: free_seats(plan, occupied, kind)
        for kind in SeatKind
        if any(seat.kind is kind for seat in plan.seats)
    }
    if choice.adjacent == "required" and len(choice.by_kind) <= 1:
        return NotTogether(largest_block=largest)
    for kind, asked in choice.by_kind.items():
        available = free_seats(plan, occupied, kind)
        if available < asked or len(choice.by_kind) == 1:
            return NotEnoughSeats(kind=kind.value, available=available, left=left, largest_block=largest)
    if choice.by_kind:
        return NotTogether(largest_block=largest)
    available = free_seats(plan, occupied)
    # As many seats, and yet not enough: an odd party, and nothing but sofas.
    why = "Only sofas are left, which are sold in pairs." if available >= choice.party else ""
    return NotEnoughSeats(why, available=available, left=left, largest_block=largest)


def hold_expiry(at: datetime, *, ordered_at: datetime, by_guest: bool = False) -> datetime:
    """Return when a hold that begins or is extended at this moment will end. A machine holds for its customer
    as long as a user.
    """
    minutes, cap = (
        (settings.GUEST_HOLD_MINUTES, settings.GUEST_HOLD_CAP_MINUTES)
        if by_guest
        else (settings.HOLD_MINUTES, settings.HOLD_CAP_MINUTES)
    )
    return min(at + timedelta(minutes=minutes), ordered_at + timedelta(minutes=cap))


@transaction.atomic
def extend_order(order: Order) -> Order:
    """Hold the seats of an order for longer, up to the cap, and return the order.

    Raises HoldExpired, NotHeld, AlreadyCancelled, HoldLimitReached, ShowCancelled and ShowStarted.
    """
    inventory, locked = SeatInventory.lock_order(order.show_id, order.pk)
    locked.refuse_unless_live()
    on_hold = locked.on_hold
    if not on_hold:
        raise NotHeld
    refuse_if_started(inventory.show, inventory.at)
    expires_at = hold_expiry(
        inventory.at,
        ordered_at=locked.order.created_at,
        by_guest=locked.order.guest_id is not None and locked.order.machine_id is None,
    )
    if all(booking.expires_at is not None and booking.expires_at >= expires_at for booking in on_hold):
        raise HoldLimitReached
    inventory.extend_holds(on_hold, expires_at)
    locked.order.known_bookings = locked.bookings
    return locked.order


def expire_holds() -> int:
    """Expire every hold whose time is over and return how many there were.

    Hygiene for the lists: no buyer waits for this, as the next buyer of a seat does it. Show by show, each
    in a transaction of its own under its lock; safe to run in parallel. Raises OperationalError if the lock
    of some show could not be had, once all the others are done.
    """
    expired, failed = 0, None
    shows = Booking.objects.expired_holds().order_by("show_id").values_list("show_id", flat=True).distinct()
    for show_id in list(shows):
        try:
            with transaction.atomic():
                expired += SeatInventory.lock(show_id).expire_holds()
        except OperationalError as error:
            if not is_lock_failure(error):
                raise
            failed = error
    if failed:
        raise failed
    return expired
