"""Bookings that change their status, their events and the show's counts, in one statement (PostgreSQL).

What `SeatInventory` does in three steps elsewhere, for the same reason as `insert_statement`. A test holds
both ways equal.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from accounts.actors import Actor
from bookings.models import Booking
from movie_booking.statements import Message, Statement, execute
from movies.models import Show

TRANSITION_AT_ONCE = """
WITH changed AS (
    UPDATE bookings_booking SET {changes}
    WHERE show_id = %(show)s::bigint AND id = ANY(%(bookings)s::bigint[])
), event AS (
    INSERT INTO bookings_bookingevent (booking_id, show_id, seat_number, at, actor_id, channel, from_status,
        to_status{event_columns})
    SELECT booking.id, %(show)s::bigint, booking.seat, %(at)s::timestamptz, booking.actor,
        %(channel)s::text, booking.status, %(status)s{event_values}
    FROM unnest(%(bookings)s, %(seats)s::int[], %(statuses)s::text[], %(actors)s::bigint[])
        AS booking (id, seat, status, actor)
), counted AS (
    UPDATE movies_show SET live_seats = live_seats - %(released)s, seats_version = seats_version + %(steps)s
    WHERE id = %(show)s
)
SELECT set_config('movie_booking.returned', '', false)
"""

COLUMNS = {field.name: field.column for field in Booking._meta.concrete_fields}


@cache
def statement_for(*columns: str, machine: bool) -> Message:
    """The statement that writes these columns of bookings, asked for by a machine or not."""
    sql = TRANSITION_AT_ONCE.format(
        changes=", ".join(f"{column} = %({column})s" for column in columns),
        event_columns=", machine_id" * machine,
        event_values=", %(machine)s::bigint" * machine,
    )
    return Message(Statement.with_names("transition", sql))


class Transition(NamedTuple):
    """Bookings of a show that change their status, and what that makes of their fields."""

    bookings: Sequence[Booking]
    statuses: Sequence[str]  # until now
    fields: Mapping[str, Any]
    released: int  # how many seats become free
    steps: int  # how many more versions the seat map has
    actor: Actor


def transition_at_once(show: Show, transitions: Sequence[Transition], *, at: datetime, is_last: bool) -> None:
    """Write transitions that have equal fields, asked for by users through one channel, or one of them.

    If it is the last statement of its transaction it may go along with COMMIT.
    """
    fields, actor = transitions[0].fields, transitions[0].actor
    given = {COLUMNS[name]: getattr(value, "pk", value) for name, value in fields.items()}
    message = statement_for(*given, machine=actor.machine is not None)
    bookings = [booking for each in transitions for booking in each.bookings]
    given |= {
        "status": str(fields["status"]),
        "bookings": [booking.pk for booking in bookings],
        "seats": [booking.seat_number for booking in bookings],
        "statuses": [str(status) for each in transitions for status in each.statuses],
        "actors": [each.actor.user_id for each in transitions for _ in each.bookings],
        "show": show.pk,
        "released": sum(each.released for each in transitions),
        "steps": sum(each.steps for each in transitions),
        "at": at,
        "channel": str(actor.channel),
    }
    if actor.machine is not None:
        given["machine"] = actor.machine_id
    execute(message, given, is_last=is_last)
