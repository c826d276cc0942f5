"""Choosing the best available seats for a party that names none.

What is promised, in this order:

1. The party sits together: neighbouring seats of one run. An aisle, a gap or the wall ends a run.
2. Of all such blocks the one with the lowest score is chosen, in widths of a seat:

       score = distance + 2 * singles
       distance = sqrt((x - centre)**2 + (2 * (y - two_thirds_back))**2)

   (x, y) is the middle of the block in columns and lines of the drawing; a row is about as deep as two seats
   are wide. The best place is halfway between the outermost seats and at two thirds of the way from the first
   line to the last. `singles` counts the seats left single, at a wall or aisle too (see `single_seats.py`).
   So avoiding one moves a party by a row or two seats, not across the auditorium. What
   `single_seats_left` would refuse is never offered.
3. If no block is free, the party is split: with the fewest people sitting alone, none if possible; then
   into the fewest groups; then with the lowest sum over all seats of

       score of the group + distance to where the party meets

   It meets at the best place or in the middle of one of the free stretches nearest to it, whichever gives
   the lowest sum. The sum is the lowest of what is offered, which is one way for each stretch and number of
   people: in one group if it can be, and then that with the lowest score, each group scored as if it came
   alone. What `single_seats_left` would refuse of the outcome is moved within its row.

A party that asks for seats of several kinds (a wheelchair space, a companion seat and two others) sits side
by side in one run where that is free, by 2. Otherwise the kind of which the fewest seats are free is seated
first, by 2 or 3, and the others kind by kind as near to it as can be, each by 3 with that place as the best
one. Of a few places to begin with, the one with the lowest sum over all seats is taken.

Equal scores go to the lowest seat number, so the same plan with the same taken seats always gives the same.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from math import hypot
from typing import Literal, NamedTuple

from bookings.seating.blocks import (
    Block,
    Kinds,
    Point,
    free_stretches,
    kinds_of,
    middle_of,
    numbers_of,
    whole_blocks,
)
from bookings.seating.single_seats import (
    judged_together,
    never_refused,
    singles_and_better_blocks,
    singles_beside,
)
from movies.seat_plan import SeatKind, SeatPlan

ROW_DEPTH = 2  # widths of a seat
SINGLE_COSTS = 2  # widths of a seat a party is moved rather than leave one single
MEETING_POINTS = 4  # few, as seats are chosen while the show is locked
NEAREST = 6  # stretches in which the rest of a mixed party is seated, or more if these are too small

# A party that names no kind pays no more than needed to sit together: dearer seats join only if the others
# are not enough. Wheelchair and companion spaces are for those who ask for them.
ANY_KIND = (
    (SeatKind.STANDARD,),
    (SeatKind.STANDARD, SeatKind.PREMIUM),
    (SeatKind.STANDARD, SeatKind.PREMIUM, SeatKind.SOFA),
)

# The cost of a split in one whole number, which sums exactly and compares fast: thousandths of a
# seat's width, outweighed by each group, outweighed by each person alone.
WIDTH = 10**3
GROUP = 10**9
ALONE = 10**14


def best_available(
    plan: SeatPlan,
    taken: AbstractSet[int],
    seats: int,
    *,
    kind: SeatKind | None = None,
    adjacent: Literal["required", "preferred"] = "preferred",
) -> tuple[int, ...] | None:
    """The best free seats for a party of this size, by number in ascending order; None if there are none.

    With a `kind` all seats are of that kind. Without, they are standard seats if the party can sit together
    there, else standard and premium, else sofas too; a split party takes the cheapest of these that separates
    it least. Wheelchair and companion spaces are given only to a party that asks for exactly them.

    None means that there are not so many free seats of the kind, or, with `adjacent="required"`, not so many
    together. A sofa counts only as a whole: an odd party that would have to take half of one gets None.
    Raises ValueError if `seats` is below 1.
    """
    if seats < 1:
        raise ValueError(f"A party has at least 1 seat, not {seats}.")
    pools = _pools(plan, kind)
    for kinds in pools:
        blocks = _free_blocks(plan, taken, seats, kinds)
        if block := _best_block(plan, taken, blocks):
            return block.numbers
    if adjacent == "required":
        return None
    splits: list[_Split] = []
    for kinds in pools:
        if split := _best_split(plan, taken, seats, kinds):
            splits.append(split)
            if split.groups == 2 and not split.alone:
                break  # a party cannot be split less, and dearer seats would not change that
    # The first of equals, which is the cheapest.
    best = min(splits, key=lambda split: (split.alone, split.groups), default=None)
    return best and tuple(sorted(_without_refused(plan, taken, frozenset(best.numbers))))


def best_available_of_kinds(
    plan: SeatPlan,
    taken: AbstractSet[int],
    party: Mapping[SeatKind, int],
    *,
    adjacent: Literal["required", "preferred"] = "preferred",
) -> tuple[int, ...] | None:
    """The same for a party that asks for so many seats of each kind.

    None means that there are not so many free seats of one of the kinds, or, with `adjacent="required"`, not
    side by side. Raises ValueError if a number is below 1 or nothing is asked for.
    """
    if min(party.values(), default=0) < 1:
        raise ValueError("A party has at least 1 seat of each kind that it asks for.")
    if block := _best_block(plan, taken, _blocks_of(plan, taken, party)):
        return block.numbers
    if adjacent == "required" or any(free_seats(plan, taken, kind) < seats for kind, seats in party.items()):
        return None
    first, *rest = sorted(party, key=lambda kind: (free_seats(plan, taken, kind), kind))
    parties = [
        _seated_around(plan, taken, start, {kind: party[kind] for kind in rest})
        for start in _places_to_begin(plan, taken, first, party[first])
    ]
    best = min(filter(None, parties), default=None)
    return best and tuple(sorted(_without_refused(plan, taken, frozenset(best.numbers))))


def free_seats(plan: SeatPlan, taken: AbstractSet[int], kind: SeatKind | None = None) -> int:
    """How many seats of this kind, or that a party may get that names none, can still be had."""
    return sum(map(len, _stretches(plan, taken, _kinds_for(kind))))


def largest_free_block(
    plan: SeatPlan, taken: AbstractSet[int], seats: int, party: Mapping[SeatKind, int] | None = None
) -> int:
    """How many of a party of so many can still sit side by side; 0 if no one can.

    Of a party that asks for so many seats of each kind, no more of a kind count than it asks for.
    """
    at_most = dict.fromkeys(ANY_KIND[-1], seats) if party is None else party
    sizes = range(seats, 0, -1)
    blocks = ((size, block) for size in sizes for block in _free_blocks(plan, taken, size, at_most))
    return next((size for size, block in blocks if Counter(kinds_of(block)) <= Counter(at_most)), 0)


class _Group(NamedTuple):
    """A block with its score. The better sorts first; of equal scores, the lower seat number."""

    score: float
    numbers: tuple[int, ...]
    middle: Point


class _Offer(NamedTuple):
    """A part of the party in one stretch. The better sorts first, as with a group."""

    score: float  # summed over all seats
    numbers: tuple[int, ...]
    groups: Sequence[_Group]


class _Split(NamedTuple):
    cost: int
    numbers: tuple[int, ...]

    @property
    def alone(self) -> int:
        return self.cost // ALONE

    @property
    def groups(self) -> int:
        return self.cost % ALONE // GROUP


def _pools(plan: SeatPlan, kind: SeatKind | None) -> list[tuple[SeatKind, ...]]:
    """The kinds to choose from, cheapest first."""
    if kind is not None:
        return [(kind,)]
    sold = {seat.kind for seat in plan.seats}
    return [kinds for kinds in ANY_KIND if kinds[-1] in sold]  # the others add nothing to the one before


def _kinds_for(kind: SeatKind | None) -> tuple[SeatKind, ...]:
    return ANY_KIND[-1] if kind is None else (kind,)


def _stretches(plan: SeatPlan, taken: AbstractSet[int], kinds: Collection[SeatKind]) -> Iterator[Block]:
    for run in plan.runs:
        yield from free_stretches(run, taken, kinds)


def _free_blocks(
    plan: SeatPlan, taken: AbstractSet[int], seats: int, kinds: Collection[SeatKind]
) -> Iterator[Block]:
    for stretch in _stretches(plan, taken, kinds):
        yield from whole_blocks(stretch, seats)


def _best_block(plan: SeatPlan, taken: AbstractSet[int], blocks: Iterable[Block]) -> _Group | None:
    return min(_scored(plan, taken, _not_refused(plan, taken, blocks)), default=None)


def _not_refused(plan: SeatPlan, taken: AbstractSet[int], blocks: Iterable[Block]) -> list[Block]:
    """The blocks that `single_seats_left` accepts.

    The same rule, asked once for all blocks of one size instead of once for each: where a row has a block
    that leaves no single, its blocks of the same kinds that do leave one are refused.
    """
    judged = [(block, _row_and_kinds(block), not singles_beside(plan, taken, block)) for block in blocks]
    has_better = {row_and_kinds for _, row_and_kinds, leaves_none in judged if leaves_none}
    return [
        block
        for block, row_and_kinds, leaves_none in judged
        if leaves_none or row_and_kinds not in has_better or never_refused(block)
    ]


def _row_and_kinds(block: Block) -> tuple[int, Kinds]:
    return block[0].y, kinds_of(block)


def _blocks_of(plan: SeatPlan, taken: AbstractSet[int], party: Mapping[SeatKind, int]) -> Iterator[Block]:
    """The blocks in which a party of these kinds sits side by side."""
    kinds = tuple(sorted(Counter(party).elements()))
    return (block for block in _free_blocks(plan, taken, len(kinds), party) if kinds_of(block) == kinds)


def _places_to_begin(plan: SeatPlan, taken: AbstractSet[int], kind: SeatKind, seats: int) -> list["_Split"]:
    """Where the first of a mixed party may sit: the best blocks of its kind, or split as little as can be."""
    blocks = _not_refused(plan, taken, _free_blocks(plan, taken, seats, (kind,)))
    if best := sorted(_scored(plan, taken, blocks))[:MEETING_POINTS]:
        return [_Split(_cost(group, group.middle), group.numbers) for group in best]
    split = _best_split(plan, taken, seats, (kind,))
    return [split] if split else []


def _seated_around(
    plan: SeatPlan, taken: AbstractSet[int], start: "_Split", rest: Mapping[SeatKind, int]
) -> "_Split | None":
    """Seat the rest of a mixed party, kind by kind, as near as can be to those who have their seats."""
    seated = start
    for kind, seats in rest.items():
        x, y = (
            sum(getattr(plan.seat(number), axis) for number in seated.numbers) / len(seated.numbers)
            for axis in ("x", "y")
        )
        occupied = taken | set(seated.numbers)
        stretches = _nearest(_stretches(plan, occupied, (kind,)), (x, y), seats)
        offers = [_offers(plan, occupied, stretch, seats, place=(x, y)) for stretch in stretches]
        more = _split_around((x, y), offers, seats)
        if more is None:
            return None
        seated = _Split(seated.cost + more.cost, seated.numbers + more.numbers)
    return seated


def _nearest(stretches: Iterable[Block], place: Point, seats: int) -> list[Block]:
    """The stretches nearest to a place: a few, or as many as it takes for so many seats."""
    nearest = sorted(stretches, key=lambda s: min(_distance((seat.x, seat.y), place) for seat in s))
    enough = NEAREST
    while sum(map(len, nearest[:enough])) < seats and enough < len(nearest):
        enough += 1
    return nearest[:enough]


def _best_split(
    plan: SeatPlan, taken: AbstractSet[int], seats: int, kinds: Collection[SeatKind]
) -> _Split | None:
    """The best way to seat the party in groups; None if seats are short."""
    best_place = best_place_of(plan)
    stretches = list(_stretches(plan, taken, kinds))
    offers = [_offers(plan, taken, stretch, seats) for stretch in stretches]
    nearest = sorted(stretches, key=lambda stretch: _distance(middle_of(stretch), best_place))
    meeting_points = [best_place, *map(middle_of, nearest[:MEETING_POINTS])]
    splits = [_split_around(point, offers, seats) for point in meeting_points]
    return min(filter(None, splits), default=None)


def _offers(
    plan: SeatPlan, taken: AbstractSet[int], stretch: Block, seats: int, place: Point | None = None
) -> list[_Offer]:
    """How this stretch would best seat each part of the party, the smallest part first."""
    offers = []
    for size in range(1, min(seats, len(stretch)) + 1):
        if groups := _scored(plan, taken, whole_blocks(stretch, size), place):
            offers.append(_offer([min(groups)]))
        elif pairs := [_scored(plan, taken, pair, place) for pair in _blocks_with_a_gap(stretch, size)]:
            offers.append(min(map(_offer, pairs)))
    return offers


def _blocks_with_a_gap(stretch: Block, seats: int) -> Iterator[tuple[Block, Block]]:
    """Two blocks of so many seats in all, with a single seat left free between them.

    For a stretch in which every block of so many would cut a sofa, as all of 8 do in SSooSSoSS. If so many
    can sit there at all, they can sit like this, and none of them alone. For the stretch begins with a sofa,
    or its first or second seat would begin a block; its first seats + 1 end with a sofa, the one that is cut;
    and between the two is an ordinary seat, or the first one there is would end a block.
    """
    for block in whole_blocks(stretch, seats + 1):
        for at, seat in enumerate(block):
            if seat.kind is not SeatKind.SOFA:
                yield block[:at], block[at + 1 :]


def _offer(groups: Sequence[_Group]) -> _Offer:
    score = sum(len(group.numbers) * group.score for group in groups)
    return _Offer(score, tuple(chain.from_iterable(group.numbers for group in groups)), groups)


def _split_around(meeting: Point, stretches: list[list[_Offer]], seats: int) -> _Split | None:
    """The cheapest split of the party for one meeting point, given what each stretch offers.

    Stretch by stretch it keeps only the best way to seat each part of the party (the knapsack problem), so
    the work grows with free seats times party size and not with the number of ways to split.
    """
    best = {0: _Split(0, ())}
    for offers in stretches:
        parts = [
            (len(offer.numbers), sum(_cost(group, meeting) for group in offer.groups), offer.numbers)
            for offer in offers
        ]
        # The largest part first, so that no stretch is used twice.
        for seated in sorted(best, reverse=True):
            cost_so_far, numbers = best[seated]
            for size, cost, more in parts:
                total = seated + size
                if total > seats:
                    break
                if total not in best or cost_so_far + cost < best[total].cost:
                    best[total] = _Split(cost_so_far + cost, numbers + more)
    return best.get(seats)


def _cost(group: _Group, meeting: Point) -> int:
    size = len(group.numbers)
    widths = size * (group.score + _distance(group.middle, meeting))
    return round(WIDTH * widths) + GROUP + (ALONE if size == 1 else 0)


def _without_refused(plan: SeatPlan, taken: AbstractSet[int], chosen: frozenset[int]) -> frozenset[int]:
    """The choice, with the groups that `single_seats_left` would refuse moved within their row.

    It ends, because every move lowers the number of single seats.
    """
    for groups in judged_together(plan, chosen):
        _, better = singles_and_better_blocks(plan, taken | chosen, groups)
        rest = chosen.difference(*map(numbers_of, groups))
        if best := _best_block(plan, taken | rest, better):
            return _without_refused(plan, taken, rest.union(best.numbers))
    return chosen


def best_place_of(plan: SeatPlan) -> Point:
    leftmost = min(row[0].x for row in plan.rows)
    return (leftmost + plan.width - 1) / 2, (plan.height - 1) * 2 / 3


def _distance(one: Point, other: Point) -> float:
    return hypot(one[0] - other[0], ROW_DEPTH * (one[1] - other[1]))


def _scored(
    plan: SeatPlan, taken: AbstractSet[int], blocks: Iterable[Block], place: Point | None = None
) -> list[_Group]:
    """The blocks with their scores, as seen from a place, by default the best one."""
    best_place = place or best_place_of(plan)
    groups = []
    for block in blocks:
        middle = middle_of(block)
        singles = singles_beside(plan, taken, block, aisle_counts=True)
        score = _distance(middle, best_place) + SINGLE_COSTS * len(singles)
        groups.append(_Group(score, _numbers(block), middle))
    return groups


def _numbers(block: Block) -> tuple[int, ...]:
    return tuple(seat.number for seat in block)
