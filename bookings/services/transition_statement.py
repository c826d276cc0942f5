"""Bookings that change their status, their events and the show's counts, in one statement (PostgreSQL).

What `SeatInventory` does in three steps elsewhere, for the same reason as `insert_statement`. A test holds
both ways equal.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.actors import Actor
from bookings.models import Booking
from movies.models import Show

TRANSITION_AT_ONCE = """
WITH changed AS (
    UPDATE bookings_booking SET {changes} WHERE id = ANY(%(bookings)s)
), event AS (
    INSERT INTO bookings_bookingevent (booking_id, show_id, seat_number, at, actor_id, channel, from_status,
        to_status)
    SELECT booking.id, %(show)s, booking.seat, %(at)s, %(actor)s, %(channel)s, booking.status, %(status)s
    FROM unnest(%(bookings)s, %(seats)s, %(statuses)s::text[]) AS booking (id, seat, status)
)
UPDATE movies_show SET live_seats = live_seats - %(released)s, seats_version = seats_version + 1
WHERE id = %(show)s
"""

COLUMNS = {field.name: field.column for field in Booking._meta.concrete_fields}


def transition_at_once(
    show: Show,
    bookings: Sequence[Booking],
    fields: Mapping[str, Any],
    *,
    released: int,
    at: datetime,
    actor: Actor,
) -> None:
    """Write the fields, their status among them, to bookings of a show.

    So many of their seats become free.
    """
    values: dict[str, Any] = {COLUMNS[name]: getattr(value, "pk", value) for name, value in fields.items()}
    changes = ", ".join(f"{column} = %({column})s" for column in values)
    with connection.cursor() as cursor:
        cursor.execute(
            TRANSITION_AT_ONCE.format(changes=changes),
            {
                **values,
                "status": str(fields["status"]),
                "bookings": [booking.pk for booking in bookings],
                "seats": [booking.seat_number for booking in bookings],
                "statuses": [str(booking.status) for booking in bookings],
                "show": show.pk,
                "released": released,
                "at": at,
                "actor": actor.user_id,
                "channel": str(actor.channel),
            },
        )
