"""The rule against leaving a single seat, which hardly ever sells.

A seat is left single when it is free and the seats on both its sides are taken. The neighbours are those
of its run: an aisle, a gap or the wall ends a run. Box offices differ in whether such an end counts as
taken. Here it does not: the rule speaks of a seat *between taken ones*, a person alone likes the aisle, and
otherwise the second seat of an empty row could never be sold to one person.

Only standard and premium seats can be left single. Sofas are sold in pairs, so no half of one is ever left;
a wheelchair space or a companion's seat is made for one. For the rest any seat counts as a neighbour, of
whatever kind: a free sofa beside a seat is company.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import groupby

from bookings.seating.blocks import Block, free_stretches, groups_of, kinds_of, numbers_of, whole_blocks
from movies.seat_plan import Seat, SeatKind, SeatPlan

CAN_BE_SINGLE = {SeatKind.STANDARD, SeatKind.PREMIUM}
ACCESSIBLE = {SeatKind.WHEELCHAIR, SeatKind.COMPANION}
# Of better choices so many are named, and of a party in many groups not many more are looked at: the show is
# locked meanwhile.
MAX_OFFERED = 10
MAX_CONSIDERED = 100


def single_seats_left(plan: SeatPlan, taken: AbstractSet[int], chosen: AbstractSet[int]) -> tuple[int, ...]:
    """The seats for which this choice must be refused: left single, though the party could have avoided it.

    Judged group by group, a group being chosen seats side by side, with the party's other groups as taken;
    and once more with all its groups of a row together. Refused is only what has something better: the same
    number of neighbouring seats of the same kinds is free in the same row and would leave none single. So
    the rule never keeps the last seats from being sold: every refusal has such seats to offer instead, and
    where a row has none the choice stands, single seat or not.

    A seat that was single before the choice does not count. Seats with a wheelchair or companion space
    among them are never refused: those who need one have little to choose from. `chosen` may be part of
    `taken` (the party's own hold).
    """
    singles: set[int] = set()
    for groups in judged_together(plan, chosen):
        left, better = singles_and_better_blocks(plan, taken | chosen, groups)
        if better:
            singles.update(left)
    return tuple(sorted(singles))


def better_choices(
    plan: SeatPlan,
    taken: AbstractSet[int],
    chosen: AbstractSet[int],
    kept: AbstractSet[int] = frozenset(),
    until_now: AbstractSet[int] = frozenset(),
) -> list[tuple[int, ...]]:
    """What a party that is refused might take instead of its seats that are not `kept`; the nearest first.

    The seats that it has until now are no choice: it has them.

    Each is as many free seats of the same kinds in the same rows, and would not be refused. None, where
    better seats for one group leave another without any.
    """
    offers: list[frozenset[int]] = []
    parties = [frozenset(chosen)]
    seen = {*parties, frozenset(until_now)}
    for party in parties:  # it grows by those that are better but not yet good
        for groups in judged_together(plan, party):
            left, better = singles_and_better_blocks(plan, taken | party, groups)
            rest = party.difference(*map(numbers_of, groups))
            for other in (rest | numbers_of(block) for block in better if left):
                if other not in seen and kept <= other:
                    seen.add(other)
                    is_good = not single_seats_left(plan, taken, other)
                    (offers if is_good else parties).append(other)
        if len(seen) > MAX_CONSIDERED:
            break
    asked = sorted(chosen)

    def moved_by(other: frozenset[int]) -> int:
        return sum(abs(number - was) for number, was in zip(sorted(other), asked, strict=True))

    nearest = sorted(offers, key=lambda other: (moved_by(other), sorted(other)))[:MAX_OFFERED]
    return [tuple(sorted(other - kept)) for other in nearest]


def judged_together(plan: SeatPlan, chosen: AbstractSet[int]) -> Iterator[tuple[Block, ...]]:
    """Each group of the party for itself, and where a row has several, these together."""
    groups = groups_of(plan, chosen)
    yield from ((group,) for group in groups)
    for _, in_row in groupby(groups, lambda group: group[0].y):
        row = tuple(in_row)
        if len(row) > 1:
            yield row


def singles_and_better_blocks(
    plan: SeatPlan, all_taken: AbstractSet[int], groups: tuple[Block, ...]
) -> tuple[list[int], list[Block]]:
    """The seats that these groups of one row leave single, and blocks they might take that leave none.

    `all_taken` has the seats of the party too.
    """
    seats = tuple(seat for group in groups for seat in group)
    if never_refused(seats):
        return [], []
    left = [
        single for group in groups for single in singles_beside(plan, all_taken - numbers_of(group), group)
    ]
    if not left:
        return [], []
    others = all_taken - numbers_of(seats)
    better = [
        block for block in same_seats_in_row(plan, others, seats) if not singles_beside(plan, others, block)
    ]
    return left, better


def never_refused(seats: Block) -> bool:
    """Whether a wheelchair or companion space is among these seats."""
    return not ACCESSIBLE.isdisjoint(seat.kind for seat in seats)


def is_single(plan: SeatPlan, taken: AbstractSet[int], number: int) -> bool:
    """Whether this seat is free and those on both its sides are taken."""
    sides = (_neighbour(plan, plan.seat(number), step) for step in (-1, 1))
    return number not in taken and all(beside and beside.number in taken for beside in sides)


def singles_in(plan: SeatPlan, taken: AbstractSet[int]) -> set[int]:
    """All seats that are single."""
    could_be = (seat.number for seat in plan.seats if seat.kind in CAN_BE_SINGLE)
    return {number for number in could_be if is_single(plan, taken, number)}


def singles_beside(
    plan: SeatPlan, taken: AbstractSet[int], block: Block, *, aisle_counts: bool = False
) -> list[int]:
    """The seats that become single when this free block is taken. If `aisle_counts`, at an aisle or wall too.

    Only the seats at its two ends can, and neither was single before: it had the block for a neighbour.
    """
    singles = []
    for end, step in ((block[0], -1), (block[-1], 1)):
        beside = _neighbour(plan, end, step)
        if beside and beside.number not in taken and beside.kind in CAN_BE_SINGLE:
            beyond = _neighbour(plan, beside, step)
            if beyond.number in taken if beyond else aisle_counts:
                singles.append(beside.number)
    return singles


def same_seats_in_row(plan: SeatPlan, taken: AbstractSet[int], seats: Block) -> Iterator[Block]:
    """Every free block in the row of these seats of as many of the same kinds."""
    kinds = kinds_of(seats)
    for run in plan.runs:
        if run[0].y == seats[0].y:
            for stretch in free_stretches(run, taken, kinds):
                for block in whole_blocks(stretch, len(seats)):
                    if kinds_of(block) == kinds:
                        yield block


def _neighbour(plan: SeatPlan, seat: Seat, step: int) -> Seat | None:
    """The next seat to the left (-1) or right (1); None at the end of the run."""
    number = seat.number + step
    if not plan.has_seat(number):
        return None
    beside = plan.seat(number)
    return beside if (beside.y, beside.x) == (seat.y, seat.x + step) else None
