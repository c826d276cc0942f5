"""What buyers were told during a drill, and what follows from it. No clock, no network, no database."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

Seat = tuple[int, int]  # the id of a show, and the number of a seat in it


class Answer(NamedTuple):
    """One answer, or none: then `status` says why, as `cut` or `no connection`."""

    at: float  # seconds of a monotonic clock
    kind: str  # book or read
    status: str
    code: str = ""  # of the problem, or `proxy` where there was none


class Sale(NamedTuple):
    """A booking that a buyer was told of: 201."""

    at: float
    booking: int
    reference: str
    seat: Seat
    buyer: int


class Found(NamedTuple):
    """A live booking as it stands in the database."""

    booking: int
    reference: str
    seat: Seat
    buyer: int


def longest_without(moments: Iterable[float], start: float, end: float) -> float:
    """Return for how many seconds at most nothing happened between start and end.

    A pause that had begun before counts from its beginning.
    """
    ordered = sorted(moments)
    before = [moment for moment in ordered if moment <= start]
    within = [moment for moment in ordered if start < moment <= end]
    known = [before[-1] if before else start, *within, end]
    return max(later - earlier for earlier, later in pairwise(known))


def lost(sales: Iterable[Sale], found: Iterable[Found]) -> list[Sale]:
    """Return what buyers were told of and the database does not have, or has of somebody else."""
    there = set(found)
    return [sale for sale in sales if Found(sale.booking, sale.reference, sale.seat, sale.buyer) not in there]


def sold_twice(sales: Iterable[Sale], found: Iterable[Found]) -> set[Seat]:
    """Return the seats that two buyers were told are theirs, or that the database has twice."""
    told = {(sale.seat, sale.booking) for sale in sales}
    stands = {(each.seat, each.booking) for each in found}
    return {
        seat
        for pairs in (told, stands)
        for seat, number in Counter(seat for seat, _ in pairs).items()
        if number > 1
    }


def by_status(answers: Sequence[Answer], kind: str) -> dict[str, int]:
    """Return how often each status was answered, with the code of a problem that says to come back."""
    counts = Counter(f"{answer.status} {answer.code}".strip() for answer in answers if answer.kind == kind)
    return dict(sorted(counts.items()))
