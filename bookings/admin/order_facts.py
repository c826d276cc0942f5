"""What there is to say of an order on one page: its seats, its money, its terms and its history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Prefetch

from bookings.models import Booking, BookingEvent, Order, OrderNote, Status
from bookings.models.references import read_out
from bookings.queries import (
    EXCHANGED,
    OrderSummary,
    changes_since_sale,
    order_summary,
    seat_labels_then,
)
from bookings.refunds import NOTHING, SaleTerms, refund_amount
from bookings.services.rules import sale_terms
from movies.models import Show
from movies.times import to_local


class SeatLine(NamedTuple):
    """A booking of the order. `percent` and `back` are what giving it back now would bring, by its terms;
    None where nothing can be given back any more.
    """

    booking: Booking
    kind: str
    status: Status
    is_live: bool
    percent: int | None
    back: Decimal | None


class Money(NamedTuple):
    """In `settings.CURRENCY`: what the live seats cost, and what became of the price of the others."""

    total: Decimal
    given_back: Decimal
    kept: Decimal
    exchanged: Decimal  # counted towards other seats


@dataclass(frozen=True)
class OrderFacts:
    order: Order
    show: Show
    at: datetime
    summary: OrderSummary
    lines: Sequence[SeatLine]
    money: Money
    terms: SaleTerms
    currency: str = settings.CURRENCY

    @property
    def live(self) -> list[Booking]:
        """What the customer has, on hold or booked."""
        return [line.booking for line in self.lines if line.is_live]

    @property
    def on_hold(self) -> list[Booking]:
        return [line.booking for line in self.lines if line.status == Status.HELD]

    @property
    def is_house(self) -> bool:
        return any(line.booking.is_house_seat for line in self.lines)

    @property
    def may_choose(self) -> bool:
        """Whether there are seats of a customer to work on."""
        return bool(self.live)

    @property
    def reference(self) -> str:
        """As it is read out."""
        return read_out(self.order.reference)

    @property
    def terms_percent(self) -> int:
        """The share that the terms of the sale give back now."""
        return self.terms.refund_percent(self.at)

    @property
    def shown(self) -> str:
        """Which bookings the page shows as live: no other is reached by its buttons."""
        return ",".join(str(booking.pk) for booking in self.live)

    @property
    def tiers(self) -> list[str]:
        """The refund shares as sentences, the largest first."""
        return [
            f"{tier.percent} % until {_hours(tier.hours_before)} before the start"
            for tier in self.terms.tiers
        ]

    @property
    def changes(self) -> list[str]:
        """What is not as it was when the customer bought, or last agreed."""
        if not self.live or not self.terms.is_moved:
            return []
        differ = changes_since_sale(self.order, self.live, self.show)
        return [
            f"{_words(name)}: {_told(each['old'], self)} → {_told(each['new'], self)}"
            for name, each in differ.items()
        ]


def order_facts(order: Order, at: datetime) -> OrderFacts:
    """Return what the page says of an order that was read by `orders_with_facts`. No query."""
    show, bookings = order.show, list(order.bookings.all())
    terms = sale_terms(order, show)
    may_go_back = (
        show.status != Show.Status.CANCELLED and not show.has_started(at) and at <= terms.cancel_until
    )
    percent = terms.refund_percent(at)
    lines = []
    for booking in bookings:
        booking.show, booking.order = show, order
        status = booking.status_at(at)
        is_paid = status == Status.BOOKED and may_go_back
        lines.append(
            SeatLine(
                booking,
                _kind(show, booking),
                status,
                status in (Status.HELD, Status.BOOKED),
                percent if is_paid else None,
                refund_amount(booking.price, percent) if is_paid else None,
            )
        )
    return OrderFacts(order, show, at, order_summary(bookings, at), lines, _money(bookings, at), terms)


def orders_with_facts(orders: Any) -> Any:
    """Orders of a queryset, with all that `order_facts` says of them in two queries."""
    bookings = Booking.objects.select_related("cancelled_by").order_by("seat_number", "id")
    return orders.select_related(
        "user",
        "guest",
        "sold_by",
        "machine",
        "show__movie",
        "show__screen__cinema",
        "promised_screen__cinema",
        "exchanged_from",
    ).prefetch_related(Prefetch("bookings", bookings))


class HistoryLine(NamedTuple):
    at: datetime
    label: str
    before: str
    after: str
    who: str
    channel: str


def history(order: Order) -> list[HistoryLine]:
    """Return every step in the life of the order's bookings, newest first."""
    events = (
        BookingEvent.objects.filter(booking__order=order).select_related("actor", "machine").order_by("-id")
    )
    found = list(events)
    labels = seat_labels_then(order.show, found)
    return [
        HistoryLine(
            event.at,
            label,
            _before(event),
            event.get_to_status_display(),
            event.who or "–",
            event.get_channel_display(),
        )
        for event, label in zip(found, labels, strict=True)
    ]


def notes_of(order: Order) -> list[OrderNote]:
    """Return what staff noted, newest first."""
    return list(
        OrderNote.objects.filter(order=order, show=order.show_id).select_related("author").order_by("-id")
    )


def _before(event: BookingEvent) -> str:
    if event.changes:
        return f"{event.get_from_status_display()}, {event.changes['seat_label'][0]}"
    return event.get_from_status_display() or "Free"


def _kind(show: Show, booking: Booking) -> str:
    """Of a seat that the show no longer has, nothing is known."""
    if booking.former_label or not show.plan.has_seat(booking.seat_number):
        return ""
    return show.plan.seat(booking.seat_number).kind.label


def _money(bookings: Iterable[Booking], at: datetime) -> Money:
    given_back = kept = exchanged = NOTHING
    for booking in bookings:
        back = booking.refund_amount
        if back is None:
            continue
        if booking.reason == EXCHANGED:
            exchanged += back
        else:
            given_back += back
        kept += booking.price - back
    return Money(order_summary(bookings, at).total, given_back, kept, exchanged)


def _hours(hours: int) -> str:
    return "1 hour" if hours == 1 else f"{hours} hours"


def _words(name: str) -> str:
    return name.replace("_", " ").removesuffix(" at").removesuffix(" name").capitalize()


def _told(value: Any, facts: OrderFacts) -> str:
    if isinstance(value, datetime):
        return f"{to_local(value, facts.show.screen.cinema.zone):%a %d %b %Y, %H:%M}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
