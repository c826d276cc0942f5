"""The seat map of a show: the layout, which seats are free, and the ETags by which clients poll it."""

import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.http import parse_etags

from bookings.models import Booking, Status
from movie_booking.composed import ComposedQuery
from movie_booking.errors import NotFound
from movie_booking.limits import MAX_ID
from movie_booking.statements import Message, Statement, send
from movies.models.shows import available_seats
from movies.prices import prices_by_kind
from movies.seat_plan import plan_of

# What a customer is told of a seat.
SEAT_STATUS = {Status.HELD.value: "held", Status.BOOKED.value: "booked", Status.BLOCKED.value: "blocked"}


class SeatMapState(NamedTuple):
    """All that the map needs of its show, read by one query for one row."""

    show: int
    total_seats: int
    seats_version: int
    seat_plan: str
    status: str
    prices: tuple[str | None, ...]
    next_expiry: str

    @property
    def etag(self) -> str:
        """Strong: it changes with every change of a seat or a price, and when a hold expires."""
        return f'"{self.show}-{self.seats_version}-{self.next_expiry}"'

    def etag_of(self, fields: str | None) -> str:
        """That of the layout, or of the whole map and of availability."""
        return self.layout_etag if fields == "layout" else self.etag

    @property
    def layout_etag(self) -> str:
        """Strong: it changes when the seat plan or a price does, which is next to never."""
        text = f"{self.seat_plan}|{self.prices}|{settings.CURRENCY}"
        return f'"{self.show}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


# Written out, because this is all that a poll of an unchanged map does.
SEAT_MAP_STATE = Message(
    Statement.with_names(
        "seat_map_state",
        """
SELECT id, total_seats, seats_version, seat_plan, status,
    (SELECT min(expires_at) FROM bookings_booking
        WHERE show_id = movies_show.id AND status = 'HELD' AND expires_at > %(at)s),
    price, premium_price, sofa_price, wheelchair_price, companion_price
FROM movies_show WHERE id = %(show)s AND status <> 'DRAFT'
""",
    )
)


def seat_map_state(show_id: int) -> SeatMapState:
    """Return what the map of a show depends on. One query. Raises NotFound, for drafts too."""
    if show_id > MAX_ID:
        raise NotFound
    at = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        send(cursor, SEAT_MAP_STATE, {"at": at, "show": show_id})
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    show, total_seats, seats_version, seat_plan, status, next_expiry, *prices = row
    amounts = tuple(None if price is None else f"{price:.2f}" for price in prices)
    until = "".join(filter(str.isdigit, str(next_expiry))) if next_expiry else "0"
    return SeatMapState(show, total_seats, seats_version, seat_plan, status, amounts, until)


def is_known(etag: str, known: str) -> bool:
    """Whether `If-None-Match` names this ETag, by weak comparison (RFC 9110, 13.1.2)."""
    return not {etag, "*"}.isdisjoint(tag.removeprefix("W/") for tag in parse_etags(known))


# Parts were asked for by `?fields=` before they had addresses of their own.
DEPRECATED = {
    "Deprecation": "@1795910400",  # 2026-11-29, as RFC 9745 writes it
    "Sunset": "Mon, 29 Nov 2027 00:00:00 GMT",
}


def cache_headers(etag: str, *, deprecated: bool = False) -> dict[str, str]:
    """Any cache may keep a copy, and asks each time whether it still holds."""
    headers = {"ETag": etag, "Cache-Control": "public, no-cache"}
    return headers | DEPRECATED if deprecated else headers


def availability(state: SeatMapState) -> dict[str, Any]:
    """Return which seats are not free, by status. One query. All others are available."""
    taken: dict[str, list[int]] = {name: [] for name in SEAT_STATUS.values()}
    for number, status in _taken(state.show):
        taken[SEAT_STATUS[status]].append(number)
    return {
        "show": state.show,
        "seats_version": state.seats_version,
        "available_seats": available_seats(state.status, state.total_seats, sum(map(len, taken.values()))),
        "status": state.status,
        "taken": taken,
    }


def layout(state: SeatMapState) -> dict[str, Any]:
    """Return the seats, row by row, with label, kind, price and position. No query."""
    width, height, rows = _layout(state.seat_plan, state.total_seats, state.prices)
    return {
        "show": state.show,
        "width": width,
        "height": height,
        "currency": settings.CURRENCY,
        "rows": [{"row": name, "seats": seats} for name, seats in rows],
    }


def seat_map(state: SeatMapState) -> dict[str, Any]:
    """Return the layout with the status of every seat. One query."""
    taken = {number: SEAT_STATUS[status] for number, status in _taken(state.show)}
    whole = layout(state)
    for row in whole["rows"]:
        row["seats"] = [
            {**seat, "status": taken.get(seat["seat_number"], "available")} for seat in row["seats"]
        ]
    return {
        **whole,
        "seats_version": state.seats_version,
        "available_seats": available_seats(state.status, state.total_seats, len(taken)),
        "status": state.status,
    }


TAKEN: ComposedQuery[tuple[int, str]] = ComposedQuery(
    lambda show_id, at: (
        Booking.objects.live(at)
        .filter(show=show_id)
        .order_by("seat_number")
        .values_list("seat_number", "status")
    ),
    int,
    datetime,
)


def _taken(show_id: int) -> list[tuple[int, str]]:
    return TAKEN(show_id, timezone.now())


@lru_cache(maxsize=256)  # a show's seats and prices hardly ever change, and are asked for all the time
def _layout(
    seat_plan: str, total_seats: int, prices: tuple[str | None, ...]
) -> tuple[int, int, list[tuple[str, list[dict[str, Any]]]]]:
    plan = plan_of(seat_plan, total_seats)
    price = prices_by_kind(*prices)
    rows = [
        (
            row[0].row,
            [
                {
                    "seat_number": seat.number,
                    "label": seat.label,
                    "kind": seat.kind.value,
                    "price": price[seat.kind],
                    "x": seat.x,
                    "y": seat.y,
                    "partner": seat.partner,
                }
                for seat in row
            ],
        )
        for row in plan.rows
    ]
    return plan.width, plan.height, rows


# What can be asked for by itself.
PARTS = {None: seat_map, "layout": layout, "availability": availability}
