"""Which kind of seat may stand in for another when a party has to move, and which of two is dearer."""

from collections import Counter
from collections.abc import Iterable
from enum import Enum

from movies.seat_plan import SeatKind

# From the cheapest to the dearest. Prices belong to a show and change; this order does not.
# A wheelchair space is in no such order: nothing stands in for it, and it for nothing.
CHEAPEST_FIRST = (SeatKind.COMPANION, SeatKind.STANDARD, SeatKind.PREMIUM, SeatKind.SOFA)
_RANK = {kind: rank for rank, kind in enumerate(CHEAPEST_FIRST)}


class KindChange(str, Enum):
    """What a move makes of the kind of a seat."""

    SAME = "same"
    DEARER = "dearer"  # at no charge
    CHEAPER = "cheaper"  # the difference is given back

    __str__ = str.__str__


def rank_of(kind: SeatKind) -> int:
    """The place of a kind in `CHEAPEST_FIRST`; -1 for a wheelchair space."""
    return _RANK.get(kind, -1)


def kind_change(before: SeatKind, after: SeatKind) -> KindChange:
    """What a guest who had the one kind gets with the other."""
    if before is after:
        return KindChange.SAME
    return KindChange.DEARER if rank_of(after) > rank_of(before) else KindChange.CHEAPER


def cost_of_kinds(before: Iterable[SeatKind], after: Iterable[SeatKind]) -> tuple[int, int] | None:
    """How many steps down and up in `CHEAPEST_FIRST` a party takes with these seats; None if it may not.

    For as many seats as before. Steps down weigh more, so the lower of two costs is the better. Wheelchair
    spaces are for wheelchair users, and they for nothing else; companion seats are for companions, and for
    others only in company of a wheelchair user.
    """
    had, gets = Counter(before), Counter(after)
    if had[SeatKind.WHEELCHAIR] != gets[SeatKind.WHEELCHAIR]:
        return None
    if gets[SeatKind.COMPANION] > had[SeatKind.COMPANION] and not had[SeatKind.WHEELCHAIR]:
        return None
    # Those who keep their kind first, the others in order: no other way takes fewer steps.
    losing = sorted(map(rank_of, (had - gets).elements()))
    gaining = sorted(map(rank_of, (gets - had).elements()))
    steps = [new - old for old, new in zip(losing, gaining, strict=True)]
    return sum(-step for step in steps if step < 0), sum(step for step in steps if step > 0)
