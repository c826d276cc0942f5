"""Reads whose answer is not rows: what an order comes to, what changed of it, and whether a show sold."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from bookings.models import LIVE, STATUS_PRECEDENCE, Booking, BookingEvent, Order, Status
from movies.models import Screen, Show, ShowEvent
from movies.seat_plan import label_in, parse_plan

# What of a show's changes a customer is told as it is stored.
TOLD_AS_STORED = ("screen_name", "cinema_name", "status", "time_zone")
MOMENTS = ("starts_at", "ends_at")


class OrderSummary(NamedTuple):
    """What follows from the bookings of an order."""

    status: Status
    total: Decimal  # in `settings.CURRENCY`
    expires_at: datetime | None


def order_summary(bookings: Iterable[Booking], at: datetime) -> OrderSummary:
    """Return status, total and end of hold of an order with these bookings at a moment. No query.

    It is HELD while a seat is, else BOOKED while a seat is, else EXPIRED if a hold of it ran out, else
    CANCELLED; BLOCKED is for house seats. `total` is the price of the seats that are live.
    """
    statuses = {booking: booking.status_at(at) for booking in bookings}
    live = [booking for booking, status in statuses.items() if status in LIVE]
    status = next((each for each in STATUS_PRECEDENCE if each in statuses.values()), Status.CANCELLED)
    expiries = [booking.expires_at for booking in live if booking.expires_at is not None]
    total = sum((booking.price for booking in live), Decimal("0.00"))
    return OrderSummary(status, total, min(expiries, default=None))


def sold_among(shows: Iterable[Show], at: datetime | None = None) -> set[int]:
    """Return the ids of those of the shows that sold, as `was_sold` tells it. One query."""
    ids = [show.pk for show in shows]
    live = Booking.objects.live(at).filter(show__in=ids).order_by().values_list("show")
    booked = BookingEvent.objects.filter(show__in=ids, to_status=Status.BOOKED).order_by()
    return {show_id for (show_id,) in live.union(booked.values_list("show"))}


def was_sold(show: Show, at: datetime | None = None) -> bool:
    """Whether the show sold: a seat of it is live at a moment, by default now, or was once BOOKED.

    A hold that was let go or expired and a house seat that was released sold nothing.
    """
    if Booking.objects.live(at).filter(show=show).exists():
        return True
    return BookingEvent.objects.filter(show=show, to_status=Status.BOOKED).exists()


def most_seats_until_now(show: Show) -> int:
    """How many seats the show had at most before it was moved or given another plan; 0 if it never was."""
    if not show.version:
        return 0
    changes = ShowEvent.objects.filter(show=show).values_list("changes", flat=True)
    return max((each["total_seats"][0] for each in changes if "total_seats" in each), default=0)


class OrderChange(NamedTuple):
    """What one change of the show meant for an order: {field: {old, new}}, with seats in the same order."""

    show_version: int
    at: datetime
    reason: str
    changes: dict[str, dict[str, Any]]


def order_changes(order: Order, bookings: Iterable[Booking]) -> list[OrderChange]:
    """Return what changed of an order with these bookings since its customer last agreed to the show as it
    was, oldest first: nothing that came once all seats were given back. No query while the show is as it was.
    """
    show = next((booking.show for booking in bookings), None)
    if show is None or show.version <= order.show_version:
        return []
    since = ShowEvent.objects.filter(show=show, version__gt=order.show_version)
    over = _over_at(bookings)
    events = list((since.filter(at__lte=over) if over else since).order_by("version"))
    reseated = _reseatings(order, bookings)
    changes = (
        OrderChange(
            event.version,
            event.at,
            event.reason,
            dict(_facts(event)) | _seat_changes(reseated.get(event.version, {}).values()),
        )
        for event in events
    )
    return [change for change in changes if change.changes]


def _over_at(bookings: Iterable[Booking]) -> datetime | None:
    """When the last of these bookings was over; None while one is live."""
    if any(booking.is_live() for booking in bookings):
        return None
    ends = (booking.cancelled_at or booking.expires_at for booking in bookings)
    return max((end for end in ends if end), default=None)


def changes_since_sale(order: Order, bookings: Iterable[Booking], show: Show) -> dict[str, dict[str, Any]]:
    """Return what the customer of these bookings was promised beside what is now, as {field: {old, new}}."""
    facts = {
        "starts_at": (order.promised_starts_at, show.starts_at),
        **_screen_facts(order.promised_screen, show.screen),
    }
    changes = {name: _pair(old, new) for name, (old, new) in facts.items() if old != new}
    overall: dict[int, dict[str, Any]] = {}  # of each booking: from its first seat to its last
    for of_version in _reseatings(order, bookings).values():
        for booking_id, seat in of_version.items():
            so_far = overall.setdefault(booking_id, {})
            for name, (old, new) in seat.items():
                so_far[name] = (so_far[name][0] if name in so_far else old, new)
    return changes | _seat_changes(overall.values())


def _reseatings(order: Order, bookings: Iterable[Booking]) -> dict[int, dict[int, dict[str, Any]]]:
    """What moves changed of these bookings since the customer agreed, by version of the show and booking."""
    found: dict[int, dict[int, dict[str, Any]]] = {}
    if not order.is_reseated:
        return found
    events = BookingEvent.objects.filter(booking__in=bookings, changes__isnull=False).order_by("id")
    for booking_id, event_changes in events.values_list("booking", "changes"):
        changes: dict[str, Any] = event_changes or {}
        version = changes["show_version"][1]
        if version > order.show_version:
            found.setdefault(version, {})[booking_id] = changes
    return found


def _facts(event: ShowEvent) -> Iterator[tuple[str, dict[str, Any]]]:
    """What customers are told of a change of their show."""
    for name, (old, new) in event.changes.items():
        if name in MOMENTS:
            yield name, _pair(datetime.fromisoformat(old), datetime.fromisoformat(new))
        elif name in TOLD_AS_STORED and old != new:
            yield name, _pair(old, new)


def _screen_facts(before: Screen, after: Screen) -> dict[str, tuple[str, str]]:
    return {
        "screen_name": (before.name, after.name),
        "cinema_name": (before.cinema.name, after.cinema.name),
        "time_zone": (before.cinema.time_zone, after.cinema.time_zone),
    }


def _seat_changes(seats: Collection[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return old and new labels of seats, and prices where they fell; nothing where only numbers changed."""
    told = [seat for seat in seats if seat.keys() & {"kind", "price"} or len(set(seat["seat_label"])) > 1]
    changes = {}
    if told:
        changes["seats"] = _columns(seat["seat_label"] for seat in told)
    if any("price" in seat for seat in told):
        changes["prices"] = _columns(seat["price"] for seat in told if "price" in seat)
    return changes


def _columns(pairs: Iterable[Sequence[Any]]) -> dict[str, Any]:
    old, new = zip(*pairs, strict=True)
    return _pair(list(old), list(new))


def _pair(old: Any, new: Any) -> dict[str, Any]:
    return {"old": old, "new": new}


def seat_label_then(event: BookingEvent) -> str:
    """Return the label that the seat of an event had when it happened: see `seat_labels_then`."""
    return seat_labels_then(event.show, [event])[0]


def seat_labels_then(show: Show, events: Iterable[BookingEvent]) -> list[str]:
    """Return the labels that the seats of events had when they happened: the show may have got another plan.

    One query, and none while the show is as it was when it was made.
    """
    redrawn = ShowEvent.objects.filter(show=show, changes__has_key="seat_plan").order_by("version")
    former = [(each.at, each.changes["seat_plan"][0]) for each in redrawn] if show.version else []

    def label(event: BookingEvent) -> str:
        if event.changes:
            return str(event.changes["seat_label"][1])
        drawing = next((drawing for until, drawing in former if until >= event.at), None)
        plan = show.plan if drawing is None else parse_plan(drawing)
        return label_in(plan, event.seat_number)

    return list(map(label, events))
