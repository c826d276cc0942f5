"""A party that moves from one seat plan to another, and what must not happen to it on the way."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from bookings.seating.blocks import are_neighbours, groups_of
from movies.seat_plan import Seat, SeatKind, SeatPlan

SeatMoves = Mapping[Seat, Seat]  # each seat before -> the seat after


@dataclass(frozen=True)
class Party:
    """The seats of one order by their numbers before the move, or seats that the cinema has blocked."""

    id: int
    seats: Collection[int]
    is_house: bool = False


class Fault(str, Enum):
    """What is wrong with where a party would sit."""

    NOT_SOLD = "not_sold"  # a seat before the move that no party has
    NO_SUCH_SEAT = "no_such_seat"
    SEAT_TAKEN = "seat_taken"
    NOT_WHOLE = "not_whole"  # some of the party have a seat, these have none
    WHEELCHAIR_USER = "wheelchair_user_without_space"
    WHEELCHAIR_SPACE = "wheelchair_space_for_others"
    COMPANION_SEAT = "companion_seat_for_others"
    COMPANION_APART = "companion_apart"
    HALF_SOFA = "half_sofa"
    ALONE = "alone"
    LEFT_SINGLE = "left_single"  # by a seat chosen by hand: see `reseating.singles_by_hand`

    __str__ = str.__str__


@dataclass(frozen=True)
class Problem:
    """A fault, the party that has it, and its seats concerned by their numbers before the move."""

    fault: Fault
    party_id: int | None
    seats: tuple[int, ...]


def check_reseating(
    before: SeatPlan, after: SeatPlan, parties: Iterable[Party], moves: Mapping[int, int]
) -> tuple[Problem, ...]:
    """What is wrong with this assignment, of seats before to seats after; nothing with those of `reseat`.

    For an assignment that staff have changed by hand. A party without any seat after the move is left out,
    which is no fault here. What is a matter of taste is none either: a party may be taken apart as long as
    each member keeps company, and may sit in cheaper seats. House seats may go anywhere, or be dropped.
    Raises UnknownSeatError for a party with seats that are not in the plan before.
    """
    problems = []
    sold: set[int] = set()
    times_taken = Counter(moves.values())
    for party in parties:
        sold.update(party.seats)
        seated = {number: moves[number] for number in sorted(party.seats) if number in moves}
        found = {
            Fault.NO_SUCH_SEAT: [old for old, new in seated.items() if not after.has_seat(new)],
            Fault.SEAT_TAKEN: [old for old, new in seated.items() if times_taken[new] > 1],
        }
        if seated and not party.is_house:
            found[Fault.NOT_WHOLE] = [number for number in party.seats if number not in moves]
        problems += [
            Problem(fault, party.id, tuple(sorted(seats))) for fault, seats in found.items() if seats
        ]
        if not party.is_house and not found[Fault.NO_SUCH_SEAT]:
            seats = {before.seat(old): after.seat(new) for old, new in seated.items()}
            problems += [
                Problem(fault, party.id, tuple(seat.number for seat in who))
                for fault, who in faults_of(before, after, seats)
            ]
    if not_sold := tuple(sorted(moves.keys() - sold)):
        problems.append(Problem(Fault.NOT_SOLD, None, not_sold))
    return tuple(problems)


def faults_of(before: SeatPlan, after: SeatPlan, moves: SeatMoves) -> Iterator[tuple[Fault, list[Seat]]]:
    """What is wrong with where the members of one party would sit, each fault with their seats before."""
    group_before = _group_by_seat(before, moves)
    group_after = _group_by_seat(after, moves.values())
    wheelchairs = {seat for seat in moves.values() if seat.kind is SeatKind.WHEELCHAIR}
    faults: dict[Fault, Callable[[Seat, Seat], bool]] = {
        Fault.WHEELCHAIR_USER: lambda old, new: _is_wheelchair(old) and not _is_wheelchair(new),
        Fault.WHEELCHAIR_SPACE: lambda old, new: _is_wheelchair(new) and not _is_wheelchair(old),
        Fault.COMPANION_SEAT: lambda old, new: (
            _is_companion(new) and not _is_companion(old) and wheelchairs.isdisjoint(group_after[new])
        ),
        Fault.COMPANION_APART: lambda old, new: (
            _is_wheelchair(old)
            and any(_is_companion(seat) and are_neighbours(seat, old) for seat in moves)
            and not any(_is_companion(seat) and are_neighbours(moves[seat], new) for seat in moves)
        ),
        Fault.HALF_SOFA: lambda old, new: (
            _is_half(new, moves.values()) and not (is_unchanged(old, new) and _is_half(old, moves))
        ),
        Fault.ALONE: lambda old, new: len(group_after[new]) == 1 < len(group_before[old]),
    }
    for fault, is_wrong in faults.items():
        if who := [old for old, new in moves.items() if is_wrong(old, new)]:
            yield fault, who


def is_unchanged(before: Seat, after: Seat) -> bool:
    """Whether a ticket for the one is true of the other: the same label and kind."""
    return before.label == after.label and before.kind is after.kind


def _is_wheelchair(seat: Seat) -> bool:
    return seat.kind is SeatKind.WHEELCHAIR


def _is_companion(seat: Seat) -> bool:
    return seat.kind is SeatKind.COMPANION


def _is_half(seat: Seat, party: Collection[Seat]) -> bool:
    """Whether this is half of a sofa of which the party does not have the other one."""
    return seat.partner is not None and all(other.number != seat.partner for other in party)


def _group_by_seat(plan: SeatPlan, seats: Iterable[Seat]) -> dict[Seat, tuple[Seat, ...]]:
    groups = groups_of(plan, {seat.number for seat in seats})
    return {seat: group for group in groups for seat in group}
