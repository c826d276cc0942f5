"""Seat charts and occupancy for the Admin: what its templates draw, worked out beforehand."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString

from movies.models import Show
from movies.seat_plan import Seat, SeatKind, SeatPlan

AVAILABLE = "available"
COLOURS = 12  # `.party-…` in the style sheet


class ChartParty(NamedTuple):
    """Seats that belong together. Colours repeat, so each has a mark besides."""

    key: str
    mark: str
    colour: int  # from 1


class ChartSeat(NamedTuple):
    number: int
    place: int
    column: int  # of the grid: the first one has the names of the rows
    kind: str
    status: str
    shape: str
    title: str
    party: "ChartParty | None"


class ChartRow(NamedTuple):
    name: str
    line: int  # of the grid: the first one has the screen
    seats: list[ChartSeat]


class LegendItem(NamedTuple):
    css: str
    text: str


@dataclass(frozen=True)
class SeatChart:
    width: int
    total_seats: int
    rows: list[ChartRow]
    legend: list[LegendItem]


def seat_chart(
    plan: SeatPlan,
    statuses: Mapping[int, str] | None = None,
    notes: Mapping[int, str] | None = None,
    parties: Mapping[int, ChartParty] | None = None,
) -> SeatChart:
    """Return the seats of a plan in rows. `statuses` names those that are not free, by number.

    `notes` says more of a seat, shown when the mouse is over it. `parties` says which belong together: such
    a seat has the mark of its party instead of its number.
    """
    statuses, notes, parties = statuses or {}, notes or {}, parties or {}

    def chart_seat(seat: Seat) -> ChartSeat:
        status = statuses.get(seat.number, AVAILABLE)
        words = status.replace("-", " ") if statuses else ""
        parts = (seat.label, seat.kind.label, words, notes.get(seat.number, ""))
        return ChartSeat(
            number=seat.number,
            place=seat.place,
            column=seat.x + 2,
            kind=seat.kind.value,
            status=status,
            shape=_shape(seat),
            title=" · ".join(part for part in parts if part),
            party=parties.get(seat.number),
        )

    rows = [ChartRow(row[0].row, row[0].y + 2, [chart_seat(seat) for seat in row]) for row in plan.rows]
    kinds = Counter(seat.kind for seat in plan.seats)
    legend = [LegendItem(f"kind-{kind}", f"{kind.label}: {kinds[kind]}") for kind in SeatKind if kinds[kind]]
    counts = Counter(statuses.values())
    legend += [
        LegendItem(f"status-{name}", f"{name.replace('-', ' ').capitalize()}: {counts[name]}")
        for name in sorted(counts)
    ]
    return SeatChart(plan.width, plan.total_seats, rows, legend)


def _shape(seat: Seat) -> str:
    if seat.partner is None:
        return ""
    return "sofa-left" if seat.partner > seat.number else "sofa-right"


def occupancy_bar(show: Show) -> SafeString:
    """Return how full the show is, as a bar with numbers beside it."""
    percent = 100 * show.live_seats // show.total_seats
    state = "sold-out" if show.available_seats == 0 else "nearly-full" if percent >= 80 else ""
    words = "sold out" if show.available_seats == 0 else f"{percent} %"
    if show.status == Show.Status.CANCELLED:
        state, words = "", "cancelled"
    return format_html(
        '<div class="occupancy {}"><div class="bar"><span style="width: {}%"></span></div>{} / {} · {}</div>',
        state,
        percent,
        show.live_seats,
        show.total_seats,
        words,
    )
