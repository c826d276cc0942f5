"""The seat map of a show: the layout, which seats are free, and the ETags by which clients poll it."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone
from django.utils.http import parse_etags

from bookings.models import Status
from movie_booking import replica
from movie_booking.errors import Invalid, NotFound
from movie_booking.limits import MAX_ID, parse_id
from movie_booking.statements import Message, Statement, send
from movie_booking.together import Together
from movie_booking.turns import release_connection
from movies.models.shows import available_seats
from movies.prices import prices_by_kind
from movies.seat_plan import plan_of

# What a customer is told of a seat.
SEAT_STATUS = {Status.HELD.value: "held", Status.BOOKED.value: "booked", Status.BLOCKED.value: "blocked"}


class SeatMapState(NamedTuple):
    """All that the map needs of its show, read by one query for one row."""

    show: int
    total_seats: int
    # How often the map has changed: of two answers the one with the larger number is the newer one.
    seats_version: int
    seat_plan: str
    status: str
    show_version: int
    prices: tuple[str | None, ...]
    # As it is written: without the holds that have changed the map by ending.
    written_version: int
    # Which seats are not free, by number, with what customers are told of each. Only of a whole map.
    taken: Mapping[int, str]

    def etag_of(self, fields: str | None) -> str:
        """Strong: that of the layout, or of the whole map and of availability."""
        return self.layout_etag if fields == "layout" else f'"{self.show}-{self.seats_version}"'

    @property
    def layout_etag(self) -> str:
        """It changes when the show or a price does, which is next to never."""
        text = f"{self.seat_plan}|{self.prices}|{settings.CURRENCY}|{self.show_version}"
        return f'"{self.show}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


# Written out, because this is all that a poll of an unchanged map does. A hold whose time is over has changed
# the map without a write, so each of them counts; when it becomes EXPIRED, it is counted for good instead.
_STATE = """
SELECT id, total_seats, seats_version + (
        SELECT count(*) FROM bookings_booking
        WHERE show_id = movies_show.id AND status = 'HELD' AND expires_at <= %(at)s
    ), seat_plan, status, version, seats_version,
    price, premium_price, sofa_price, wheelchair_price, companion_price{taken}
FROM movies_show WHERE id = %(show)s AND status <> 'DRAFT'
"""
# In the same statement, so that what it says and the version that it has are of one moment.
_TAKEN = """, (
        SELECT {join}(CAST(seat_number AS text) || ' ' || status, ',') FROM bookings_booking
        WHERE show_id = movies_show.id AND status IN ('HELD', 'BOOKED', 'BLOCKED')
            AND NOT (status = 'HELD' AND expires_at <= %(at)s)
    )"""
SEAT_MAP_STATE = Message(Statement.with_names("seat_map_state", _STATE.format(taken="")))
SEAT_MAP = {
    vendor: Message(Statement.with_names("seat_map", _STATE.format(taken=_TAKEN.format(join=join))))
    for vendor, join in {"postgresql": "string_agg", "sqlite": "group_concat"}.items()
}


def release_connections() -> None:
    """Let others have whatever a map may have been read by."""
    release_connection()
    replica.release_connection()


states: Together[SeatMapState] = Together(release_connections)


def seat_map_state(show_id: int, *, whole: bool = True, using: str = DEFAULT_DB_ALIAS) -> SeatMapState:
    """Return what the map of a show depends on, or only what its version does.

    One query for all who ask at once. Raises NotFound, for drafts too.
    """
    if show_id > MAX_ID:
        raise NotFound
    if connections[using].in_atomic_block:  # which sees what nobody else does
        return _read_state(show_id, whole, using)
    return states.ask((show_id, whole, using), lambda: _read_state(show_id, whole, using))


def _read_state(show_id: int, whole: bool, using: str) -> SeatMapState:
    backend: Any = connections[using]
    at = backend.ops.adapt_datetimefield_value(timezone.now())
    message = SEAT_MAP[backend.vendor] if whole else SEAT_MAP_STATE
    with backend.cursor() as cursor:
        send(cursor, message, {"at": at, "show": show_id})
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    show, total_seats, seats_version, seat_plan, status, show_version, written_version, *prices = row[:12]
    amounts = tuple(None if price is None else f"{price:.2f}" for price in prices)
    taken = _by_number(row[12]) if whole and row[12] else {}
    return SeatMapState(
        show, total_seats, seats_version, seat_plan, status, show_version, amounts, written_version, taken
    )


class Known(NamedTuple):
    """What a client knows of a show already, so that an answer about its seats is not older."""

    etags: str = ""  # of `If-None-Match`
    version: int = 0  # the `seats_version` of a map that it has
    min_version: int = 0  # that of any answer: a booking tells it without counting holds that are over
    # Whether a replica may answer at all: who says who they are may look for what they wrote a moment ago.
    anywhere: bool = True

    @classmethod
    def of(cls, meta: Mapping[str, str], min_version: str | None, *, version: int = 0) -> "Known":
        """What a request says. Raises Invalid for a `min_version` that is none."""
        at_least = 0 if min_version is None else parse_id(min_version)
        if at_least is None:
            raise Invalid.of("min_version", "A valid integer is required.", "invalid")
        if not replica.exists():
            return ON_THE_PRIMARY
        anywhere = at_least > 0 or replica.is_anybodys(meta)
        return cls(meta.get("HTTP_IF_NONE_MATCH", ""), version, at_least, anywhere)

    def allows(self, state: SeatMapState) -> bool:
        """Whether this state is surely not older than what is known."""
        newest = max(self.version, *_versions(state.show, self.etags)) if self.etags else self.version
        return state.written_version >= self.min_version and state.seats_version >= newest


ON_THE_PRIMARY = Known(anywhere=False)


def _versions(show_id: int, etags: str) -> list[int]:
    """Return the versions that tags of the map of a show name, and 0."""
    beginning = f"{show_id}-"
    tags = (tag.removeprefix("W/").strip('"') for tag in parse_etags(etags))
    return [0, *(parse_id(tag.removeprefix(beginning)) or 0 for tag in tags if tag.startswith(beginning))]


def current_state(show_id: int, part: str | None, known: Known, *, whole: bool = True) -> SeatMapState:
    """Return what `seat_map_state` does, of a replica if there is one and what it says is not older.

    The primary has the last word, also if it has less than what is said to be known. Raises NotFound.
    """
    # The tag of a layout tells nothing of time, so a known one is compared on the primary.
    if not known.anywhere or (part == "layout" and known.etags and not known.min_version):
        return seat_map_state(show_id, whole=whole)
    return replica.read(lambda using: seat_map_state(show_id, whole=whole, using=using), known.allows)


def current_etag(show_id: int, part: str | None, known: Known) -> str:
    """Return the ETag that the map, or this part of it, has now. Raises NotFound."""
    return current_state(show_id, part, known, whole=False).etag_of(part)


def _by_number(taken: str) -> dict[int, str]:
    seats = (seat.split(" ") for seat in taken.split(","))
    return {int(number): SEAT_STATUS[status] for number, status in seats}


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
    """Return which seats are not free, by status. All others are available."""
    taken: dict[str, list[int]] = {name: [] for name in SEAT_STATUS.values()}
    for number, status in sorted(state.taken.items()):
        taken[status].append(number)
    return {
        "show": state.show,
        "show_version": state.show_version,
        "seats_version": state.seats_version,
        "available_seats": available_seats(state.status, state.total_seats, len(state.taken)),
        "status": state.status,
        "taken": taken,
    }


def layout(state: SeatMapState) -> dict[str, Any]:
    """Return the seats, row by row, with label, kind, price and position."""
    width, height, rows = _layout(state.seat_plan, state.total_seats, state.prices)
    return {
        "show": state.show,
        "show_version": state.show_version,
        "width": width,
        "height": height,
        "currency": settings.CURRENCY,
        "rows": [{"row": name, "seats": seats} for name, seats in rows],
    }


def seat_map(state: SeatMapState) -> dict[str, Any]:
    """Return the layout with the status of every seat."""
    taken, whole = state.taken, layout(state)
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
