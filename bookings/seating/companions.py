"""The rule that a companion seat goes with a wheelchair space: one for each, in the same order."""

from collections.abc import Iterable

from movies.seat_plan import SeatKind, SeatPlan


def companions_too_many(plan: SeatPlan, party: Iterable[int]) -> tuple[int, ...]:
    """The companion seats of a party, from its last one on, that have no wheelchair space of their own.

    Which of them is nearest to which space does not matter: where the two stand is for those who draw plans.
    """
    numbers = {kind: [n for n in sorted(party) if plan.seat(n).kind is kind] for kind in _KINDS}
    return tuple(numbers[SeatKind.COMPANION][len(numbers[SeatKind.WHEELCHAIR]) :])


_KINDS = (SeatKind.WHEELCHAIR, SeatKind.COMPANION)
