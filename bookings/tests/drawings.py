"""Seat plans for tests, drawn with who sits where: x is a taken standard seat, * a chosen one."""

from movies.seat_plan import SeatPlan, parse_plan


def parse_drawing(*rows: str) -> tuple[SeatPlan, frozenset[int], frozenset[int]]:
    """The plan of rows A, B, C ... from the screen back, the taken and the chosen seats. "" is a walkway."""
    lines = [f"{name} {row}" if row else "" for name, row in zip("ABCDEFGHJKLMNPQR", rows, strict=False)]
    plan = parse_plan("\n".join(lines).replace("x", "o").replace("*", "o"))
    signs = "".join(rows).replace("_", "").replace(" ", "")
    return plan, _places_of("x", signs), _places_of("*", signs)


def labels_of(plan: SeatPlan, numbers: tuple[int, ...] | None) -> str | None:
    """Seats as a selection, "B4-B5", if there are any."""
    return None if numbers is None else plan.labels_of(numbers)


def _places_of(sign: str, signs: str) -> frozenset[int]:
    return frozenset(number for number, drawn in enumerate(signs, start=1) if drawn == sign)
