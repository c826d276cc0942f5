"""The rule against single seats for a party that gives some of its seats back.

A seat that is given back is left single if the seats on both its sides stay taken: see `single_seats.py`.
A whole party may always go. A part of it is refused only if it could leave fewer single seats in that row by
giving back as many others of the same kinds: from each group of its seats a block, which is all it takes, as
two seats or more side by side leave none single between them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby
from typing import NamedTuple

from bookings.seating.blocks import Block, Kinds, groups_of, kinds_of, numbers_of, whole_blocks
from bookings.seating.single_seats import CAN_BE_SINGLE, MAX_OFFERED, is_single
from movies.seat_plan import SeatPlan

Numbers = tuple[int, ...]


class SinglesFreed(NamedTuple):
    """The seats for which giving back must be refused, and what might be given back instead."""

    seats: Numbers = ()
    instead: tuple[Numbers, ...] = ()


class _Way(NamedTuple):
    """Seats to give back, with how many of them are left single. The better sorts first."""

    singles: int
    numbers: Numbers


def singles_freed(
    plan: SeatPlan, others: AbstractSet[int], party: AbstractSet[int], given_back: AbstractSet[int]
) -> SinglesFreed:
    """Judge a party that gives back some of its seats, with `others` as what else stays taken.

    Each of `instead` is as many seats of the same kinds in the same rows, and would not be refused.
    """
    seats: list[int] = []
    instead: list[Numbers] = [()]
    for _, in_row in groupby(groups_of(plan, party), lambda group: group[0].y):
        groups = tuple(in_row)
        leaving = tuple(seat for group in groups for seat in group if seat.number in given_back)
        asked = _way(plan, others | party, leaving)
        best = _best_ways(plan, others | party, groups, kinds_of(leaving))
        ways = [asked.numbers]
        if best and best[0].singles < asked.singles:
            seats += _single(plan, (others | party) - numbers_of(leaving), asked.numbers)
            ways = [way.numbers for way in best]
        instead = [before + numbers for before in instead for numbers in ways][:MAX_OFFERED]
    return SinglesFreed(tuple(seats), tuple(instead)) if seats else SinglesFreed()


def _best_ways(plan: SeatPlan, taken: AbstractSet[int], groups: Sequence[Block], kinds: Kinds) -> list[_Way]:
    """The ways to give back seats of these kinds that leave the fewest single, a block of each group or none.

    Group by group it keeps only the best for each number of seats of each kind (the knapsack problem), so the
    work does not grow with the number of ways.
    """
    best: dict[Kinds, list[_Way]] = {(): [_Way(0, ())]}
    for group in groups:
        sizes = range(1, len(group) + 1)
        blocks: list[Block] = [(), *(block for size in sizes for block in whole_blocks(group, size))]
        parts = [(kinds_of(block), _way(plan, taken, block)) for block in blocks]
        found: dict[Kinds, list[_Way]] = defaultdict(list)
        for kinds_so_far, ways in best.items():
            for kinds_of_part, part in parts:
                together = tuple(sorted(kinds_so_far + kinds_of_part))
                if len(together) <= len(kinds):
                    found[together] += [
                        _Way(way.singles + part.singles, way.numbers + part.numbers) for way in ways
                    ]
        best = {together: _fewest_singles(ways) for together, ways in found.items()}
    return best.get(kinds, [])


def _fewest_singles(ways: list[_Way]) -> list[_Way]:
    fewest = min(ways).singles
    return sorted(way for way in ways if way.singles == fewest)[:MAX_OFFERED]


def _way(plan: SeatPlan, taken: AbstractSet[int], leaving: Block) -> _Way:
    numbers = tuple(seat.number for seat in leaving)
    return _Way(len(_single(plan, taken - set(numbers), numbers)), numbers)


def _single(plan: SeatPlan, taken: AbstractSet[int], freed: Iterable[int]) -> list[int]:
    return [
        number
        for number in freed
        if plan.seat(number).kind in CAN_BE_SINGLE and is_single(plan, taken, number)
    ]
