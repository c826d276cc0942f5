"""A new order with its bookings, their events and the show's counts, in one statement (PostgreSQL).

What `SeatInventory` does in four steps elsewhere. Other buyers wait for the lock meanwhile, and with four
round trips a booking took half as long again. A test holds both ways equal.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model

from accounts.actors import Actor
from bookings.models import Booking, Guest, Order
from movie_booking.statements import Message, Statement, execute

INSERT_AT_ONCE = """
WITH {guest}the_order AS (
    INSERT INTO bookings_order (reference, user_id, show_id, created_at, refund_tiers,
        cancel_cutoff_minutes, promised_starts_at, promised_screen_id, show_version{columns})
    VALUES (%(reference)s, %(user)s, %(show)s, %(at)s, %(refund_tiers)s, %(cancel_cutoff)s,
        %(promised_starts_at)s, %(promised_screen)s, %(show_version)s{values}) RETURNING id
), booking AS (
    INSERT INTO bookings_booking (order_id, show_id, user_id, seat_number, price, status, is_house_seat,
        reason, created_at, expires_at)
    SELECT the_order.id, %(show)s, %(user)s, seat.number, seat.price, %(status)s::text,
        %(is_house_seat)s::boolean, %(reason)s::text, %(at)s::timestamptz, %(expires_at)s::timestamptz
    FROM the_order, unnest(%(numbers)s::int[], %(prices)s::numeric[]) AS seat (number, price)
    RETURNING id, order_id, seat_number
), event AS (
    INSERT INTO bookings_bookingevent (booking_id, show_id, seat_number, at, actor_id, channel, from_status,
        to_status{event_columns})
    SELECT id, %(show)s, seat_number, %(at)s, %(actor)s::bigint, %(channel)s::text, '',
        %(status)s{event_values}
    FROM booking
), counted AS (
    UPDATE movies_show
    SET live_seats = live_seats + cardinality(%(numbers)s::int[]), seats_version = seats_version + 1
    WHERE id = %(show)s
)
SELECT set_config('movie_booking.returned', string_agg(id::text, ' ' ORDER BY seat_number)
    || ' ' || min(order_id){returned}, false) FROM booking
"""
# The same for several orders of users, of any shows, with the seats of each.
INSERT_ALL_AT_ONCE = """
WITH seat AS (
    SELECT * FROM unnest(%(numbers)s::int[], %(prices)s::numeric[], %(statuses)s::text[],
        %(expiries)s::timestamptz[], %(seat_references)s::text[], %(actors)s::bigint[],
        %(seat_shows)s::bigint[])
        WITH ORDINALITY AS seat (seat_number, price, status, expires_at, reference, actor_id, show_id, place)
), the_order AS (
    INSERT INTO bookings_order (reference, user_id, show_id, created_at, refund_tiers,
        cancel_cutoff_minutes, promised_starts_at, promised_screen_id, show_version)
    SELECT reference, user_id, show_id, %(at)s::timestamptz, %(refund_tiers)s::text,
        %(cancel_cutoff)s::int, promised_starts_at, promised_screen, show_version
    FROM unnest(%(references)s::text[], %(users)s::bigint[], %(shows)s::bigint[],
        %(promised_starts)s::timestamptz[], %(promised_screens)s::bigint[], %(show_versions)s::int[])
        AS wanted (reference, user_id, show_id, promised_starts_at, promised_screen, show_version)
    RETURNING id, reference, user_id
), booking AS (
    INSERT INTO bookings_booking (order_id, show_id, user_id, seat_number, price, status, is_house_seat,
        reason, created_at, expires_at)
    SELECT the_order.id, show_id, the_order.user_id, seat_number, price, status, false, '', %(at)s,
        expires_at
    FROM seat JOIN the_order USING (reference) ORDER BY place
    RETURNING id, order_id, show_id, seat_number, status
), event AS (
    INSERT INTO bookings_bookingevent (booking_id, show_id, seat_number, at, actor_id, channel, from_status,
        to_status)
    SELECT id, show_id, seat_number, %(at)s, actor_id, %(channel)s::text, '', booking.status
    FROM booking JOIN seat USING (show_id, seat_number)
), counted AS (
    UPDATE movies_show
    SET live_seats = live_seats + seats, seats_version = seats_version + orders
    FROM unnest((SELECT %(sold_shows)s::bigint[]), (SELECT %(sold_seats)s::int[]),
        (SELECT %(sold_orders)s::int[])) AS sold (show_id, seats, orders)
    WHERE id = show_id
)
SELECT set_config('movie_booking.returned', string_agg(id::text || ' ' || order_id::text, ' '
    ORDER BY place), false) FROM booking JOIN seat USING (show_id, seat_number)
"""
GUEST_FIELDS = [field for field in Guest._meta.concrete_fields if not field.primary_key]
GUEST = "guest AS (INSERT INTO bookings_guest ({}) VALUES ({}) RETURNING id), ".format(  # nosec B608  # noqa: S608 - our columns
    ", ".join(field.column for field in GUEST_FIELDS),
    ", ".join(f"%(guest_{field.name})s" for field in GUEST_FIELDS),
)
GUEST_ID = "(SELECT id FROM guest)"
SEVERAL = Message(Statement.with_names("new_orders", INSERT_ALL_AT_ONCE))


@cache
def statement_for(*, guest: bool, seller: bool, machine: bool) -> Message:
    """The statement for an order, written with a new guest or not, sold by a member of staff or not, and by a
    machine or not.

    Most orders are a user's who needed neither, and pay for neither.
    """
    sql = INSERT_AT_ONCE.format(
        guest=GUEST if guest else "",
        columns=", guest_id" * guest + ", sold_by_id" * seller + ", machine_id" * machine,
        values=f", {GUEST_ID}" * guest + ", %(sold_by)s" * seller + ", %(sold_by_machine)s" * machine,
        event_columns=", machine_id" * machine,
        event_values=", %(machine)s::bigint" * machine,
        returned=f" || ' ' || {GUEST_ID}" * guest,
    )
    return Message(Statement.with_names("new_order", sql))


@cache
def can_insert_at_once() -> bool:
    """Whether the database can write to several tables in one statement."""
    return connection.vendor == "postgresql"


class NewOrder(NamedTuple):
    """An order and its bookings, all still to be written, and who made it."""

    order: Order
    bookings: Sequence[Booking]
    actor: Actor


def insert_at_once(order: Order, bookings: Sequence[Booking], actor: Actor, *, is_last: bool) -> None:
    """Write a new order, with its guest if it has one, who is new too, and its new bookings, which are in
    ascending seat number and alike but for seat and price.

    The rows get their ids, at the end of the transaction if it is its last statement. Raises IntegrityError
    if a seat has a live booking, then or now.
    """
    first, guest = bookings[0], order.guest

    def note_ids(returned: str) -> None:
        ids = list(map(int, returned.split()))
        if guest:
            guest.pk = ids.pop()
            order.guest = guest  # it has an id by now
        order.pk = ids.pop()
        for booking, booking_id in zip(bookings, ids, strict=True):
            booking.pk, booking.order = booking_id, order
        _note_written([order, *bookings, *([guest] if guest else [])])

    given = _given(order, bookings, actor)
    given |= {
        "reference": order.reference,
        "show": order.show_id,
        "promised_starts_at": order.promised_starts_at,
        "promised_screen": order.promised_screen_id,
        "show_version": order.show_version,
        "user": order.user_id,
        "actor": actor.user_id,
        "status": str(first.status),
        "is_house_seat": first.is_house_seat,
        "reason": first.reason,
        "expires_at": first.expires_at,
    }
    if guest:
        given |= {f"guest_{field.name}": field.pre_save(guest, add=True) for field in GUEST_FIELDS}
    if order.sold_by_id:
        given["sold_by"] = order.sold_by_id
    by_machine = bool(order.machine_id or actor.machine_id)
    if by_machine:
        given |= {"sold_by_machine": order.machine_id, "machine": actor.machine_id}
    message = statement_for(guest=guest is not None, seller=order.sold_by_id is not None, machine=by_machine)
    execute(message, given, note_ids, is_last=is_last)


def insert_all_at_once(new: Sequence[NewOrder], *, is_last: bool) -> None:
    """The same for orders of users, held or booked, which they made themselves through one channel."""
    bookings = [booking for each in new for booking in each.bookings]

    def note_ids(returned: str) -> None:
        ids = map(int, returned.split())
        for booking, booking_id, order_id in zip(bookings, ids, ids, strict=True):
            booking.pk, booking.order.pk = booking_id, order_id
            booking.order = booking.order  # it has an id by now
        _note_written([*(each.order for each in new), *bookings])

    orders = Counter(each.order.show_id for each in new)
    seats = Counter(booking.show_id for booking in bookings)
    given = _given(new[0].order, bookings, new[0].actor)
    given |= {
        "references": [each.order.reference for each in new],
        "sold_shows": list(orders),
        "sold_seats": [seats[show_id] for show_id in orders],
        "sold_orders": list(orders.values()),
        "shows": [each.order.show_id for each in new],
        "seat_shows": [booking.show_id for booking in bookings],
        "promised_starts": [each.order.promised_starts_at for each in new],
        "promised_screens": [each.order.promised_screen_id for each in new],
        "show_versions": [each.order.show_version for each in new],
        "users": [each.order.user_id for each in new],
        "statuses": [str(booking.status) for booking in bookings],
        "expiries": [booking.expires_at for booking in bookings],
        "seat_references": [booking.order.reference for booking in bookings],
        "actors": [each.actor.user_id for each in new for _ in each.bookings],
    }
    execute(SEVERAL, given, note_ids, is_last=is_last)


def _given(order: Order, bookings: Sequence[Booking], actor: Actor) -> dict[str, Any]:
    """What one order and several have in common, whatever their show."""
    return {
        "at": order.created_at,
        "refund_tiers": order.refund_tiers,
        "cancel_cutoff": order.cancel_cutoff_minutes,
        "numbers": [booking.seat_number for booking in bookings],
        "prices": [booking.price for booking in bookings],
        "channel": str(actor.channel),
    }


def _note_written(rows: Iterable[Model]) -> None:
    for row in rows:
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS
