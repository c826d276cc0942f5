"""Where a party of some size can still sit side by side, in a plan that is being filled."""

from collections.abc import Callable, Iterable
from math import hypot
from typing import NamedTuple

from bookings.seating.best_available import ROW_DEPTH, best_place_of
from bookings.seating.blocks import Block, Kinds, Point, kinds_of, middle_of, whole_blocks
from bookings.seating.single_seats import CAN_BE_SINGLE
from movies.seat_plan import SeatPlan


class _Place(NamedTuple):
    block: Block
    away: Point  # its middle, seen from the best place


_Rings = dict[int, list[_Place]]  # by distance from the best place, in whole widths of a seat


def away_from_best(plan: SeatPlan, blocks: Iterable[Block]) -> list[Point]:
    """Where the middle of each block is, seen from the best place: across and back, in widths of a seat."""
    best_x, best_y = best_place_of(plan)
    return [(x - best_x, ROW_DEPTH * (y - best_y)) for x, y in map(middle_of, blocks)]


class FreePlaces:
    """The seats of a plan, free or taken, with all places for parties of any size.

    Places are kept by size, kinds and distance, so that looking for one looks at few of them: thousands of
    parties are moved while their show is locked.
    """

    def __init__(self, plan: SeatPlan, *, single_costs: int, gap_costs: int = 0) -> None:
        """The costs are the widths of a seat a party is moved rather than leave one single, or two gaps."""
        self.plan = plan
        self._single_costs = single_costs
        self._gap_costs = gap_costs
        # By number, which begins at 1; there is nothing on either side of the first and the last seat.
        self._is_taken = bytearray(plan.total_seats + 1)
        self._can_be_single = [False, *(seat.kind in CAN_BE_SINGLE for seat in plan.seats)]
        self._starts_run = {run[0].number for run in plan.runs}
        self._ends_run = {run[-1].number for run in plan.runs}
        self._by_size: dict[int, dict[Kinds, _Rings]] = {}
        self._not_taken: dict[tuple[Kinds, int], list[_Place]] = {}  # when they were last looked at

    @property
    def how_many(self) -> int:
        return self._is_taken.count(False) - 1  # there is no seat 0

    def are_free(self, numbers: Iterable[int]) -> bool:
        return not any(self._is_taken[number] for number in numbers)

    def take(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._is_taken[number] = True

    def release(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._is_taken[number] = False
        self._not_taken.clear()

    def kinds_of_places(self, size: int) -> Iterable[Kinds]:
        """The kinds of seats that so many neighbours can have in this plan."""
        return self._places(size).keys()

    def nearest(self, kinds: Kinds, away: Point, fits: Callable[[Block], bool]) -> Block | None:
        """The free block of exactly these kinds that is most like a place so far from the best one.

        That is the one whose distance from the best place differs least, in whole widths of a seat, with each
        seat left single counted as some more; of these the one that is nearest to the same spot, seen from
        the best place; of these the one with the lowest number. Only blocks that `fits` agrees to.
        """
        rings = self._places(len(kinds)).get(kinds)
        if not rings:
            return None
        wanted = int(hypot(*away))
        best: tuple[int, float, int] | None = None
        chosen = None
        for step in range(max(wanted - min(rings), max(rings) - wanted) + 1):
            if best and best[0] < step:
                break
            for ring in {wanted - step, wanted + step} & rings.keys():
                for place in self._still_free(kinds, ring):
                    score = step + self._costs_of_gaps(place.block)
                    if best and best[0] < score:
                        continue
                    aside = hypot(place.away[0] - away[0], place.away[1] - away[1])
                    key = score, aside, place.block[0].number
                    if (best is None or key < best) and fits(place.block):
                        best, chosen = key, place.block
        return chosen

    def _still_free(self, kinds: Kinds, ring: int) -> list[_Place]:
        """The free places of a ring. Those that are taken are looked at no more until seats are released."""
        places = self._not_taken.get((kinds, ring))
        if places is None:
            places = self._places(len(kinds))[kinds][ring]
        is_taken = self._is_taken
        free = [
            place
            for place in places
            if is_taken.find(True, place.block[0].number, place.block[-1].number + 1) < 0
        ]
        self._not_taken[kinds, ring] = free
        return free

    def _costs_of_gaps(self, block: Block) -> int:
        """What the free seats cost that are left beside this block.

        Seats become single at an aisle or wall, too, as in `singles_beside`, which this does faster.
        """
        first, last, singles, sides = block[0].number, block[-1].number, 0, 0
        if first not in self._starts_run and not self._is_taken[first - 1]:
            sides += 1
            if self._can_be_single[first - 1]:
                singles += first - 1 in self._starts_run or self._is_taken[first - 2]
        if last not in self._ends_run and not self._is_taken[last + 1]:
            sides += 1
            if self._can_be_single[last + 1]:
                singles += last + 1 in self._ends_run or self._is_taken[last + 2]
        return self._single_costs * singles + (self._gap_costs if sides == 2 else 0)

    def _places(self, size: int) -> dict[Kinds, _Rings]:
        if size not in self._by_size:
            blocks = [block for run in self.plan.runs for block in whole_blocks(run, size)]
            by_kinds: dict[Kinds, _Rings] = {}
            for block, away in zip(blocks, away_from_best(self.plan, blocks), strict=True):
                rings = by_kinds.setdefault(kinds_of(block), {})
                rings.setdefault(int(hypot(*away)), []).append(_Place(block, away))
            self._by_size[size] = by_kinds
        return self._by_size[size]
