"""Rooms for the tests, drawn with the seats that are taken: x is a taken standard seat, * one chosen."""

from movies.seat_plan import SeatPlan, parse_plan


def room(*rows: str) -> tuple[SeatPlan, frozenset[int], frozenset[int]]:
    """The plan of rows A, B, C ... from the screen back, the taken and the chosen seats. "" is a walkway."""
    lines = [f"{name} {row}" if row else "" for name, row in zip("ABCDEFGHJKLMNPQR", rows, strict=False)]
    plan = parse_plan("\n".join(lines).replace("x", "o").replace("*", "o"))
    signs = "".join(rows).replace("_", "").replace(" ", "")
    return plan, _places_of("x", signs), _places_of("*", signs)


def drawn(plan: SeatPlan, numbers: tuple[int, ...] | None) -> str | None:
    """Seats as a selection: "B4-B5"."""
    return None if numbers is None else plan.labels_of(numbers)


def _places_of(sign: str, signs: str) -> frozenset[int]:
    return frozenset(number for number, drawn in enumerate(signs, start=1) if drawn == sign)
