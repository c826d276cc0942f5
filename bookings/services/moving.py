"""Moving a show with its guests: to another screen, another start, or the plan of a screen drawn anew."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from bookings.errors import CannotSeatAll, NoSuchSeat, SeatsDoNotFit, ShowStarted
from bookings.models import Booking, Order, Status
from bookings.seating.parties import Fault, Party, Problem, check_reseating, is_unchanged
from bookings.seating.reseating import reseat, singles_by_hand
from bookings.services.former_labels import keep_labels
from bookings.services.inventory import Reseated, SeatInventory
from movie_booking.errors import Invalid
from movie_booking.limits import MAX_ID
from movies.errors import ShowCancelled
from movies.models import Screen, Show
from movies.seat_plan import Seat, SeatPlan, draw_plan
from movies.services import (
    Versions,
    lock_place,
    overlap_refused,
    place_show,
    record_show_event,
    refuse_stale,
)


@dataclass(frozen=True)
class MovedSeat:
    """A live booking, its seat before the move, and the one after it: None if it is left out."""

    booking: Booking
    status: Status  # before: those who are left out have lost it after
    before: Seat
    after: Seat | None
    price_before: Decimal
    price_after: Decimal  # a dearer seat costs no more than was paid, a cheaper one what it costs now

    @property
    def ticket_changes(self) -> bool:
        """Whether the seat has another label or kind. One that only gets another number has not changed."""
        return self.after is not None and not is_unchanged(self.before, self.after)


@dataclass(frozen=True)
class Move:
    """What a move does, or would do: the show as it is after it, and who sits where. Prices are in
    `settings.CURRENCY`.
    """

    show: Show
    before: SeatPlan
    after: SeatPlan
    seats: tuple[MovedSeat, ...]  # of all live bookings, by their seats before
    problems: tuple[Problem, ...]  # of seats that were chosen by hand

    @property
    def left_out(self) -> list[MovedSeat]:
        """Seats of customers for whom there is none after the move."""
        return [seat for seat in self.seats if seat.after is None and not seat.booking.is_house_seat]

    @property
    def left_out_orders(self) -> list[dict[str, str]]:
        """The orders of those who are left out, with the labels of their seats before."""
        by_order: dict[str, list[int]] = {}
        for seat in self.left_out:
            by_order.setdefault(seat.booking.order.reference, []).append(seat.before.number)
        return [
            {"order": order, "seats": self.before.labels_of(numbers)} for order, numbers in by_order.items()
        ]

    @property
    def problems_of_orders(self) -> list[dict[str, str | None]]:
        """What is wrong with seats chosen by hand: the fault, the order, and labels of its seats before."""
        orders = {seat.booking.order_id: seat.booking.order.reference for seat in self.seats}
        return [
            {
                "reason": problem.fault.value,
                "order": orders[problem.party_id] if problem.party_id else None,
                "seats": self.before.labels_of(problem.seats),
            }
            for problem in self.problems
        ]

    @property
    def dropped(self) -> list[MovedSeat]:
        """House seats that are none after the move, as their labels are gone."""
        return [seat for seat in self.seats if seat.after is None and seat.booking.is_house_seat]

    @property
    def changed(self) -> list[MovedSeat]:
        """Seats of which the ticket is no longer true."""
        return [seat for seat in self.seats if seat.ticket_changes]

    @property
    def refund(self) -> Decimal:
        """What goes back to customers who have paid: for cheaper seats, and all of it to those left out."""
        paid = [seat for seat in self.seats if seat.status == Status.BOOKED]
        return sum((seat.price_before - seat.price_after for seat in paid), Decimal("0.00"))


@transaction.atomic
def move_show(
    show_id: int,
    *,
    actor: Actor,
    reason: str,
    screen: Screen | None = None,
    starts_at: datetime | None = None,
    seats: Mapping[int, int] | None = None,
    may_sit_alone: bool = False,
    leave_single_seat: bool = False,
    refund_left_out: bool = False,
    dry_run: bool = False,
    versions: Versions = None,
) -> Move:
    """Move a show to another screen or start, with its guests, and return who sits where.

    On another screen, and on its own if that was drawn anew, guests are seated as `seating.reseating`
    promises; `seats` says where some of them sit, as seat numbers by the ids of their bookings.
    `may_sit_alone` takes parties apart rather than leave them out, `leave_single_seat` sets the screen's rule
    against single seats aside, `refund_left_out` gives those who are left out everything back. With `dry_run`
    nothing is written, and nothing refused for the sake of the guests.

    `versions` says which versions of the show the move may be based on. Raises NotFound, ScreenOccupied,
    ShowCancelled, ShowStarted, Invalid for times that do not go together or have passed, NoSuchSeat,
    CannotSeatAll that names who is left out, and SeatsDoNotFit for seats chosen by hand.
    """
    inventory = SeatInventory.lock(show_id)
    show = inventory.show
    refuse_stale(show, versions)
    given = {"screen": screen, "starts_at": starts_at}
    changes = {name: value for name, value in given.items() if value not in (None, getattr(show, name))}
    _refuse_once_over(inventory, is_postponed="starts_at" in changes)
    facts = {name: (getattr(show, name), value) for name, value in changes.items()}
    starts, ends = show.starts_at, show.ends_at
    if changes:
        place_show(show, changes, sales_may_end=True)
    elif screen is not None:
        lock_place(show)  # its plan must not change meanwhile
    if show.ends_at - show.starts_at != ends - starts:  # it had kept another running time
        facts["ends_at"] = (ends, show.ends_at)
    move = plan_move(
        inventory,
        plan_on(show, screen and show.screen),
        chosen=seats or {},
        may_sit_alone=may_sit_alone,
        leave_single_seat=leave_single_seat or not show.screen.no_single_seats,
    )
    if dry_run:
        _foresee_seats(move)
        show.version += bool(_show_changes(move, facts))
        return move
    _refuse_unless_all_sit(move, refund_left_out=refund_left_out)
    carry_out(inventory, move, facts, actor=actor, reason=reason)
    return move


def plan_on(show: Show, screen: Screen | None) -> SeatPlan:
    """Return the seat plan that a show has once it is moved to a screen: all seats, as they are drawn now.

    Without a screen only the start moves, and the show goes on selling the seats that it sells.
    """
    return show.plan if screen is None else screen.plan


def plan_move(
    inventory: SeatInventory,
    after: SeatPlan,
    *,
    chosen: Mapping[int, int] | None = None,
    may_sit_alone: bool = False,
    leave_single_seat: bool = True,
) -> Move:
    """Return who of a locked show would sit where in another plan. Writes nothing.

    `chosen` are seat numbers after, by the ids of bookings; of those that are over by now nothing is left to
    seat. Raises Invalid for bookings of other shows or for one seat chosen twice, and NoSuchSeat.
    """
    show, before = inventory.show, inventory.show.plan
    bookings = list(inventory.bookings().select_related("order").order_by("seat_number"))
    by_hand = _chosen_seats(show, after, bookings, chosen or {})
    parties = _parties(bookings)
    moves = reseat(before, after, parties, may_sit_alone=may_sit_alone, chosen=by_hand).moves
    problems = check_reseating(before, after, parties, moves) if by_hand else ()
    if by_hand and not leave_single_seat:
        planned = reseat(before, after, parties, may_sit_alone=may_sit_alone)
        problems += singles_by_hand(planned, parties, moves)
    allowed = {Fault.ALONE} if may_sit_alone else set()
    prices = show.prices

    def moved(booking: Booking) -> MovedSeat:
        old, number = before.seat(booking.seat_number), moves.get(booking.seat_number)
        new, price = None, Decimal("0.00")
        if number is not None:
            new, price = after.seat(number), booking.price
            if new.kind is not old.kind:
                price = min(price, prices[new.kind])
        return MovedSeat(booking, Status(booking.status), old, new, booking.price, price)

    return Move(
        show,
        before,
        after,
        tuple(map(moved, bookings)),
        tuple(problem for problem in problems if problem.fault not in allowed),
    )


def carry_out(
    inventory: SeatInventory,
    move: Move,
    facts: Mapping[str, tuple[Any, Any]],
    *,
    actor: Actor,
    reason: str,
) -> None:
    """Write a move. `facts` are what of the show changes besides its seats, as {field: (before, after)}; they
    are set already. Holds whose time is over expire first.
    """
    show = inventory.show
    inventory.expire_holds()
    is_redrawn = move.after != move.before
    changes = _show_changes(move, facts)
    if is_redrawn:
        show.total_seats, show.seat_plan = changes["total_seats"][1], changes["seat_plan"][1]
    if changes:
        record_show_event(show, changes, at=inventory.at, actor=actor, reason=reason)
    elif not (move.left_out or move.dropped):
        return
    _let_go(inventory, move, actor=actor, reason=reason)
    if is_redrawn:
        keep_labels(inventory.show, move.before, move.after)
    inventory.reseat(list(_reseated(move)), actor=actor)
    orders = {seat.booking.order_id for seat in move.changed if not seat.booking.is_house_seat}
    Order.objects.filter(pk__in=orders).update(is_reseated=True)
    show.seats_version += 1
    with overlap_refused():
        show.save(
            update_fields=[
                "screen",
                "starts_at",
                "ends_at",
                "screen_free_at",
                "total_seats",
                "seat_plan",
                "version",
                "seats_version",
            ]
        )


def _show_changes(move: Move, facts: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    """Return what a move changes of the show, its seats included, as {field: (before, after)}."""
    changes = {name: pair for name, pair in facts.items() if pair[0] != pair[1]}
    if move.after != move.before:
        changes["total_seats"] = (move.before.total_seats, move.after.total_seats)
        changes["seat_plan"] = (draw_plan(move.before), draw_plan(move.after))
    if move.changed:
        seats = [(seat.before.number, seat.after.number) for seat in move.changed if seat.after]
        old, new = zip(*seats, strict=True)
        changes["seats"] = (move.before.labels_of(old), move.after.labels_of(new))
    return changes


def _refuse_once_over(inventory: SeatInventory, *, is_postponed: bool) -> None:
    """Raises ShowCancelled, and ShowStarted for a show that is over, or runs and is not postponed."""
    show, at = inventory.show, inventory.at
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    if show.has_ended(at):
        raise ShowStarted("The show is over.")
    if show.has_started(at) and not is_postponed:
        raise ShowStarted


def _refuse_unless_all_sit(move: Move, *, refund_left_out: bool) -> None:
    if move.problems:
        raise SeatsDoNotFit(problems=move.problems_of_orders)
    if move.left_out and not refund_left_out:
        raise CannotSeatAll(left_out=move.left_out_orders)


def _foresee_seats(move: Move) -> None:
    """Let the show of a dry run say how many seats it would have, and how many of them taken."""
    show = move.show
    show.total_seats, show.seat_plan = move.after.total_seats, draw_plan(move.after)
    show.live_seats = sum(seat.after is not None for seat in move.seats)


def _chosen_seats(
    show: Show, after: SeatPlan, live: Iterable[Booking], chosen: Mapping[int, int]
) -> dict[int, int]:
    """Return the seats chosen by hand, by the numbers that these bookings have before the move."""
    by_hand = {booking.seat_number: chosen[booking.pk] for booking in live if booking.pk in chosen}
    others = chosen.keys() - {booking.pk for booking in live}
    possible = [booking_id for booking_id in others if booking_id <= MAX_ID]  # SQLite fails at a larger one
    of_show = Booking.objects.filter(show=show, pk__in=possible)
    if foreign := others - set(of_show.values_list("pk", flat=True)):
        named = ", ".join(map(str, sorted(foreign)))
        raise Invalid.of("seats", f"Not a booking of this show: {named}.", "does_not_exist")
    if not all(after.has_seat(number) for number in by_hand.values()):
        raise NoSuchSeat.of("seats", f"Seats are numbered 1 to {after.total_seats}.", "no_such_seat")
    if len(set(by_hand.values())) < len(by_hand):
        raise Invalid.of("seats", "Choose each seat for one booking only.", "duplicate")
    return by_hand


def _parties(bookings: Collection[Booking]) -> list[Party]:
    seats: dict[int, list[Booking]] = {}
    for booking in bookings:
        seats.setdefault(booking.order_id, []).append(booking)
    return [
        Party(order_id, [each.seat_number for each in of_order], of_order[0].is_house_seat)
        for order_id, of_order in seats.items()
    ]


def _let_go(inventory: SeatInventory, move: Move, *, actor: Actor, reason: str) -> None:
    """Cancel the bookings of those who are left out, for all that was paid, and house seats that are gone."""
    booked, held = (
        [seat.booking for seat in move.left_out if seat.status == status]
        for status in (Status.BOOKED, Status.HELD)
    )
    inventory.transition(booked, Status.CANCELLED, actor=actor, reason=reason, refund_percent=100)
    inventory.transition(held, Status.CANCELLED, actor=actor, reason=reason)
    inventory.transition([seat.booking for seat in move.dropped], Status.CANCELLED, actor=actor)


def _reseated(move: Move) -> Iterable[Reseated]:
    """The bookings whose seats get another number, label or kind, with what their history says of it."""
    version = move.show.version
    for seat in move.seats:
        if seat.after is None or (seat.before.number == seat.after.number and not seat.ticket_changes):
            continue
        pairs = {
            "seat_number": (seat.before.number, seat.after.number),
            "seat_label": (seat.before.label, seat.after.label),
            "kind": (seat.before.kind.value, seat.after.kind.value),
            "price": (str(seat.price_before), str(seat.price_after)),
        }
        changes = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        # Labels always: those of an event are read from the plan of its time, which has just changed.
        changes |= {"seat_label": pairs["seat_label"], "show_version": (version - 1, version)}
        yield Reseated(seat.booking, seat.after.number, seat.price_after, changes)
