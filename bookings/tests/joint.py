"""Wishes that are served together, and what comes of the same wishes one after the other."""

from operator import itemgetter

from django.db import transaction
from hypothesis import strategies as st

from accounts.tests.factories import make_user
from bookings import services
from bookings.models import Booking, BookingEvent, Order
from bookings.services import BookWish, ConfirmWish, HoldWish, SeatChoice
from bookings.tests.factories import by
from movie_booking.errors import DomainError
from movies.models import Show

WHO = ["ada", "ben", "eve", "ida", "joe", "kim"]
NUMBERS = st.integers(1, 24) | st.sampled_from([1, 3, 4, 5, 6, 13, 14]) | st.sampled_from([0, 25, 2**63])
VERSIONS = st.sampled_from([None] * 6 + [0, 7])
SELDOM = st.sampled_from([False] * 5 + [True])


def seats(most):
    return st.builds(
        lambda numbers, version, leave: SeatChoice(numbers, show_version=version, leave_single_seat=leave),
        st.lists(NUMBERS, min_size=1, max_size=most, unique=True),
        VERSIONS,
        SELDOM,
    )


def wishes_for(*seats, kind=BookWish):
    """One for each show with its seat."""
    users = [make_user() for _ in seats]
    return [
        kind(show.pk, SeatChoice([number]), user, by(user))
        for (show, number), user in zip(seats, users, strict=True)
    ]


class Undone(Exception):
    pass


def together(wishes):
    """In one transaction, which waits for the show if they are all for one."""
    with transaction.atomic():
        return services.do_together(wishes, is_last=True, waits=len({wish.show_id for wish in wishes}) == 1)


def one_by_one(wishes):
    return [alone(wish) for wish in wishes]


def alone(wish):
    """What the service says that the wish names."""
    try:
        match wish:
            case BookWish():
                asked = {"customer": wish.customer, "actor": wish.actor}
                [number], rest = wish.choice.seat_numbers, wish.choice._asdict()
                asked |= {name: rest[name] for name in ("show_version", "leave_single_seat")}
                return wish.does(wish.show_id, number, **asked).order
            case HoldWish():
                return wish.does(wish.show_id, wish.choice, customer=wish.customer, actor=wish.actor)
            case ConfirmWish():
                return wish.does(wish.order, actor=wish.actor, show_version=wish.show_version)
    except DomainError as refusal:
        return refusal


def what_came_of_it(wishes, way):
    """What each is told and has in hand, and all that is in the tables afterwards, which is undone."""
    told = []
    try:
        with transaction.atomic():
            for outcome in way(wishes):
                match outcome:
                    case Order():
                        told.append((outcome.user_id, in_hand(outcome)))
                    case _:
                        extra = {name: value for name, value in outcome.extra.items() if name not in OWN}
                        told.append((type(outcome), outcome.detail, extra))
            # The history of each seat in its order: holds that are over end before anything is written.
            history = sorted(rows_of(BookingEvent), key=itemgetter("show_id", "seat_number"))
            told += [list(rows_of(Booking)), list(rows_of(Order)), history]
            told += list(Show.objects.order_by("pk").values("live_seats", "seats_version"))
            raise Undone
    except Undone:
        return told


def in_hand(order):
    """The bookings of an order as it was returned, which are those of the tables."""
    seats = order.known_bookings or order.bookings.all()
    for seat in seats:
        row = Booking.objects.get(pk=seat.pk)
        assert (row.order_id, row.seat_number, row.status) == (order.pk, seat.seat_number, seat.status)
        assert seat.order_id == seat.order.pk == order.pk
        assert not seat._state.adding
        assert not order._state.adding
    return [
        (seat.seat_number, seat.price, seat.status, seat.user_id, seat.expires_at is None) for seat in seats
    ]


OWN = {"id", "order_id", "booking_id", "reference", "at", "created_at", "retry_after"}


def rows_of(model):
    """All columns but what differs each time, of each show in the order in which they were written."""
    for row in model.objects.order_by("show", "pk").values():
        row |= {name: row[name] is None for name in ("expires_at",) if name in row}
        yield {name: value for name, value in row.items() if name not in OWN}
