"""A new order with its bookings, their events and the show's counts, in one statement (PostgreSQL).

What `SeatInventory` does in four steps elsewhere. Other buyers wait for the lock meanwhile, and with four
round trips a booking took half as long again. A test holds both ways equal.
"""

from collections.abc import Sequence

from django.db import connection

from accounts.actors import Actor
from bookings.models import Booking, Order
from movie_booking.statements import Message, Statement, execute

INSERT_AT_ONCE = Message(
    Statement.with_names(
        "new_order",
        """
WITH the_order AS (
    INSERT INTO bookings_order (reference, user_id, show_id, created_at, refund_tiers,
        cancel_cutoff_minutes, promised_starts_at, promised_screen_id, show_version)
    VALUES (%(reference)s, %(user)s, %(show)s, %(at)s, %(refund_tiers)s, %(cancel_cutoff)s,
        %(promised_starts_at)s, %(promised_screen)s, %(show_version)s) RETURNING id
), booking AS (
    INSERT INTO bookings_booking (order_id, show_id, user_id, seat_number, price, status, is_house_seat,
        reason, created_at, expires_at)
    SELECT the_order.id, %(show)s, %(user)s, seat.number, seat.price, %(status)s::text,
        %(is_house_seat)s::boolean, %(reason)s::text, %(at)s::timestamptz, %(expires_at)s::timestamptz
    FROM the_order, unnest(%(numbers)s::int[], %(prices)s::numeric[]) AS seat (number, price)
    RETURNING id, order_id, seat_number
), event AS (
    INSERT INTO bookings_bookingevent (booking_id, show_id, seat_number, at, actor_id, channel, from_status,
        to_status)
    SELECT id, %(show)s, seat_number, %(at)s, %(actor)s::bigint, %(channel)s::text, '', %(status)s
    FROM booking
), counted AS (
    UPDATE movies_show
    SET live_seats = live_seats + cardinality(%(numbers)s::int[]), seats_version = seats_version + 1
    WHERE id = %(show)s
)
SELECT set_config('movie_booking.returned', string_agg(id::text, ' ' ORDER BY seat_number)
    || ' ' || min(order_id), false) FROM booking
""",
    )
)


def can_insert_at_once() -> bool:
    """Whether the database can write to several tables in one statement."""
    return connection.vendor == "postgresql"


def insert_at_once(order: Order, bookings: Sequence[Booking], *, actor: Actor, is_last: bool) -> None:
    """Write a new order and its new bookings, in ascending seat number and alike but for seat and price.

    The rows get their ids, at the end of the transaction if it is its last statement. Raises IntegrityError
    if a seat has a live booking, then or now.
    """
    first = bookings[0]

    def note_ids(returned: str) -> None:
        *ids, order.pk = map(int, returned.split())
        for booking, booking_id in zip(bookings, ids, strict=True):
            booking.pk, booking.order = booking_id, order
        for row in (order, *bookings):
            row._state.adding = False
            row._state.db = connection.alias

    given = {
        "reference": order.reference,
        "user": order.user_id,
        "show": order.show_id,
        "at": order.created_at,
        "refund_tiers": order.refund_tiers,
        "cancel_cutoff": order.cancel_cutoff_minutes,
        "promised_starts_at": order.promised_starts_at,
        "promised_screen": order.promised_screen_id,
        "show_version": order.show_version,
        "status": str(first.status),
        "is_house_seat": first.is_house_seat,
        "reason": first.reason,
        "expires_at": first.expires_at,
        "numbers": [booking.seat_number for booking in bookings],
        "prices": [booking.price for booking in bookings],
        "actor": actor.user_id,
        "channel": str(actor.channel),
    }
    execute(INSERT_AT_ONCE, given, note_ids, is_last=is_last)
