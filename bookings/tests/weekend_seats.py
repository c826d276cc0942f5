"""The seats of the weekend: read from drawings by plain means, and what a move must not do to a party."""

from itertools import pairwise
from typing import NamedTuple

KINDS = {"o": "standard", "P": "premium", "S": "sofa", "W": "wheelchair", "C": "companion"}

# What the two screens of each cinema look like, and what they may be redrawn to. Labels differ between the
# two, and where they are the same, kinds do.
SCREEN_1 = (
    "A ooo_WC\nB ooSSoo\nC oooPPo",
    "A ooo_WC\nB oooooo\nC oooPPo",
    "B ooSSoo\nC oooPPo\nD oo_WC",
    "A ooo_WC\nB ooSSoo\nC oooPPo\nD oooo",
    "A ooo_WC\nC P_P",
    "D PPPPPP_WC\nE SSSSPPP",
)
SCREEN_2 = (
    "A WCoooo\nB ooPPP\nE SSooo",
    "A oooo_CW\nB ooPPP\nE SSooo",
    "A WCoooo\nB oooooo\nF oSSoo_WC",
    "E WC_oo\nF o_o_o_o",
    "G PPPPPP_WC\nH SSSSPPP",
)


class Seat(NamedTuple):
    """A place in a plan: where it stands, what it is, and the number of a sofa's other half."""

    number: int
    label: str
    kind: str
    row: int
    x: int
    partner: int | None

    @property
    def ticket(self):
        """What a ticket says of it."""
        return self.label, self.kind


def read(drawing, total=None):
    """The seats of a drawing, or the first of them, in the order of their numbers.

    Half a sofa left at the end is a standard seat.
    """
    seats = []
    for row, line in enumerate(drawing.splitlines()):
        name, places = line.split()
        drawn = [(x, KINDS[sign]) for x, sign in enumerate(places) if sign != "_"]
        halves = [x for x, kind in drawn if kind == "sofa"]
        for place, (x, kind) in enumerate(drawn, start=1):
            number, partner = len(seats) + 1, None
            if kind == "sofa":
                partner = number - 1 if halves.index(x) % 2 else number + 1
            seats.append(Seat(number, f"{name}{place}", kind, row, x, partner))
    seats = seats[:total]
    if seats[-1].partner is not None and seats[-1].partner > len(seats):
        seats[-1] = seats[-1]._replace(kind="standard", partner=None)
    return tuple(seats)


def beside(seat, others):
    """Those of the others that are directly beside the seat."""
    return [other for other in others if other.row == seat.row and abs(other.x - seat.x) == 1]


def blocks(seats, free, size):
    """All the places where so many can sit side by side on free seats, by number."""
    windows = [seats[start : start + size] for start in range(len(seats) - size + 1)]
    return [
        [seat.number for seat in window]
        for window in windows
        if all(seat.number in free for seat in window)
        and all(beside(one, [other]) for one, other in pairwise(window))
    ]


def half_sofas(seats, numbers):
    """The halves of sofas among the seats of these numbers without their other half."""
    return {n for n in numbers if seats[n - 1].partner not in {None, *numbers}}


def companions_alone(seats, numbers):
    """How many companion seats among these have no wheelchair space of their own."""
    kinds = [seats[number - 1].kind for number in numbers]
    return max(0, kinds.count("companion") - kinds.count("wheelchair"))


def wrongs(pairs, *, may_sit_alone):
    """What is wrong with how a party is moved, given as pairs of a seat before and the one after."""
    before, after = [old for old, _ in pairs], [new for _, new in pairs]
    numbers_before, numbers_after = ({seat.number for seat in seats} for seats in (before, after))
    for old, new in pairs:
        if (old.kind == "wheelchair") != (new.kind == "wheelchair"):
            yield "wheelchair spaces are for wheelchair users, and they for them", old, new
        if beside(old, before) and not beside(new, after) and not may_sit_alone:
            yield "newly alone", old, new
        people = [now for was, now in pairs if was in beside(old, before) and was.kind == "companion"]
        if old.kind == "wheelchair" and people and not beside(new, people):
            yield "companion apart", old, new
        if new.kind == "companion" != old.kind and "wheelchair" not in {seat.kind for seat in after}:
            yield "companion seat of others", old, new
        was_half = old.ticket == new.ticket and old.partner not in {None, *numbers_before}
        if new.partner not in {None, *numbers_after} and not was_half:
            yield "half a sofa", old, new
