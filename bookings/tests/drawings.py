"""Seat plans for tests, drawn with who sits where: x is a taken standard seat, * a chosen one."""

from collections.abc import Iterable, Mapping

from bookings.seating.parties import Party
from movies.seat_plan import SeatPlan, parse_plan

ROW_NAMES = "ABCDEFGHJKLMNPQR"


def parse_drawing(*rows: str) -> tuple[SeatPlan, frozenset[int], frozenset[int]]:
    """The plan of rows A, B, C ... from the screen back, the taken and the chosen seats. "" is a walkway."""
    lines = [f"{name} {row}" if row else "" for name, row in zip(ROW_NAMES, rows, strict=False)]
    plan = parse_plan("\n".join(lines).replace("x", "o").replace("*", "o"))
    signs = "".join(rows).replace("_", "").replace(" ", "")
    return plan, _places_of("x", signs), _places_of("*", signs)


def parse_guests(*rows: str) -> tuple[SeatPlan, list[Party]]:
    """The plan and the parties of rows like "WC_oo aa_b.": what is there, and whose it is.

    Each small letter is a party, in the order of the alphabet; # are house seats, . is free. Rows are named
    A, B, C ... unless they name themselves: "K oo ab". "" is a walkway.
    """
    drawn = [row.split() for row in rows]
    lines = [" ".join([*ROW_NAMES[at], *row][-3:-1]) for at, row in enumerate(drawn)]
    plan = parse_plan("\n".join(lines))
    signs = "".join(row[-1] for row in drawn if row).replace("_", "")
    return plan, [
        Party(ord(sign), tuple(sorted(_places_of(sign, signs))), is_house=sign == "#")
        for sign in sorted(set(signs) - {"."})
    ]


def draw_guests(plan: SeatPlan, parties: Iterable[Party], moves: Mapping[int, int]) -> list[str]:
    """For each row of the plan, who sits where after these moves, as in `parse_guests`."""
    signs = {moves[old]: chr(party.id) for party in parties for old in party.seats if old in moves}
    rows = []
    for row in plan.rows:
        drawn = ["_"] * (row[-1].x + 1)
        for seat in row:
            drawn[seat.x] = signs.get(seat.number, ".")
        rows.append("".join(drawn))
    return rows


def labels_of(plan: SeatPlan, numbers: tuple[int, ...] | None) -> str | None:
    """Seats as a selection, "B4-B5", if there are any."""
    return None if numbers is None else plan.labels_of(numbers)


def _places_of(sign: str, signs: str) -> frozenset[int]:
    return frozenset(number for number, drawn in enumerate(signs, start=1) if drawn == sign)
