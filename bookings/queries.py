"""Reads whose answer is not rows: who ended a booking, what an order comes to and what changed of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Prefetch

from accounts.models import User
from bookings.models import LIVE, STATUS_PRECEDENCE, Booking, BookingEvent, Order, Status
from movie_booking.errors import NotFound
from movie_booking.limits import MAX_ID
from movies.models import Screen, Show, ShowEvent
from movies.seat_plan import label_in, parse_plan

# What of a show's changes a customer is told as it is stored.
TOLD_AS_STORED = ("screen_name", "cinema_name", "status", "time_zone")
MOMENTS = ("starts_at", "ends_at")


# The reason of a booking that its customer gave up for another.
EXCHANGED = "Exchanged"
ENDED_BY = ("customer", "staff", "time")


def ended_by(booking: Booking, at: datetime | None = None) -> str | None:
    """Return which of ENDED_BY ended a booking; None while it is live. No query.

    Who cancels a show or leaves a guest out of a move is staff, also where the seat was their own: customers
    give no reason.
    """
    match booking.status_at(at):
        case Status.EXPIRED:
            return "time"
        case Status.CANCELLED:
            by_customer = booking.cancelled_by_id in (None, booking.user_id)  # None: a guest
            is_own = by_customer and booking.reason in ("", EXCHANGED)
            return "customer" if is_own else "staff"
    return None


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


class Allowance(NamedTuple):
    """What a user has of a show and what more they may have, by the settings."""

    show: int
    seats: int
    seats_left: int
    held_orders: int
    held_orders_left: int


def allowance(user: User, show_id: int) -> Allowance:
    """Return what a user may still have of a show; orders on hold count whatever show they are of.

    Three queries. Raises NotFound for a show that customers do not see.
    """
    if show_id > MAX_ID or not Show.objects.visible_to_customers().filter(pk=show_id).exists():
        raise NotFound
    live = Booking.objects.live().of_user(user)
    seats = live.filter(show=show_id).count()
    held = live.filter(status=Status.HELD).values("order").distinct().count()
    return Allowance(
        show_id,
        seats,
        max(0, settings.MAX_SEATS_PER_SHOW - seats),
        held,
        max(0, settings.MAX_HELD_ORDERS - held),
    )


def sold_among(shows: Iterable[Show], at: datetime | None = None) -> set[int]:
    """Return the ids of those of the shows that sold, as `was_sold` tells it. One query."""
    ids = [show.pk for show in shows]
    live = Booking.objects.live(at).filter(show__in=ids).order_by().values_list("show")
    booked = BookingEvent.objects.filter(show__in=ids, to_status=Status.BOOKED).order_by()
    return {show_id for (show_id,) in live.union(booked.values_list("show")).order_by()}


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


def changes_of_orders(orders: Iterable[Order]) -> dict[int, list[OrderChange]]:
    """Return what changed of each order since its customer last agreed to the show as it was, oldest first:
    nothing that came once all seats were given back. By id, for orders whose bookings are known or were read
    `with_details`.

    Two queries at most for all of them, and none while their shows are as they were.
    """
    found: dict[int, list[OrderChange]] = {order.pk: [] for order in orders}
    changed = [order for order in orders if _show_version(order) > order.show_version]
    if not changed:
        return found
    events = defaultdict(list)
    for event in ShowEvent.objects.filter(show__in={order.show_id for order in changed}).order_by("version"):
        events[event.show_id].append(event)
    reseated = _reseatings(changed)
    for order in changed:
        over = _over_at(order.all_bookings())
        for event in events[order.show_id]:
            if event.version > order.show_version and (over is None or event.at <= over):
                seats = reseated[order.pk].get(event.version, {}).values()
                if changes := dict(_facts(event)) | _seat_changes(seats):
                    found[order.pk].append(OrderChange(event.version, event.at, event.reason, changes))
    return found


def changes_of_show(show: Show, version: int) -> dict[str, dict[str, Any]]:
    """Return what customers are told of the changes of a show since this version, as {field: {old, new}}."""
    overall: dict[str, dict[str, Any]] = {}
    for event in ShowEvent.objects.filter(show=show, version__gt=version).order_by("version"):
        for name, pair in _facts(event):
            overall[name] = {**pair, "old": overall.get(name, pair)["old"]}
    return overall


def _show_version(order: Order) -> int:
    """The version of the show, as it was read with the bookings; 0 for an order without any."""
    return next((booking.show.version for booking in order.all_bookings()), 0)


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
    asked_about = {booking.pk for booking in bookings}
    overall: dict[int, dict[str, Any]] = {}  # of each booking: from its first seat to its last
    for of_version in _reseatings([order])[order.pk].values():
        for booking_id in filter(asked_about.__contains__, of_version):
            so_far = overall.setdefault(booking_id, {})
            for name, (old, new) in of_version[booking_id].items():
                so_far[name] = (so_far[name][0] if name in so_far else old, new)
    return changes | _seat_changes(overall.values())


# What moves changed of bookings: by order, by version of the show and by booking.
Reseatings = dict[int, dict[int, dict[int, dict[str, Any]]]]


def _reseatings(orders: Collection[Order]) -> Reseatings:
    """What moves changed of the bookings of orders since their customers agreed."""
    agreed = {order.pk: order.show_version for order in orders if order.is_reseated}
    found: Reseatings = defaultdict(dict)
    events = BookingEvent.objects.filter(booking__order__in=agreed, changes__isnull=False).order_by("id")
    for order_id, booking_id, event_changes in events.values_list("booking__order", "booking", "changes"):
        changes: dict[str, Any] = event_changes or {}
        version = changes["show_version"][1]
        if version > agreed[order_id]:
            found[order_id].setdefault(version, {})[booking_id] = changes
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


# For events, so that their labels take one query for all of them.
FORMER_PLANS = Prefetch(
    "show__events",
    ShowEvent.objects.filter(changes__has_key="seat_plan").order_by("version"),
    to_attr="former_plans",
)


def seat_label_then(event: BookingEvent) -> str:
    """Return the label that the seat of an event had when it happened: see `seat_labels_then`."""
    return seat_labels_then(event.show, [event])[0]


def seat_labels_then(show: Show, events: Iterable[BookingEvent]) -> list[str]:
    """Return the labels that the seats of events had when they happened: the show may have got another plan.

    One query, and none while the show is as it was when it was made, or if `FORMER_PLANS` were read with it.
    """
    redrawn: Any = getattr(show, "former_plans", None)
    if redrawn is None:
        redrawn = show.events.filter(changes__has_key="seat_plan").order_by("version") if show.version else []
    former = [(each.at, each.changes["seat_plan"][0]) for each in redrawn]

    def label(event: BookingEvent) -> str:
        if event.changes:
            return str(event.changes["seat_label"][1])
        drawing = next((drawing for until, drawing in former if until >= event.at), None)
        plan = show.plan if drawing is None else parse_plan(drawing)
        return label_in(plan, event.seat_number)

    return list(map(label, events))
