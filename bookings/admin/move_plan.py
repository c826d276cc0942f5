"""The plan of a move: as its page draws it, as the page carries it, and as staff send it back."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256
from itertools import accumulate
from typing import Any, NamedTuple

from django.conf import settings
from django.template.defaultfilters import pluralize

from bookings.models import Order, Status
from bookings.seating.parties import Fault
from bookings.services import Move, MovedSeat
from movies.admin import by_cinema_clock
from movies.models import Show
from movies.seat_chart import COLOURS, ChartParty, SeatChart, seat_chart
from movies.seat_plan import SeatPlan, draw_plan

PROBLEMS = {
    Fault.NOT_SOLD: "was sold to no customer",
    Fault.NO_SUCH_SEAT: "would get a seat that is not there",
    Fault.SEAT_TAKEN: "would get a seat that another guest gets too",
    Fault.NOT_WHOLE: "would have no seat, and the others of the party would",
    Fault.WHEELCHAIR_USER: "needs a wheelchair space",
    Fault.WHEELCHAIR_SPACE: "would get a wheelchair space without need of it",
    Fault.COMPANION_SEAT: "would get a companion seat without a wheelchair user beside it",
    Fault.COMPANION_APART: "would no longer have a companion beside the wheelchair space",
    Fault.HALF_SOFA: "would get one half of a sofa",
    Fault.ALONE: "would sit alone",
    Fault.LEFT_SINGLE: "would leave a single seat free",
}
# More are slow to draw. Of a larger show, those of the orders that need a decision first.
MAX_SEAT_INPUTS = 900
NOTHING_TO_DECIDE = 3
_INPUT = re.compile(r"seat_([0-9]{1,18})")


# --- What the page carries, and what comes back ----------------------------------------------------


class Shown(NamedTuple):
    """What a page showed. Moving does this and nothing else."""

    asked: list[Any]  # where to and how, as `MoveForm.asked` says it
    plans: str  # as `plans_of` says it
    seats: Mapping[int, str]  # labels after the move by booking; "" of those who have none
    by_hand: Collection[int] = frozenset()  # bookings
    left_out: Collection[int] = frozenset()  # orders

    @classmethod
    def of(cls, move: Move, asked: list[Any], by_hand: Collection[int]) -> "Shown":
        seats = {each.booking.pk: each.after.label if each.after else "" for each in move.seats}
        left_out = {each.booking.order_id for each in move.left_out}
        return cls(asked, plans_of(move), seats, by_hand, left_out)

    @classmethod
    def read(cls, text: str) -> "Shown | None":
        """Return what a page sent, or None for what no page of ours has sent."""
        try:
            sent = json.loads(text)
            seats = {int(booking): str(label) for booking, label in sent["seats"].items()}
            by_hand, left_out = (frozenset(map(int, sent[name])) for name in ("by_hand", "left_out"))
            return cls(list(sent["asked"]), str(sent["plans"]), seats, by_hand, left_out)
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
            return None

    @property
    def as_text(self) -> str:
        return json.dumps(
            self._asdict() | {"by_hand": sorted(self.by_hand), "left_out": sorted(self.left_out)}
        )


def plans_of(move: Move) -> str:
    """Return a text that changes with each of the two seat plans."""
    return sha256("\n\n".join(map(draw_plan, (move.before, move.after))).encode()).hexdigest()[:32]


class Unread(NamedTuple):
    """What was typed as a seat and is none that can be given."""

    text: str
    message: str


@dataclass(frozen=True)
class TypedSeats:
    """What staff typed as seats after the move."""

    by_hand: dict[int, int] = field(default_factory=dict)  # numbers by booking
    unread: dict[int, Unread] = field(default_factory=dict)  # by booking
    is_as_shown: bool = False


def is_seat_input(name: str) -> bool:
    return _INPUT.fullmatch(name) is not None


def read_seats(data: Any, shown: Shown, after: SeatPlan, bookings: Collection[int]) -> TypedSeats:
    """Return which seats were typed by hand, now or earlier: an emptied input no longer is.

    What has no input is as it was shown. `bookings` are those of the show; others are passed over.
    """
    typed = {
        booking: "".join(data[name].split()).upper()
        for name in data
        if (read := _INPUT.fullmatch(name)) and (booking := int(read[1])) in bookings
    }
    texts = {
        booking: text
        for booking, text in {**shown.seats, **typed}.items()
        if text and (booking in shown.by_hand or text != shown.seats.get(booking)) and booking in bookings
    }
    numbers = {seat.label: seat.number for seat in after.seats}
    times = Counter(texts.values())
    unread = {}
    for booking, text in texts.items():
        if text not in numbers:
            unread[booking] = Unread(text[:20], "There is no such seat.")
        elif times[text] > 1:
            unread[booking] = Unread(text, "Choose each seat once.")
    return TypedSeats(
        by_hand={booking: numbers[text] for booking, text in texts.items() if booking not in unread},
        unread=unread,
        is_as_shown=all(text == shown.seats.get(booking) for booking, text in typed.items()),
    )


# --- What the page draws ---------------------------------------------------------------------------


class SeatRow(NamedTuple):
    """A seat before the move, and the input of the one after it."""

    booking_id: int
    label: str
    value: str
    kinds: str  # if it becomes another one
    is_by_hand: bool
    error: str


@dataclass(frozen=True)
class PartyRow:
    """An order, or seats that the cinema has blocked, in the table below the charts."""

    order: Order
    name: str  # of the customer, for those who may know; of house seats, why they are
    party: ChartParty
    is_house: bool
    seats: list[SeatRow]
    problems: list[str]
    notes: list[str]
    changes: bool
    lacks_seats: bool

    is_editable: bool = True

    @property
    def urgency(self) -> int:
        """What needs a decision first has the lowest; where nothing changes it is `NOTHING_TO_DECIDE`."""
        if self.problems or any(seat.error for seat in self.seats):
            return 0
        if self.lacks_seats:
            return 1
        return 2 if self.changes or any(seat.is_by_hand for seat in self.seats) else NOTHING_TO_DECIDE


@dataclass(frozen=True)
class Drawn:
    """A plan as the page shows it."""

    where: str  # after the move
    before: SeatChart
    after: SeatChart
    summary: list[str]
    problems: list[str]
    noteworthy: list[PartyRow]
    others: list[PartyRow]
    can_move: bool
    max_inputs: int | None  # of seats, if there are more


def draw(move: Move, show: Show, typed: TypedSeats, *, refund: bool, with_names: bool) -> Drawn:
    """Return what the page shows of a move. `show` is the show as it is before it."""
    by_order: dict[int, list[MovedSeat]] = {}
    for each in move.seats:
        by_order.setdefault(each.booking.order_id, []).append(each)
    parties = {
        order_id: ChartParty(seats[0].booking.order.reference, mark_of(at), at % COLOURS + 1)
        for at, (order_id, seats) in enumerate(by_order.items())
    }
    problems, names = _problems(move, typed), _names(move, show, with_names=with_names)
    rows = [
        PartyRow(
            order=seats[0].booking.order,
            name=names.get(order_id, ""),
            party=parties[order_id],
            is_house=seats[0].booking.is_house_seat,
            seats=[_seat_row(move, each, typed) for each in seats],
            problems=problems.get(order_id, []),
            notes=_notes(move, seats, refund=refund),
            changes=any(each.ticket_changes for each in seats),
            lacks_seats=any(each.after is None for each in seats),
        )
        for order_id, seats in by_order.items()
    ]
    sentences = [
        *(f"Order {row.order.reference}: {'; '.join(row.problems)}." for row in rows if row.problems),
        *(f"“{unread.text}”: {unread.message}" for unread in typed.unread.values()),
    ]
    rows = _with_inputs(sorted(rows, key=lambda row: row.urgency))
    before, after = _charts(move, parties)
    return Drawn(
        where=str(move.show.screen),
        before=before,
        after=after,
        summary=summary_of(move, show, refund=refund),
        problems=sentences,
        noteworthy=[row for row in rows if row.urgency < NOTHING_TO_DECIDE],
        others=[row for row in rows if row.urgency == NOTHING_TO_DECIDE],
        can_move=not sentences and changes_anything(move, show),
        max_inputs=None if all(row.is_editable for row in rows) else MAX_SEAT_INPUTS,
    )


def changes_anything(move: Move, show: Show) -> bool:
    """Whether the show would be elsewhere, at another hour or with other seats."""
    where = [(each.screen_id, each.starts_at) for each in (show, move.show)]
    return where[0] != where[1] or move.before != move.after or bool(move.changed)


def mark_of(at: int) -> str:
    """Return the mark of a party, counted from 0: a, b, … z, aa, ab, …"""
    mark = ""
    at += 1
    while at:
        at, letter = divmod(at - 1, 26)
        mark = chr(ord("a") + letter) + mark
    return mark


def summary_of(move: Move, show: Show, *, refund: bool, is_done: bool = False) -> list[str]:
    """Return what the move means, in sentences."""
    unseated = "could not be seated" if is_done else "cannot be seated"
    after = move.show
    start, end = (by_cinema_clock(at, after.screen) for at in (after.starts_at, after.ends_at))
    where = (
        f"Where and when: {after.screen}; {start:%a %d %b %Y, %H:%M} to {end:%H:%M} by the cinema's clock."
    )
    if not changes_anything(move, show):
        return [where, "So nothing would change: choose another screen or start, or type seats."]
    house = [each for each in move.seats if each.booking.is_house_seat]
    sold, moving, out = len(move.seats) - len(house), len(_moving(move)), len(move.left_out)
    counts = [f"{sold - moving - out} keep{pluralize(sold - moving - out, 's,')} their seat"]
    if moving:
        counts.append(f"{moving} get{pluralize(moving, 's,')} another one")
    if out:
        orders = len(move.left_out_orders)
        counts.append(f"{orders} order{pluralize(orders)} ({out} seat{pluralize(out)}) {unseated}")
    seats = f"{sold} seat{pluralize(sold)} sold: {', '.join(counts)}." if sold else "No seats are sold."
    sentences = [where, seats]
    if gone := [each.before.number for each in move.dropped]:
        sentences.append(f"House seats that are no more: {move.before.labels_of(gone)}.")
    return [*sentences, _money(move, "" if refund else ", if you tick it below", unseated)]


def told(move: Move, show: Show, shown: Shown) -> list[str]:
    """Return what was done, and what of it the page could not show: in sentences."""
    new = [each for each in move.seats if each.booking.pk not in shown.seats]
    labels = ", ".join(f"{each.after.label} (was {each.before.label})" for each in new if each.after)
    over = len(shown.seats.keys() - {each.booking.pk for each in move.seats})
    seated = [each for each in move.seats if each.after and shown.seats.get(each.booking.pk) == ""]
    sentences = ["The show is moved.", *summary_of(move, show, refund=True, is_done=True)]
    if labels:
        sentences.append(f"Taken while the page was open, and seated around the others: {labels}.")
    if over:
        sentences.append(f"Given up while the page was open: {over} seat{pluralize(over)}.")
    if seated:
        after = move.after.labels_of(each.after.number for each in seated if each.after)
        sentences.append(f"Shown as without a seat, and seated after all: {after}.")
    return sentences


def _moving(move: Move) -> list[MovedSeat]:
    return [each for each in move.changed if not each.booking.is_house_seat]


def _money(move: Move, condition: str, unseated: str) -> str:
    out = _refund([each for each in move.left_out if each.status == Status.BOOKED])
    amounts = {"for cheaper seats": move.refund - out, f"to those who {unseated}{condition}": out}
    parts = [f"{_price(amount)} {words}" for words, amount in amounts.items() if amount]
    return f"Goes back: {' and '.join(parts)}." if parts else "No money goes back."


def _refund(seats: Sequence[MovedSeat]) -> Decimal:
    return sum((each.price_before - each.price_after for each in seats), Decimal("0.00"))


def _price(amount: Decimal) -> str:
    return f"{amount} {settings.CURRENCY}"


def _status(each: MovedSeat) -> str:
    """The class of a seat in the charts."""
    if each.booking.is_house_seat:
        return "blocked" if each.after else "released"
    if each.after is None:
        return "left-out"
    return "another-seat" if each.ticket_changes else "same-seat"


def _charts(move: Move, parties: Mapping[int, ChartParty]) -> tuple[SeatChart, SeatChart]:
    before, after = (
        seat_chart(
            plan,
            {seat.number: _status(each) for each, seat in seats},
            {seat.number: _note(each) for each, seat in seats},
            {
                seat.number: parties[each.booking.order_id]
                for each, seat in seats
                if not each.booking.is_house_seat
            },
        )
        for plan, seats in (
            (move.before, [(each, each.before) for each in move.seats]),
            (move.after, [(each, each.after) for each in move.seats if each.after]),
        )
    )
    return before, after


def _note(each: MovedSeat) -> str:
    whose = each.booking.reason if each.booking.is_house_seat else f"order {each.booking.order.reference}"
    return f"{whose}: {each.before.label} → {each.after.label if each.after else 'no seat'}".lstrip(": ")


def _with_inputs(rows: Sequence[PartyRow]) -> list[PartyRow]:
    """The first rows can be edited, as many as a form may have inputs for."""
    seats = accumulate(len(row.seats) for row in rows)
    return [
        replace(row, is_editable=so_far <= MAX_SEAT_INPUTS) for row, so_far in zip(rows, seats, strict=True)
    ]


def _names(move: Move, show: Show, *, with_names: bool) -> dict[int, str]:
    """Whose the seats of each order are."""
    house = {each.booking.order_id: each.booking.reason for each in move.seats if each.booking.is_house_seat}
    if not with_names:
        return house
    orders = Order.objects.filter(show=show).select_related("user", "guest")
    return {order.pk: order.customer_name for order in orders} | house


def _problems(move: Move, typed: TypedSeats) -> dict[int | None, list[str]]:
    """What is wrong with seats that were chosen by hand, by order."""
    problems: dict[int | None, list[str]] = {}
    for problem in move.problems:
        words = f"{move.before.labels_of(problem.seats)} {PROBLEMS[problem.fault]}"
        problems.setdefault(problem.party_id, []).append(words)
    for order_id in {each.booking.order_id for each in move.left_out if each.booking.pk in typed.by_hand}:
        words = "cannot be seated with the seats that were typed: empty or change them"
        problems.setdefault(order_id, []).append(words)
    return problems


def _notes(move: Move, seats: Sequence[MovedSeat], *, refund: bool) -> list[str]:
    back = _refund([each for each in seats if each.status == Status.BOOKED])
    gone = [each.before.number for each in seats if each.after is None]
    notes = [f"{_price(back)} back"] if back and (refund or not gone) else []
    if gone and seats[0].booking.is_house_seat:
        notes = [f"{move.before.labels_of(gone)} will be released"]
    elif gone:
        notes = ["cannot be seated", *notes]
    if any(each.status == Status.HELD for each in seats):
        notes.append("on hold")
    return notes


def _seat_row(move: Move, each: MovedSeat, typed: TypedSeats) -> SeatRow:
    booking_id, before, after = each.booking.pk, each.before, each.after
    value, error = after.label if after else "", ""
    if booking_id in typed.by_hand:  # which stays in the input, also if the party is left out
        value = move.after.seat(typed.by_hand[booking_id]).label
    if unread := typed.unread.get(booking_id):
        value, error = unread
    return SeatRow(
        booking_id,
        before.label,
        value,
        f"{before.kind.label} → {after.kind.label}" if after and after.kind is not before.kind else "",
        booking_id in typed.by_hand or unread is not None,
        error,
    )
