"""Rows that bookings, holds and their changes read each time, by queries that are composed once."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, F, FilteredRelation, Q, QuerySet, Value

from bookings.models import HELD, LIVE, Booking, Order, OrderQuerySet
from movie_booking.composed import ComposedQuery
from movie_booking.statements import Given, Statement
from movies.models import Show
from movies.models.shows import show_to_lock
from movies.seat_plan import MAX_SEATS

# The id of a booking, its seat, status and end of hold as they are written, its user and its order. Plain, as
# there may be as many as the show has sold.
SeatRow = tuple[int, int, str, datetime | None, int | None, int]
SEAT_ROW = ("id", "seat_number", "status", "expires_at", "user_id", "order_id")
# The bookings of a show that `one_live_booking_per_seat` counts: a hold that has expired still says HELD.
SEAT_ROWS: ComposedQuery[SeatRow] = ComposedQuery(
    lambda show_id: Booking.objects.in_seat_index().filter(show=show_id).order_by().values_list(*SEAT_ROW)
)


class Sale(NamedTuple):
    """What was read along with the lock: the rows of these seats, and all of this user's."""

    seats: range
    user_id: int | None
    rows: Sequence[SeatRow]

    @classmethod
    def of(cls, seats: range, user_id: int | None, rows: Iterable[Any]) -> "Sale":
        """From what a query returned, which is a row without a booking if there are none."""
        return cls(seats, user_id, [row for row in rows if row[0] is not None])


def span(numbers: Collection[int]) -> range:
    """Return the seats from the first to the last of these, of those that a show can have."""
    first, last = (max(0, min(number, MAX_SEATS)) for number in (min(numbers), max(numbers)))
    return range(first, last + 1)


def show_for_sale(show_id: int, first: int, last: int, user_id: int) -> QuerySet[Show]:
    """A show, once for each of those rows that matter to a user who wants seats from `first` to `last`: they
    have one of these seats, or are the user's. Without any it is one row without a booking.
    """
    return _show_with(show_id, Q(bookings__seat_number__range=(first, last)) | Q(bookings__user=user_id))


def show_with_seats(show_id: int, first: int, last: int) -> QuerySet[Show]:
    """The same for whoever is no user: the rows of these seats."""
    return _show_with(show_id, Q(bookings__seat_number__range=(first, last)))


def _show_with(show_id: int, matters: Q) -> QuerySet[Show]:
    sale = FilteredRelation("bookings", condition=Q(bookings__status__in=LIVE) & matters)
    fields = {f"sale_{name}": F(f"sale__{name}") for name in SEAT_ROW}  # one after the other: a SeatRow
    return Show.objects.with_details().filter(pk=show_id).order_by().annotate(sale=sale).annotate(**fields)


SHOW_FOR_SALE: ComposedQuery[Show] = ComposedQuery(show_for_sale, int, int, int, int, after=show_to_lock)
SHOW_WITH_SEATS: ComposedQuery[Show] = ComposedQuery(show_with_seats, int, int, int, after=show_to_lock)
# Of a show the rows of all guests who gave an e-mail address.
ROWS_OF_ADDRESS: ComposedQuery[SeatRow] = ComposedQuery(
    lambda show_id, address: (
        Booking.objects.in_seat_index()
        .filter(show=show_id, order__guest__address=address)
        .order_by()
        .values_list(*SEAT_ROW)
    ),
    int,
    str,
)
# The bookings of an order, with it and with a show that is locked before they are read.
ORDER_ROWS: ComposedQuery[Booking] = ComposedQuery(
    lambda show_id, order_id: (
        Booking.objects.with_details().filter(order=order_id, show=show_id).order_by("seat_number", "id")
    ),
    int,
    int,
    after=show_to_lock,
)
BOOKINGS_OF_ORDER: ComposedQuery[Booking] = ComposedQuery(
    lambda show_id, order_id: (
        Booking.objects.with_details().filter(order=order_id, show=show_id).order_by("seat_number", "id")
    ),
    int,
    int,
)


class OrderLookup:
    """An order by its reference. Of a client that names the show the database is told it too: where rows are
    spread over machines, one is asked and not all.
    """

    def __init__(self, build: Callable[..., OrderQuerySet], *types: type[int] | type[str]) -> None:
        self.anywhere: ComposedQuery[Order] = ComposedQuery(build, *types)
        self.of_show: ComposedQuery[Order] = ComposedQuery(
            lambda show_id, *values: build(*values).filter(show=show_id), int, *types
        )

    def __call__(self, *values: int | str, show_id: int | None) -> list[Order]:
        return self.anywhere(*values) if show_id is None else self.of_show(show_id, *values)


OWN_ORDER = OrderLookup(
    lambda user_id, typed, meant: (
        Order.objects.of_user(user_id).filter(reference__in=[typed, meant]).select_related("exchanged_from")
    ),
    int,
    str,
    str,
)
# Whose key it is, who asks must have shown: see `access_keys`.
ORDER_OF_GUEST = OrderLookup(
    lambda typed, meant: (
        Order.objects.filter(reference__in=[typed, meant], guest__isnull=False)
        .select_related("exchanged_from", "guest")
        .order_by()
    ),
    str,
    str,
)
# Whether the machine who asks may have it, by who sold it and in which cinema, is for the view to find out.
ORDER_FOR_MACHINE = OrderLookup(
    lambda typed, meant: (
        Order.objects.of_customers()
        .filter(reference__in=[typed, meant])
        .select_related("exchanged_from", "guest", "user")
        .order_by()
        .annotate(cinema_id=F("show__cinema"))
    ),
    str,
    str,
)

# The transaction has the locks of its shows already and takes no other lock after this one, so there is no
# circle to wait in.
WAIT_FOR_OTHER_HOLDS = Statement(
    "other_holds",
    "SELECT pg_advisory_xact_lock(hashtextextended('holds of ' || %s::bigint, 0))",
    [Given(0)],
)
WAIT_FOR_OTHER_HOLDS_OF_ADDRESS = Statement(
    "other_holds_of_address",
    "SELECT pg_advisory_xact_lock(hashtextextended('holds of ' || %s::text, 0))",
    [Given(0)],
)
# Those of several users, whichever are to be had at once. Returns how many are not.
TRY_HOLDS_OF_ALL = """
SELECT count(*) FROM unnest(%s::bigint[]) AS user_id
WHERE NOT pg_try_advisory_xact_lock(hashtextextended('holds of ' || user_id, 0))
"""
# Order and end of each hold of a user, also of those that are over. Until the transaction ends, no other hold
# of theirs, of whatever show, can be counted.
HOLDS_OF_USER: ComposedQuery[tuple[int, datetime | None]] = ComposedQuery(
    lambda user_id: (
        Booking.objects.filter(user=user_id, status=HELD).order_by().values_list("order_id", "expires_at")
    ),
    after=lambda user_id: WAIT_FOR_OTHER_HOLDS,
)
# The same of guests with an address.
HOLDS_OF_ADDRESS: ComposedQuery[tuple[int, datetime | None]] = ComposedQuery(
    lambda address: (
        Booking.objects.filter(order__guest__address=address, status=HELD)
        .order_by()
        .values_list("order_id", "expires_at")
    ),
    str,
    after=lambda address: WAIT_FOR_OTHER_HOLDS_OF_ADDRESS,
)


# The order of a hold and when it ends; or None and when an order was made.
HoldOrMoment = tuple[int | None, datetime | None]


@cache
def holds_and_order_of_user(nth: int) -> ComposedQuery[HoldOrMoment]:
    """Return the query of HOLDS_OF_USER that comes with when the nth latest of the user's orders was made."""
    return ComposedQuery(
        lambda user_id: _holds_and_order(Q(user=user_id), Q(user=user_id), nth),
        after=lambda user_id: WAIT_FOR_OTHER_HOLDS,
    )


@cache
def holds_and_order_of_address(nth: int) -> ComposedQuery[HoldOrMoment]:
    """The same of guests with an address."""
    return ComposedQuery(
        lambda address: _holds_and_order(Q(order__guest__address=address), Q(guest__address=address), nth),
        str,
        after=lambda address: WAIT_FOR_OTHER_HOLDS_OF_ADDRESS,
    )


def _holds_and_order(of_bookings: Q, of_orders: Q, nth: int) -> QuerySet[Any, HoldOrMoment]:
    holds = Booking.objects.filter(of_bookings, status=HELD).order_by()
    of_nth = Order.objects.filter(of_orders).order_by("-id").values("pk")[nth - 1 : nth]
    moment = Order.objects.filter(pk__in=of_nth).order_by()
    none = Value(None, BigIntegerField())
    rows = holds.values_list("order_id", "expires_at")
    return rows.union(moment.values_list(none, "created_at"), all=True).order_by()
