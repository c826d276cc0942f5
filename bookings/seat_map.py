"""The seat map of a show: the layout, which seats are free, and the ETags by which clients poll it."""

import hashlib
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from bookings.models import Booking, Status
from movie_booking.errors import NotFound
from movie_booking.limits import MAX_ID
from movies.models import Show
from movies.prices import PRICE_FIELDS, prices_by_kind
from movies.seat_plan import plan_of

# What a customer is told of a seat.
SEAT_STATUS = {Status.HELD: "held", Status.BOOKED: "booked", Status.BLOCKED: "blocked"}


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

    def available_seats(self, taken: int) -> int:
        """How many seats can still be had, if so many are taken."""
        return 0 if self.status == Show.Status.CANCELLED else self.total_seats - taken

    @property
    def layout_etag(self) -> str:
        """Strong: it changes when the seat plan or a price does, which is next to never."""
        text = f"{self.seat_plan}|{self.prices}|{settings.CURRENCY}"
        return f'"{self.show}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


# Written out, because this is all that a poll of an unchanged map does: composing the same query
# with the ORM took half of its time.
SEAT_MAP_STATE = f"""
SELECT id, total_seats, seats_version, seat_plan, status,
    (SELECT min(expires_at) FROM bookings_booking
        WHERE show_id = movies_show.id AND status = 'HELD' AND expires_at > %s),
    {", ".join(PRICE_FIELDS)}
FROM movies_show WHERE id = %s AND status <> 'DRAFT'
"""  # noqa: S608 - names of our own columns


def seat_map_state(show_id: int) -> SeatMapState:
    """Return what the map of a show depends on. One query. Raises NotFound, for drafts too."""
    if show_id > MAX_ID:
        raise NotFound
    with connection.cursor() as cursor:
        cursor.execute(SEAT_MAP_STATE, [connection.ops.adapt_datetimefield_value(timezone.now()), show_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    show, total_seats, seats_version, seat_plan, status, next_expiry, *prices = row
    amounts = tuple(None if price is None else f"{price:.2f}" for price in prices)
    until = "".join(filter(str.isdigit, str(next_expiry or "0")))
    return SeatMapState(show, total_seats, seats_version, seat_plan, status, amounts, until)


def availability(state: SeatMapState) -> dict[str, Any]:
    """Return which seats are not free, by status. One query. All others are available."""
    taken: dict[str, list[int]] = {name: [] for name in SEAT_STATUS.values()}
    for number, status in _taken(state.show):
        taken[SEAT_STATUS[Status(status)]].append(number)
    return {
        "show": state.show,
        "seats_version": state.seats_version,
        "available_seats": state.available_seats(sum(map(len, taken.values()))),
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
    taken = {number: SEAT_STATUS[Status(status)] for number, status in _taken(state.show)}
    whole = layout(state)
    for row in whole["rows"]:
        row["seats"] = [
            {**seat, "status": taken.get(seat["seat_number"], "available")} for seat in row["seats"]
        ]
    return {
        **whole,
        "seats_version": state.seats_version,
        "available_seats": state.available_seats(len(taken)),
        "status": state.status,
    }


def _taken(show_id: int) -> Any:
    live = Booking.objects.live().filter(show=show_id)
    return live.order_by("seat_number").values_list("seat_number", "status")


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
