"""Seats side by side: what is free in a run, and which of it can be taken together."""

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from itertools import groupby

from movies.seat_plan import Seat, SeatKind, SeatPlan

Block = tuple[Seat, ...]  # neighbouring seats of one run, left to right
Kinds = tuple[SeatKind, ...]  # of the seats of a block, sorted
Point = tuple[float, float]  # column and line of a drawing, or how far from one to another


def free_stretches(run: Block, taken: AbstractSet[int], kinds: Collection[SeatKind]) -> Iterator[Block]:
    """The run's free seats of these kinds, as far as they are side by side. A sofa half sold is not free."""

    def is_free(seat: Seat) -> bool:
        return seat.kind in kinds and seat.number not in taken and seat.partner not in taken

    return (tuple(seats) for free, seats in groupby(run, is_free) if free)


def whole_blocks(stretch: Block, seats: int) -> Iterator[Block]:
    """Every block of so many seats in the stretch that cuts no sofa in two."""
    for start in range(len(stretch) - seats + 1):
        block = stretch[start : start + seats]
        # Only a sofa at an end can be cut. Its halves are numbered one after the other.
        if block[0].partner != block[0].number - 1 and block[-1].partner != block[-1].number + 1:
            yield block


def groups_of(plan: SeatPlan, chosen: AbstractSet[int]) -> list[Block]:
    """The chosen seats, those side by side together."""
    groups: list[list[Seat]] = []
    for seat in map(plan.seat, sorted(chosen)):
        if groups and are_neighbours(groups[-1][-1], seat):
            groups[-1].append(seat)
        else:
            groups.append([seat])
    return [tuple(group) for group in groups]


def are_neighbours(one: Seat, other: Seat) -> bool:
    """Whether two seats of a plan are side by side, with no aisle or gap between them."""
    return one.y == other.y and abs(one.x - other.x) == 1


def numbers_of(seats: Block) -> frozenset[int]:
    return frozenset(seat.number for seat in seats)


def kinds_of(block: Block) -> Kinds:
    return tuple(sorted(seat.kind for seat in block))


def middle_of(block: Block) -> Point:
    return (block[0].x + block[-1].x) / 2, block[0].y
