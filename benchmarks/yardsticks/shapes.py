"""What the yardsticks share: the JSON that the product answers with, as plain functions."""

import secrets
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KINDS = ("standard", "premium", "sofa", "wheelchair", "companion")
PER_ROW = 10
PAGE = 20


def new_reference() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(10))


def moment(value: datetime) -> str:
    return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def row_name(row: int) -> str:
    return chr(65 + row) if row < 26 else "A" + chr(65 + row - 26)


def label(seat: int) -> str:
    row, place = divmod(seat - 1, PER_ROW)
    return f"{row_name(row)}{place + 1}"


def booking_json(booking: Any, show: Any, movie: Any, screen: Any, cinema: Any) -> dict[str, Any]:
    return {
        "id": booking.id,
        "order": booking.reference,
        "show": show.id,
        "movie_title": movie.title,
        "screen_name": screen.name,
        "cinema": cinema.id,
        "cinema_name": cinema.name,
        "time_zone": cinema.time_zone,
        "starts_at": moment(show.starts_at),
        "seat_number": booking.seat_number,
        "seat_label": label(booking.seat_number),
        "price": str(booking.price),
        "status": booking.status,
        "created_at": moment(booking.created_at),
        "cancelled_at": None,
        "refund_percent": None,
        "refund_amount": None,
    }


def show_json(show: Any, movie: Any, screen: Any, cinema: Any, taken: int) -> dict[str, Any]:
    return {
        "id": show.id,
        "movie": movie.id,
        "movie_title": movie.title,
        "screen": screen.id,
        "screen_name": screen.name,
        "cinema": cinema.id,
        "cinema_name": cinema.name,
        "time_zone": cinema.time_zone,
        "starts_at": moment(show.starts_at),
        "ends_at": moment(show.ends_at),
        "pre_show_minutes": show.pre_show_minutes,
        "total_seats": show.total_seats,
        "available_seats": show.total_seats - taken,
        "price": str(show.price),
        "prices": {kind: str(show.price) for kind in KINDS},
        "currency": "EUR",
        "status": show.status,
        "sales_open_at": None,
        "sales_close_at": moment(show.starts_at),
    }


def page_json(count: int, page: int, url: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "count": count,
        "next": f"{url}&page={page + 1}" if count > page * PAGE else None,
        "previous": f"{url}&page={page - 1}" if page > 1 else None,
        "results": results,
    }


def seat_json(number: int, price: Decimal, taken: set[int]) -> dict[str, Any]:
    row, place = divmod(number - 1, PER_ROW)
    return {
        "seat_number": number,
        "label": label(number),
        "kind": "standard",
        "price": str(price),
        "x": place,
        "y": row,
        "partner": None,
        "status": "booked" if number in taken else "available",
    }


def map_json(show: Any, taken: set[int]) -> dict[str, Any]:
    height = -(-show.total_seats // PER_ROW)
    return {
        "show": show.id,
        "width": PER_ROW,
        "height": height,
        "currency": "EUR",
        "rows": [
            {
                "row": row_name(row),
                "seats": [
                    seat_json(number, show.price, taken)
                    for number in range(row * PER_ROW + 1, min((row + 1) * PER_ROW, show.total_seats) + 1)
                ],
            }
            for row in range(height)
        ],
        "seats_version": len(taken),
        "available_seats": show.total_seats - len(taken),
        "status": show.status,
    }
