"""Seat charts and occupancy for the Admin: what its templates draw, worked out beforehand."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from movies.models import Show
from movies.seat_plan import Seat, SeatKind, SeatPlan

AVAILABLE = "available"
SPOKEN = {AVAILABLE: "free"}
CHECKED = mark_safe(" checked")  # nosec B308  # nobody typed it
GAP, WALKWAY = "<i></i>", '<div class="walkway"></div>'
COLOURS = 12  # `.party-…` in the style sheet


class ChartParty(NamedTuple):
    """Seats that belong together. Colours repeat, so each has a mark besides."""

    key: str
    mark: str
    colour: int  # from 1


class ChartSeat(NamedTuple):
    number: int
    place: int
    gap: SafeString  # what stands for the empty places between it and the seat before
    kind: str
    status: str
    shape: str
    title: str
    spoken: str  # for screen readers
    note: str
    party: "ChartParty | None"

    def box(self, *, is_chosen: bool, is_refused: bool) -> SafeString:
        """Return the seat as a box to be ticked. Written here, as a page may have thousands of them, which a
        template would take seven times as long for; and in as few characters as will do.
        """
        status = "" if self.status == AVAILABLE else f" status-{self.status}"
        return format_html(
            '<span role="gridcell" class="{}"{}>'
            '<input type="checkbox" name="seat" value="{}" aria-label="{}"{}>{}</span>',
            f"seat kind-{self.kind}{status} {self.shape}".rstrip() + " refused" * is_refused,
            format_html(' title="{}"', self.title) if self.note else "",
            self.number,
            self.spoken,
            CHECKED if is_chosen else "",
            self.place,
        )


class ChartRow(NamedTuple):
    name: str
    walkway: SafeString  # what stands for the empty lines between it and the row before
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
    boxes: "list[tuple[ChartRow, SafeString]] | None" = None  # the rows to be chosen from

    def to_choose(self, ticked: Collection[int], refused: Collection[int]) -> "SeatChart":
        """Return the chart with boxes to be ticked: those that are already, and those that were refused."""

        def boxes(row: ChartRow) -> SafeString:
            drawn = (
                (
                    seat.gap,
                    seat.box(is_chosen=seat.number in ticked, is_refused=seat.number in refused),
                )
                for seat in row.seats
            )
            return format_html_join("", "{}{}", drawn)

        return replace(self, boxes=[(row, boxes(row)) for row in self.rows])


def seat_chart(
    plan: SeatPlan,
    statuses: Mapping[int, str] | None = None,
    notes: Mapping[int, str] | None = None,
    parties: Mapping[int, ChartParty] | None = None,
    prices: Mapping[SeatKind, str] | None = None,
) -> SeatChart:
    """Return the seats of a plan in rows. `statuses` names those that are not free, by number.

    `notes` says more of a seat, shown when the mouse is over it. `parties` says which belong together: such
    a seat has the mark of its party instead of its number. `prices` has what a seat of each kind costs, in
    words.
    """
    statuses, notes, parties, prices = statuses or {}, notes or {}, parties or {}, prices or {}

    def chart_seat(seat: Seat, gap: int) -> ChartSeat:
        status = statuses.get(seat.number, AVAILABLE)
        words = status.replace("-", " ") if statuses else ""
        note = notes.get(seat.number, "")
        parts = (seat.label, seat.kind.label, words, note)
        spoken = (seat.label, seat.kind.value, prices.get(seat.kind, ""), SPOKEN.get(status, words), note)
        return ChartSeat(
            number=seat.number,
            place=seat.place,
            gap=_times(gap, GAP),
            kind=seat.kind.value,
            status=status,
            shape=_shape(seat),
            title=" · ".join(part for part in parts if part),
            spoken=", ".join(part for part in spoken if part),
            note=note,
            party=parties.get(seat.number),
        )

    rows, y = [], -1
    for row in plan.rows:
        ends = [-1, *(seat.x for seat in row)]
        seats = [chart_seat(seat, seat.x - end - 1) for end, seat in zip(ends, row, strict=False)]
        rows.append(ChartRow(row[0].row, _times(row[0].y - y - 1, WALKWAY), seats))
        y = row[0].y
    kinds = Counter(seat.kind for seat in plan.seats)
    legend = [LegendItem(f"kind-{kind}", f"{kind.label}: {kinds[kind]}") for kind in SeatKind if kinds[kind]]
    counts = Counter(statuses.values())
    legend += [
        LegendItem(f"status-{name}", f"{name.replace('-', ' ').capitalize()}: {counts[name]}")
        for name in sorted(counts)
    ]
    return SeatChart(plan.width, plan.total_seats, rows, legend)


def _times(number: int, html: str) -> SafeString:
    return mark_safe(html * number)  # nosec B308 B703  # noqa: S308 - nothing of it was typed


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
