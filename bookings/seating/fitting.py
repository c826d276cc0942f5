"""One attempt at seating parties in a plan while it fills; `reseating.py` says what is promised."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import hypot
from typing import NamedTuple

from bookings.seating.best_available import SINGLE_COSTS
from bookings.seating.blocks import Block, Kinds, Point, are_neighbours, kinds_of
from bookings.seating.free_places import FreePlaces
from bookings.seating.kinds import cost_of_kinds, rank_of
from bookings.seating.parties import Fault, SeatMoves, faults_of
from movies.seat_plan import Seat, SeatKind, SeatPlan

# A party of ten can be taken apart in 12 ways. Few, as seats are chosen while the show is locked.
MAX_PARTS_TRIED = 100


class Way(NamedTuple):
    """What is tried."""

    single_costs: int = SINGLE_COSTS  # widths of a seat a party is moved rather than leave one single,
    gap_costs: int = 0  # or free seats on both its sides
    kinds_first: bool = True  # all look for their own kinds before the first takes others
    may_sit_alone: bool = False


WAYS = (
    Way(),
    Way(single_costs=20, gap_costs=20),
    Way(single_costs=20, gap_costs=20, kinds_first=False),
)


@dataclass(frozen=True, eq=False)
class Group:
    """Members of one party who sit side by side before the move."""

    party: int  # its place among the parties
    seats: Block
    away: Point  # from the best place
    staying: SeatMoves | None  # to the same seats, if all these are there after the move

    @cached_property
    def has_wheelchair(self) -> bool:
        return any(seat.kind is SeatKind.WHEELCHAIR for seat in self.seats)


class Outcome(NamedTuple):
    moves: list[tuple[Seat, Seat]]
    left_out: dict[int, int]  # how many people, by the place of their party among the parties
    alone: int  # how many who were not alone before


class Fitting:
    """The plan after the move, with those seated so far."""

    def __init__(self, before: SeatPlan, after: SeatPlan, way: Way, *, taken: Iterable[int]) -> None:
        self._before = before
        self._after = after
        self._way = way
        self._free = FreePlaces(after, single_costs=way.single_costs, gap_costs=way.gap_costs)
        self._free.take(taken)
        self._seated: dict[Group, SeatMoves] = {}

    def seat_all(self, groups: Sequence[Group]) -> Outcome:
        ordered = sorted(groups, key=_hardest_first)
        waiting = [group for group in ordered if not self._stay(group)]
        if self._way.kinds_first:
            waiting = [group for group in waiting if not self._seat(group, self._in_own_kinds(group))]
            waiting = [group for group in waiting if not self._seat(group, self._whole(group))]
        waiting = [group for group in waiting if not self._seat_somehow(group)]
        left_out = self._without_incomplete(ordered, {group.party for group in waiting})
        moves = [move for moves in self._seated.values() for move in moves.items()]
        return Outcome(moves, left_out, sum(map(self._newly_alone, self._seated.values())))

    def _without_incomplete(self, groups: Sequence[Group], parties: set[int]) -> dict[int, int]:
        """Take these parties out; let each try once more with what the others leave. Returns who failed."""
        members: dict[int, list[Group]] = {}
        for group in groups:
            if group.party in parties:
                members.setdefault(group.party, []).append(group)
                self._unseat(group)
        left_out = {}
        for party, of_party in members.items():
            if not all(self._stay(group) or self._seat_somehow(group) for group in of_party):
                left_out[party] = sum(len(group.seats) for group in of_party)
                for group in of_party:
                    self._unseat(group)
        return left_out

    def _stay(self, group: Group) -> bool:
        same = group.staying
        if same is None or not self._free.are_free(seat.number for seat in same.values()):
            return False
        return self._seat(group, same)

    def _seat_somehow(self, group: Group) -> bool:
        return self._seat(group, self._whole(group)) or self._seat(group, self._apart(group))

    def _seat(self, group: Group, moves: SeatMoves | None) -> bool:
        if moves is None:
            return False
        self._seated[group] = moves
        self._free.take(seat.number for seat in moves.values())
        return True

    def _unseat(self, group: Group) -> None:
        if moves := self._seated.pop(group, None):
            self._free.release(seat.number for seat in moves.values())

    def _in_own_kinds(self, group: Group) -> SeatMoves | None:
        return self._nearest(group, kinds_of(group.seats), frozenset())

    def _whole(self, group: Group, avoid: frozenset[Seat] = frozenset()) -> SeatMoves | None:
        """Side by side in the best kinds there are, but not on seats that others of the party will have."""
        own = kinds_of(group.seats)
        costs = ((cost_of_kinds(own, kinds), kinds) for kinds in self._free.kinds_of_places(len(own)))
        for _, kinds in sorted((cost, kinds) for cost, kinds in costs if cost is not None):
            if moves := self._nearest(group, kinds, avoid):
                return moves
        return None

    def _nearest(self, group: Group, kinds: Kinds, avoid: frozenset[Seat]) -> SeatMoves | None:
        def fits(block: Block) -> bool:
            if not avoid.isdisjoint(block):
                return False
            # Neighbours stay neighbours and sofas whole. Only a companion may get away from the wheelchair.
            return not group.has_wheelchair or self._is_faultless(_assigned(group.seats, block))

        block = self._free.nearest(kinds, group.away, fits)
        return None if block is None else _assigned(group.seats, block)

    def _apart(self, group: Group) -> SeatMoves | None:
        if len(group.seats) > self._free.how_many:
            return None
        tries = iter(range(MAX_PARTS_TRIED))
        for teams, rest in _partings(group):
            moves = self._each_whole(group, teams, {})
            for alone in range(len(rest) + 1 if self._way.may_sit_alone else 1):
                if moves is None:
                    break
                company, singles = rest[alone:], [(seat,) for seat in rest[:alone]]
                together = self._in_company(group, company, moves, len(company), tries)
                everyone = None if together is None else self._each_whole(group, singles, together)
                if everyone is not None and self._is_faultless(everyone):
                    return everyone
        return None

    def _each_whole(self, group: Group, parts: Iterable[Block], so_far: SeatMoves) -> SeatMoves | None:
        """Where each of these parts of the group would sit, with those who have seats so far."""
        moves = dict(so_far)
        for seats in parts:
            more = self._whole(replace(group, seats=seats), frozenset(moves.values()))
            if more is None:
                return None
            moves.update(more)
        return moves

    def _in_company(
        self, group: Group, people: Block, so_far: SeatMoves, largest: int, tries: Iterator[int]
    ) -> SeatMoves | None:
        """Where these members would sit with none alone, in few parts, with those who have seats so far.

        The largest part first: what it leaves of its seats is the more for the others. Each of `tries` allows
        to take another size after one that did not work out.
        """
        if not people:
            return so_far
        for size in range(min(largest, len(people)), 1, -1):
            moves = self._each_whole(group, [people[:size]], so_far)
            if moves is None:
                continue
            everyone = self._in_company(group, people[size:], moves, size, tries)
            if everyone is not None:
                return everyone
            if next(tries, None) is None:
                return None
        return None

    def _is_faultless(self, moves: SeatMoves) -> bool:
        faults = {fault for fault, _ in faults_of(self._before, self._after, moves)}
        return faults <= ({Fault.ALONE} if self._way.may_sit_alone else set())

    def _newly_alone(self, moves: SeatMoves) -> int:
        if not self._way.may_sit_alone:
            return 0
        faults = dict(faults_of(self._before, self._after, moves))
        return len(faults.get(Fault.ALONE, ()))


def _hardest_first(group: Group) -> tuple[bool, int, float, int]:
    return not group.has_wheelchair, -len(group.seats), hypot(*group.away), group.seats[0].number


def _assigned(people: Block, seats: Block) -> SeatMoves:
    """Who gets which of as many seats: their own kind where there is one, the rest in the order of kinds."""
    had, gets = Counter(seat.kind for seat in people), Counter(seat.kind for seat in seats)
    keep, other_kinds = had & gets, iter(sorted((gets - had).elements(), key=rank_of))
    spaces = [seat for seat in seats if seat.kind is SeatKind.WHEELCHAIR]
    # Companions choose before those in dearer seats, and first what is beside a wheelchair space.
    free = sorted(seats, key=lambda seat: not any(are_neighbours(seat, space) for space in spaces))
    moves = {}
    for person in sorted(people, key=lambda person: rank_of(person.kind)):
        kind = person.kind if keep[person.kind] > 0 else next(other_kinds)
        keep[person.kind] -= 1
        moves[person] = next(seat for seat in free if seat.kind is kind)
        free.remove(moves[person])
    return moves


def _partings(group: Group) -> Iterator[tuple[list[Block], Block]]:
    """How to take a group apart: into those who must stay as they are, and the rest."""
    if not group.has_wheelchair:
        yield [], group.seats
        return
    teams = _teams(group.seats)
    together = sorted((seat for team in teams for seat in team), key=lambda seat: seat.number)
    rest = tuple(seat for seat in group.seats if seat not in together)
    if rest:
        yield [tuple(together)], rest
    if len(teams) > 1:
        yield teams, rest


def _teams(seats: Block) -> list[Block]:
    """Each wheelchair user with those who stay: the companions nearest by, or else one neighbour."""
    users = [seat for seat in seats if seat.kind is SeatKind.WHEELCHAIR]
    teams = {user.number: [user] for user in users}
    others = [seat for seat in seats if seat not in users]
    for seat in others:
        if seat.kind is SeatKind.COMPANION:
            _, nearest = min((abs(user.x - seat.x), user.number) for user in users)
            teams[nearest].append(seat)
    for team in teams.values():
        if len(team) == 1:
            free = [seat for seat in others if not any(seat in other for other in teams.values())]
            team.extend([seat for seat in free if are_neighbours(seat, team[0])][:1])
    return [tuple(sorted(team, key=lambda seat: seat.number)) for team in teams.values()]
