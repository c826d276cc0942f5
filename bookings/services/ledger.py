"""The one place that writes who has which seat: bookings, their history and the counts of the show.

Every function takes a `show` whose lock the caller holds (`Show.objects.lock`). Status, history and
counts are written together or not at all, so the history replays to the present state.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from accounts.models import User
from bookings.models import LIVE, Booking, Door, Order, SeatChange, Status, new_reference
from movies.models import Show


class Actor(NamedTuple):
    """Who changes a seat, and by which door."""

    user: User | None
    door: Door


TIME = Actor(None, Door.EXPIRY)


class Room:
    """Who has which seat of a locked show, now. Read by one statement that begins after the wait."""

    def __init__(self, show: Show, now: datetime | None = None) -> None:
        self.show = show
        self.now = now or timezone.now()
        self.taken: dict[int, str] = {}
        self.expired: list[int] = []
        self._owners: list[int] = []
        for booking_id, number, status, expires_at, user_id in rows_of(show):
            if status == Status.HELD and expires_at is not None and expires_at <= self.now:
                self.expired.append(booking_id)
            else:
                self.taken[number] = status
                if status != Status.BLOCKED:
                    self._owners.append(user_id)

    def seats_of(self, user: User) -> int:
        return self._owners.count(user.pk)

    def free_expired(self) -> None:
        """Let go of holds whose time is over. Who wants a seat does this before taking it."""
        if self.expired:
            expired = Booking.objects.filter(pk__in=self.expired).order_by("id")
            change(self.show, expired, Status.EXPIRED, TIME)


def rows_of(show: Show) -> list[tuple[int, int, str, datetime | None, int]]:
    """Id, seat, status, end of hold and owner of every booking that occupies a seat of the show."""
    rows = Booking.objects.unfinished().filter(show=show).order_by()
    return list(rows.values_list("id", "seat_number", "status", "expires_at", "user_id"))


def take(
    show: Show,
    *,
    user: User,
    prices: Mapping[int, Decimal],
    status: Status,
    actor: Actor,
    order: Order | None = None,
    expires_at: datetime | None = None,
    for_house: bool = False,
    reason: str = "",
    now: datetime | None = None,
) -> tuple[Order, list[Booking]]:
    """Give the seats, named with their prices, to the user.

    Returns the order, new unless given, and the bookings that are new. Raises IntegrityError if a
    seat is not free after all. `now` is the moment by which the caller judged, if that matters.
    """
    now = now or timezone.now()
    bookings = [
        Booking(
            show=show,
            user=user,
            seat_number=number,
            price=price,
            status=status,
            for_house=for_house,
            reason=reason,
            created_at=now,
            expires_at=expires_at,
        )
        for number, price in sorted(prices.items())
    ]
    written = (
        Order(user=user, show=show, created_at=now, reference=new_reference()) if order is None else order
    )
    if order is None and writes_at_once():
        _insert_at_once(written, bookings, actor)
        show.live_seats += len(bookings)
        show.seats_version += 1
    else:
        _insert_one_by_one(written, bookings, actor)
        show.count_taken(+len(bookings))
    for booking in bookings:
        booking.order = written
    return written, bookings


def writes_at_once() -> bool:
    """Whether the database can write to several tables in one statement."""
    return connection.vendor == "postgresql"


def _insert_one_by_one(order: Order, bookings: list[Booking], actor: Actor) -> None:
    if order.pk is None:
        order.save(force_insert=True)
    for booking in bookings:
        booking.order = order
    Booking.objects.bulk_create(bookings)
    SeatChange.objects.bulk_create(_change(booking, "", actor) for booking in bookings)


# The same as `_insert_one_by_one` and `count_taken`, in one round trip. Others wait for the lock
# meanwhile, and with four statements a booking took half as long again (`benchmarks/booking.py`).
INSERT_AT_ONCE = """
WITH the_order AS (
    INSERT INTO bookings_order (reference, user_id, show_id, created_at)
    VALUES (%(reference)s, %(user)s, %(show)s, %(now)s) RETURNING id
), taken AS (
    INSERT INTO bookings_booking (order_id, show_id, user_id, seat_number, price, status, for_house,
        reason, created_at, expires_at)
    SELECT the_order.id, %(show)s, %(user)s, seat.number, seat.price, %(status)s, %(for_house)s,
        %(reason)s, %(now)s, %(expires_at)s::timestamptz
    FROM the_order, unnest(%(numbers)s::int[], %(prices)s::numeric[]) AS seat (number, price)
    RETURNING id, order_id, seat_number
), history AS (
    INSERT INTO bookings_seatchange (booking_id, show_id, seat_number, at, actor_id, door, from_status,
        to_status)
    SELECT id, %(show)s, seat_number, %(now)s, %(actor)s, %(door)s, '', %(status)s FROM taken
), counted AS (
    UPDATE movies_show
    SET live_seats = live_seats + cardinality(%(numbers)s::int[]), seats_version = seats_version + 1
    WHERE id = %(show)s
)
SELECT order_id, id FROM taken ORDER BY seat_number
"""


def _insert_at_once(order: Order, bookings: list[Booking], actor: Actor) -> None:
    first = bookings[0]
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_AT_ONCE,
            {
                "reference": order.reference,
                "user": order.user_id,
                "show": order.show_id,
                "now": order.created_at,
                "status": str(first.status),
                "for_house": first.for_house,
                "reason": first.reason,
                "expires_at": first.expires_at,
                "numbers": [booking.seat_number for booking in bookings],
                "prices": [booking.price for booking in bookings],
                "actor": actor.user.pk if actor.user else None,
                "door": str(actor.door),
            },
        )
        for booking, (order_id, booking_id) in zip(bookings, cursor.fetchall(), strict=True):
            order.pk, booking.pk = order_id, booking_id
    for row in (order, *bookings):
        row._state.adding = False
        row._state.db = connection.alias


def change(
    show: Show, bookings: Iterable[Booking], status: Status, actor: Actor, **fields: Any
) -> list[Booking]:
    """Bring bookings of the show to another status, with more fields by name; return them.

    As many statements for one booking as for a hundred.
    """
    bookings = list(bookings)
    if not bookings:
        return bookings
    history = [_change(booking, booking.status, actor, status) for booking in bookings]
    if status == Status.CANCELLED:
        fields |= {"cancelled_at": history[0].at, "cancelled_by": actor.user}
    if status == Status.BOOKED:
        fields["expires_at"] = None
    Booking.objects.filter(pk__in=[booking.pk for booking in bookings]).update(status=status, **fields)
    SeatChange.objects.bulk_create(history)
    freed = sum(booking.status in LIVE for booking in bookings) if status not in LIVE else 0
    show.count_taken(-freed)
    for booking in bookings:
        booking.status = status
        booking.show = show
        for name, value in fields.items():
            setattr(booking, name, value)
    return bookings


def _change(booking: Booking, from_status: str, actor: Actor, to_status: str = "") -> SeatChange:
    return SeatChange(
        booking=booking,
        show_id=booking.show_id,
        seat_number=booking.seat_number,
        actor=actor.user,
        door=actor.door,
        from_status=from_status,
        to_status=to_status or booking.status,
    )
