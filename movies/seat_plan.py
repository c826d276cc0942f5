"""Seat plans drawn as text: how they are written down, read, numbered, labelled and cut.

The notation is explained for the people who draw it in docs/seat-plans.md.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property, lru_cache
from itertools import groupby, product
from string import ascii_uppercase

# The largest cinemas ever built had some 6,000 seats (the Roxy in New York: 5,920).
MAX_SEATS = 6_000
# Wider than any row of seats with its aisles; it also keeps a seat map drawable on a screen.
MAX_COLUMNS = 100
PLAIN_ROW_SEATS = 10
# As many as `plain_plan` needs for the most seats.
MAX_LINES = MAX_SEATS // PLAIN_ROW_SEATS
# Checked before anything else. The fullest plan needs half of it; the rest forgives trailing blanks.
MAX_CHARACTERS = 2 * MAX_LINES * MAX_COLUMNS

_ROW_NAMES = (*ascii_uppercase, *map("".join, product(ascii_uppercase, repeat=2)))
_ROW_NAME = re.compile(r"([A-Z]{1,2})(?: |\Z)")
_GAPS = " _"
_SOFAS = re.compile(r"[Ss]+")
# "C7", "C1-C6" or "C1-6". Word processors turn the hyphen into an en dash (U+2013).
_SELECTED = re.compile(
    r"([A-Za-z]{1,2})\s*([0-9]{1,4})(?:\s*[-\u2013]\s*(?:([A-Za-z]{1,2})\s*)?([0-9]{1,4}))?"
)


class SeatKind(str, Enum):
    """What is sold at a place."""

    STANDARD = "standard"
    PREMIUM = "premium"
    SOFA = "sofa"
    WHEELCHAIR = "wheelchair"
    COMPANION = "companion"

    __str__ = str.__str__  # "premium", not "SeatKind.PREMIUM"

    @property
    def label(self) -> str:
        """The kind in plain English."""
        return _KIND_LABELS[self]


_KIND_LABELS = {
    SeatKind.STANDARD: "Standard seat",
    SeatKind.PREMIUM: "Premium seat",
    SeatKind.SOFA: "Half of a sofa",
    SeatKind.WHEELCHAIR: "Wheelchair space",
    SeatKind.COMPANION: "Companion seat",
}
_SIGNS = {
    SeatKind.STANDARD: "o",
    SeatKind.PREMIUM: "P",
    SeatKind.SOFA: "S",
    SeatKind.WHEELCHAIR: "W",
    SeatKind.COMPANION: "C",
}
_KINDS = {form: kind for kind, sign in _SIGNS.items() for form in (sign.lower(), sign.upper())}
_KINDS["0"] = SeatKind.STANDARD  # a zero looks like an o


class SeatPlanError(ValueError):
    """The drawing cannot be read at `line` and `column` (both from 1); `message` says what to do."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(line, column, message)
        self.line = line
        self.column = column
        self.message = message

    def __str__(self) -> str:
        return f"Line {self.line}, column {self.column}: {self.message}"


class SeatSelectionError(ValueError):
    """A selection such as "C1-C6, D4" names something that is not in the plan."""


class UnknownSeatError(KeyError):
    """The plan has no seat of this number."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:  # KeyError would show the bare number
        return f"There is no seat number {self.number}."


@dataclass(frozen=True, slots=True)
class Seat:
    """One place that is sold, and where it stands in the drawing.

    `place` counts seats within the row from 1; `x` and `y` count columns and lines of the drawing
    from 0, aisles and walkways included; `partner` is the number of a sofa's other half.
    """

    number: int
    row: str
    place: int
    kind: SeatKind
    x: int
    y: int
    partner: int | None

    @property
    def label(self) -> str:
        """Row and place as printed on the ticket: "C7"."""
        return f"{self.row}{self.place}"


@dataclass(frozen=True)
class SeatPlan:
    """The seats of a screen, numbered 1..N in reading order. `parse_plan` and `crop_plan` make them."""

    seats: tuple[Seat, ...]

    @property
    def total_seats(self) -> int:
        return len(self.seats)

    @cached_property
    def width(self) -> int:
        """Columns of the drawing, up to the rightmost seat."""
        return max(seat.x for seat in self.seats) + 1

    @property
    def height(self) -> int:
        """Lines of the drawing, walkways included."""
        return self.seats[-1].y + 1

    @cached_property
    def rows(self) -> tuple[tuple[Seat, ...], ...]:
        """The rows from the screen backwards."""
        return tuple(tuple(row) for _, row in groupby(self.seats, key=lambda seat: seat.y))

    @cached_property
    def runs(self) -> tuple[tuple[Seat, ...], ...]:
        """Seats side by side, as far as the next aisle or gap: a party in one run sits together."""
        # A gap moves x on but not the place, so their difference changes exactly where a run ends.
        runs = groupby(self.seats, key=lambda seat: (seat.y, seat.x - seat.place))
        return tuple(tuple(run) for _, run in runs)

    def has_seat(self, number: int) -> bool:
        return 1 <= number <= self.total_seats

    def seat(self, number: int) -> Seat:
        """The seat of this number. Raises UnknownSeatError (a KeyError)."""
        if not self.has_seat(number):
            raise UnknownSeatError(number)
        return self.seats[number - 1]

    def numbers_of(self, selection: str) -> tuple[int, ...]:
        """Numbers of the seats in "C1-C6, D4", each once, in reading order; none for an empty selection.

        A range stays within its row and may be shortened to "C1-6". Raises SeatSelectionError.
        """
        numbers: set[int] = set()
        for part in selection.split(","):
            if part.strip():
                numbers.update(self._range_of(part.strip()))
        return tuple(sorted(numbers))

    def labels_of(self, numbers: Iterable[int]) -> str:
        """The shortest selection of these seats, in reading order: "C1-C6, D4".

        Raises UnknownSeatError.
        """
        seats = [self.seat(number) for number in sorted(set(numbers))]
        # Within a row, number and position in the list move together until a seat is left out.
        ranges = groupby(enumerate(seats), key=lambda pair: (pair[1].row, pair[1].number - pair[0]))
        parts = []
        for _, pairs in ranges:
            labels = [seat.label for _, seat in pairs]
            parts.append(labels[0] if len(labels) == 1 else f"{labels[0]}-{labels[-1]}")
        return ", ".join(parts)

    @cached_property
    def _rows_by_name(self) -> dict[str, tuple[Seat, ...]]:
        return {row[0].row: row for row in self.rows}

    def _range_of(self, part: str) -> range:
        read = _SELECTED.fullmatch(part)
        if not read:
            raise SeatSelectionError(f"{_quoted(part)} is no seat. Write seats like C7 or C1-C6.")
        row, first, last_row, last = read.groups()
        if last_row and last_row.upper() != row.upper():
            raise SeatSelectionError(f"{_quoted(part)} spans two rows. Write one range for each row.")
        start = self._number_at(part, row.upper(), int(first))
        end = self._number_at(part, row.upper(), int(last or first))
        if end < start:
            # Not turned round: "C12-C2" is more likely a slip for C12-C22 than meant as C2-C12.
            raise SeatSelectionError(f"{_quoted(part)} runs backwards. Write the lower seat first.")
        return range(start, end + 1)

    def _number_at(self, part: str, row: str, place: int) -> int:
        seats = self._rows_by_name.get(row)
        if not seats:
            raise SeatSelectionError(f"{_quoted(part)}: there is no row {row}.")
        if not 1 <= place <= len(seats):
            ends = " to ".join(dict.fromkeys((seats[0].label, seats[-1].label)))
            raise SeatSelectionError(f"{_quoted(part)}: there is no seat {row}{place}. Row {row} has {ends}.")
        return seats[place - 1].number


@lru_cache(maxsize=256)  # a seat map is asked for far more often than a plan is re-drawn
def parse_plan(text: str) -> SeatPlan:
    """The plan drawn in `text`. Raises SeatPlanError, and nothing else, for any other text."""
    rows = _rows_drawn(text)
    # What lines up in the drawing lines up before the screen, so all rows begin behind the longest name.
    margin = max(map(len, rows)) + 1
    top = min(line for line, _ in rows.values())
    seats: list[Seat] = []
    for name, (line, drawn) in rows.items():
        second_half = False
        for place, (x, kind) in enumerate(_places_drawn(name, line, drawn, margin), start=1):
            number = len(seats) + 1
            if number > MAX_SEATS:
                raise SeatPlanError(line, margin + x + 1, f"A plan has at most {MAX_SEATS:,} seats.")
            partner = None
            if kind is SeatKind.SOFA:
                partner = number - 1 if second_half else number + 1
                second_half = not second_half
            seats.append(Seat(number, name, place, kind, x, line - top, partner))
    return SeatPlan(tuple(seats))


def plan_of(text: str, total_seats: int) -> SeatPlan:
    """The plan as drawn, or rows of ten without a drawing. Raises SeatPlanError, ValueError."""
    return parse_plan(text if text.strip() else plain_plan(total_seats))


def label_in(plan: SeatPlan, number: int) -> str:
    """The label of a seat in the plan. Of one that it has no more, the number is all that is left to say."""
    return plan.seat(number).label if plan.has_seat(number) else f"No. {number}"


def draw_plan(plan: SeatPlan) -> str:
    """The plan as text, one way for every plan: `parse_plan(draw_plan(plan)) == plan`."""
    margin = max(len(seat.row) for seat in plan.seats) + 1
    lines = [""] * plan.height
    for row in plan.rows:
        signs = ["_"] * (row[-1].x + 1)
        for seat in row:
            signs[seat.x] = _SIGNS[seat.kind]
        lines[row[0].y] = row[0].row.ljust(margin) + "".join(signs)
    return "\n".join(lines)


def plain_plan(total_seats: int) -> str:
    """The plan of a screen without a drawing: rows of ten standard seats, A to Z, then AA to ZZ.

    Raises ValueError unless 1 <= total_seats <= MAX_SEATS.
    """
    if not 1 <= total_seats <= MAX_SEATS:
        raise ValueError(f"A screen has 1 to {MAX_SEATS:,} seats, not {total_seats:,}.")
    places = "o" * total_seats
    rows = [places[start : start + PLAIN_ROW_SEATS] for start in range(0, total_seats, PLAIN_ROW_SEATS)]
    names = _ROW_NAMES[: len(rows)]
    margin = len(names[-1]) + 1
    return "\n".join(name.ljust(margin) + row for name, row in zip(names, rows, strict=True))


def crop_plan(plan: SeatPlan, total_seats: int) -> SeatPlan:
    """The first `total_seats` seats in reading order; the whole plan if it has no more than that.

    A cinema may sell fewer seats than the screen has. Half a sofa left at the end is sold as a standard
    seat. Raises ValueError if `total_seats` is below 1.
    """
    if total_seats < 1:
        raise ValueError(f"A show has at least 1 seat, not {total_seats:,}.")
    if total_seats >= plan.total_seats:
        return plan
    *seats, last = plan.seats[:total_seats]
    if last.partner == last.number + 1:
        last = replace(last, kind=SeatKind.STANDARD, partner=None)
    return SeatPlan((*seats, last))


def _rows_drawn(text: str) -> dict[str, tuple[int, str]]:
    """Row name -> its line number from 1 and the line, in drawn order; at least one row."""
    if len(text) > MAX_CHARACTERS:
        raise SeatPlanError(1, 1, f"A plan has at most {MAX_CHARACTERS:,} characters.")
    # Not splitlines(): it also breaks at form feeds and the like, which no editor counts as lines.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows: dict[str, tuple[int, str]] = {}
    top = 0
    for line, with_trailing in enumerate(lines, start=1):
        drawn = with_trailing.rstrip(_GAPS)
        if not drawn:
            continue
        top = top or line
        if line - top >= MAX_LINES:
            raise SeatPlanError(line, 1, f"A plan has at most {MAX_LINES} lines.")
        if "\t" in drawn:
            column = drawn.index("\t") + 1
            raise SeatPlanError(line, column, "A tab has no fixed width. Use blanks or _ for a gap.")
        read = _ROW_NAME.match(drawn)
        if not read:
            message = "Begin the line with the row's name, one or two capital letters, and a blank."
            raise SeatPlanError(line, 1, message)
        name = read[1]
        if name in rows:
            message = f"Row {name} is already drawn in line {rows[name][0]}. Give each row its own name."
            raise SeatPlanError(line, 1, message)
        if drawn == name:
            raise SeatPlanError(line, 1, f"Row {name} has no seats. For a walkway leave the line empty.")
        rows[name] = line, drawn
    if not rows:
        raise SeatPlanError(1, 1, "The plan is empty. Draw at least one seat, like this: A oooo")
    return rows


def _places_drawn(name: str, line: int, drawn: str, margin: int) -> list[tuple[int, SeatKind]]:
    """Column (from 0, behind the margin) and kind of each seat of one row."""
    if drawn[len(name) : margin].strip(" "):
        message = f"Leave two blanks after {name}, so that it lines up with the rows of two letters."
        raise SeatPlanError(line, margin, message)
    places = drawn[margin:]
    if len(places) > MAX_COLUMNS:
        message = f"A row is at most {MAX_COLUMNS} places wide, gaps included."
        raise SeatPlanError(line, margin + MAX_COLUMNS + 1, message)
    for x, sign in enumerate(places):
        if sign not in _KINDS and sign not in _GAPS:
            message = f"{_quoted(sign)} is no kind of seat. Use o, P, S, W, C, or _ for a gap."
            raise SeatPlanError(line, margin + x + 1, message)
    for sofas in _SOFAS.finditer(places):
        if (sofas.end() - sofas.start()) % 2:
            message = "This half of a sofa has no other half. Draw each sofa as SS."
            raise SeatPlanError(line, margin + sofas.end(), message)
    return [(x, _KINDS[sign]) for x, sign in enumerate(places) if sign not in _GAPS]


def _quoted(text: str) -> str:
    """The start of `text` in quotes, with what cannot be printed as its code: U+00A0."""
    shown = "".join(char if char.isprintable() else f"U+{ord(char):04X}" for char in text[:30])
    dots = "…" if len(text) > 30 else ""
    return f"‘{shown}{dots}’"
