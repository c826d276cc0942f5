"""Seating the parties of a sold show anew, because its plan has changed or it moves to another screen.

What is promised, in this order:

1. A ticket stays true where it can: members of a party who sit side by side keep their seats if all these
   are there after the move, by label and kind. All of them move if one of these seats is gone, or if they
   would be torn apart: an aisle leaves a member alone, a companion is no longer beside the wheelchair, a
   sofa is cut in two.
2. Those who move sit whole and side by side, of all such places at the one most like that which they had:

       difference of the distances from the best place, in whole seat widths + 2 * singles

   with distances and singles as in `best_available`; of equals the one that is nearest to the same spot, seen
   from the best place; then the one with the lowest number.
3. A wheelchair user gets a wheelchair space or none, beside a companion if there was one. Others never get
   such a space, and companion seats only in company of a wheelchair user. Sofas are taken as a whole.
4. Kind for kind where it can be. Else dearer kinds rather than cheaper ones, in as few steps as possible, in
   the order companion, standard, premium, sofa (see `kinds.py`). So a companion may get a standard seat
   beside the wheelchair. A party sits whole in other kinds rather than apart in its own.
5. A member who sat beside another one does not sit alone, unless the caller allows it.
6. A party that cannot be seated whole is seated apart: with the fewest alone, then in few groups, then near
   the place that it had. Wheelchair users and their companions stay together. If that cannot be, all of the
   party is left out, and listed: its other seats go to others.
7. House seats keep their label. Those whose label is gone are dropped, and listed.

Wheelchair users choose first, then large parties before small ones, then those nearer to the best place. If
a party is left out, it is tried again with parties packed more tightly, and with each taking what there is
when its turn comes; the outcome is the one that leaves out the fewest people. That is not always the fewest
possible, which could take years to find. The same input always gives the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from bookings.seating.blocks import groups_of
from bookings.seating.fitting import WAYS, Fitting, Group, Outcome
from bookings.seating.free_places import away_from_best
from bookings.seating.kinds import KindChange, kind_change
from bookings.seating.parties import Fault, Party, Problem, SeatMoves, faults_of, is_unchanged
from bookings.seating.single_seats import singles_in
from movies.seat_plan import Seat, SeatPlan


class Change(NamedTuple):
    """A seat before the move, and the one that the guest has after it."""

    before: Seat
    after: Seat

    @property
    def kind(self) -> KindChange:
        return kind_change(self.before.kind, self.after.kind)


@dataclass(frozen=True)
class Reseating:
    """Who sits where after the move."""

    before: SeatPlan
    after: SeatPlan
    moves: Mapping[int, int]  # each seat before that has one after, ascending
    left_out: tuple[Party, ...]  # parties without seats after, in the order given
    dropped: tuple[int, ...]  # house seats before that are none after, ascending

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """The seats of which the ticket is no longer true."""
        return changes_of(self.before, self.after, self.moves)


def reseat(
    before: SeatPlan,
    after: SeatPlan,
    parties: Sequence[Party],
    *,
    may_sit_alone: bool = False,
    chosen: Mapping[int, int] | None = None,
) -> Reseating:
    """Seat all parties of one plan in another. What is promised stands at the top of this module.

    With `may_sit_alone`, a party is seated with members alone rather than left out. `chosen` are seats before
    whose seats after are settled, whatever is promised; all others are seated around them.
    Raises UnknownSeatError for seats that are not in the plans, and ValueError if two parties have one.
    """
    _refuse_seats_in_common(parties)
    settled = {before.seat(old): after.seat(new) for old, new in (chosen or {}).items()}
    by_label = {seat.label: seat for seat in after.seats}
    house = [before.seat(number) for party in parties if party.is_house for number in party.seats]
    settled |= _same_labels(house, by_label, settled)
    groups = _groups(before, after, [_without(party, settled) for party in parties])
    outcomes: list[Outcome] = []
    for way in (*WAYS, *(way._replace(may_sit_alone=True) for way in WAYS if may_sit_alone)):
        fitting = Fitting(before, after, way, taken=[seat.number for seat in settled.values()])
        outcomes.append(fitting.seat_all(groups))
        if not outcomes[-1].left_out:
            break
    best = min(outcomes, key=_badness)  # the first of equals
    left_out = tuple(party for at, party in enumerate(parties) if at in best.left_out)
    without = {number for party in left_out for number in party.seats}
    seated = {old.number: new.number for old, new in (*settled.items(), *best.moves)}
    moves = {old: new for old, new in seated.items() if old not in without}
    return Reseating(
        before,
        after,
        moves=dict(sorted(moves.items())),
        left_out=left_out,
        dropped=tuple(sorted(seat.number for seat in house if seat not in settled)),
    )


def singles_by_hand(
    planned: Reseating, parties: Iterable[Party], moves: Mapping[int, int]
) -> tuple[Problem, ...]:
    """What is wrong with `moves` beside what was `planned`: seats chosen by hand that leave a seat single.

    A seat that the plan leaves single too is none of their fault. See `single_seats`.
    """
    plan = planned.after
    before, after = (singles_in(plan, set(each.values())) for each in (planned.moves, moves))
    beside = {number + step for number in after - before for step in (-1, 1)}
    problems = []
    for party in parties:
        chosen = [old for old in party.seats if moves.get(old) != planned.moves.get(old)]
        if at_fault := [old for old in chosen if moves.get(old) in beside]:
            problems.append(Problem(Fault.LEFT_SINGLE, party.id, tuple(sorted(at_fault))))
    return tuple(problems)


def changes_of(before: SeatPlan, after: SeatPlan, moves: Mapping[int, int]) -> tuple[Change, ...]:
    """The seats that get another label or another kind, in the order of the plan before.

    A seat that only gets another number has not changed. Raises UnknownSeatError.
    """
    changes = (Change(before.seat(old), after.seat(new)) for old, new in sorted(moves.items()))
    return tuple(change for change in changes if not is_unchanged(*change))


def _refuse_seats_in_common(parties: Iterable[Party]) -> None:
    seen: set[int] = set()
    for party in parties:
        if common := seen.intersection(party.seats):
            raise ValueError(f"Two parties have seat number {min(common)}.")
        seen.update(party.seats)


def _same_labels(
    house: Iterable[Seat], by_label: Mapping[str, Seat], settled: Mapping[Seat, Seat]
) -> dict[Seat, Seat]:
    """House seats that keep their label."""
    there = {seat: by_label[seat.label] for seat in house if seat.label in by_label and seat not in settled}
    taken = set(settled.values())
    return {old: new for old, new in there.items() if new not in taken}


def _without(party: Party, settled: Mapping[Seat, Seat]) -> Party:
    """The party, with those of its members whose seats are not settled."""
    numbers = {seat.number for seat in settled}
    return replace(party, seats=[number for number in party.seats if number not in numbers])


def _groups(before: SeatPlan, after: SeatPlan, parties: Sequence[Party]) -> list[Group]:
    """The guests, those of a party side by side together."""
    by_label = {seat.label: seat for seat in after.seats}
    blocks = [
        (at, block)
        for at, party in enumerate(parties)
        if not party.is_house
        for block in groups_of(before, frozenset(party.seats))
    ]
    away = away_from_best(before, (block for _, block in blocks))
    groups = []
    for (at, block), middle in zip(blocks, away, strict=True):
        same = {seat: by_label[seat.label] for seat in block if seat.label in by_label}
        can_stay = len(same) == len(block) and _stays_true(before, after, same)
        groups.append(Group(at, block, middle, staying=same if can_stay else None))
    return groups


def _stays_true(before: SeatPlan, after: SeatPlan, moves: SeatMoves) -> bool:
    """Whether the tickets stay true and the party together."""
    return all(is_unchanged(*move) for move in moves.items()) and not any(faults_of(before, after, moves))


def _badness(outcome: Outcome) -> tuple[int, ...]:
    changes = [kind_change(old.kind, new.kind) for old, new in outcome.moves]
    return (
        sum(outcome.left_out.values()),
        len(outcome.left_out),
        outcome.alone,
        changes.count(KindChange.CHEAPER),
        changes.count(KindChange.DEARER),
    )
