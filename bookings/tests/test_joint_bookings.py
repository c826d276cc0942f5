"""Several customers in one transaction: each gets what they would have got one after the other."""

from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.tests.factories import make_user
from bookings import services
from bookings.errors import SeatTaken
from bookings.models import Booking, BookingEvent, Order, Status
from bookings.rows import HOLDS_OF_USER
from bookings.services import BookWish, ConfirmWish, HoldWish, SeatChoice
from bookings.tests.factories import by, let_expire, make_order, make_show_with_all_sorts
from bookings.tests.history import assert_history_consistent
from movie_booking.errors import Busy, DomainError, NotFound
from movie_booking.tests.concurrency import run_concurrently
from movie_booking.tests.statements import send_statements_as_they_are
from movies.models import Screen, Show
from movies.seat_plan import SeatKind
from movies.tests.factories import make_screen, make_show

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


BEST = st.builds(
    lambda size, adjacent: SeatChoice(best_available=size, adjacent=adjacent),
    st.integers(1, 5)
    | st.sampled_from([{SeatKind.STANDARD: 2}, {SeatKind.WHEELCHAIR: 1, SeatKind.COMPANION: 1}]),
    st.sampled_from(["required", "preferred"]),
)
WISHES = st.dictionaries(
    st.sampled_from(WHO),
    st.tuples(st.just("book"), seats(1))
    | st.tuples(st.just("hold"), seats(3) | BEST)
    | st.tuples(st.just("confirm"), VERSIONS),
    min_size=2,
)


class Undone(Exception):
    pass


@pytest.fixture(params=[False, True], ids=["any seat", "no single seats"])
def show(request, db):
    """Seats of two customers and the house: booked, held, and held for too long."""
    ada, ben, *_ = (make_user(name) for name in WHO)
    show = make_show_with_all_sorts(ada, ben)
    for who, seat in (("eve", 19), ("ida", 6), ("joe", 8), ("kim", 20)):
        make_order(show, seat, user=User.objects.get(username=who))
    let_expire(Order.objects.get(user__username="kim"))
    Screen.objects.update(no_single_seats=request.param)
    return show


def together(wishes):
    with transaction.atomic():
        return services.do_together(wishes, is_last=True)


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
            history = sorted(rows_of(BookingEvent), key=lambda event: event["seat_number"])
            told += [list(rows_of(Booking)), list(rows_of(Order)), history]
            told += list(Show.objects.values("live_seats", "seats_version"))
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
    """All columns but what differs each time, by seat or user, in the order in which they were written."""
    for row in model.objects.order_by("pk").values():
        row |= {name: row[name] is None for name in ("expires_at",) if name in row}
        yield {name: value for name, value in row.items() if name not in OWN}


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(wishes=WISHES)
def test_each_is_served_as_if_they_came_one_after_the_other(show, settings, wishes):
    settings.MAX_SEATS_PER_SHOW = 4
    settings.MAX_HELD_ORDERS = settings.HOARDING_ORDERS = 1
    asked = []
    for who, (verb, what) in wishes.items():
        user = User.objects.get(username=who)
        match verb:
            case "book":
                asked.append(BookWish(show.pk, what, user, by(user)))
            case "hold":
                asked.append(HoldWish(show.pk, what, user, by(user)))
            case "confirm":
                order = Order.objects.filter(user=user).order_by("-pk").first()
                asked.append(ConfirmWish(order, by(user), what))

    assert what_came_of_it(asked, together) == what_came_of_it(asked, one_by_one)


def wishes_for(*numbers, show=None):
    users, show_id = [make_user() for _ in numbers], show.pk if show else Show.objects.get().pk
    return [
        BookWish(show_id, SeatChoice([number]), user, by(user))
        for number, user in zip(numbers, users, strict=True)
    ]


@pytest.mark.django_db
def test_of_two_who_want_one_seat_the_first_has_it():
    make_show()
    wishes = wishes_for(5, 6, 5)

    first, other, refusal = together(wishes)

    assert (first.user, seats_of(first)) == (wishes[0].customer, [5])
    assert (other.user, seats_of(other)) == (wishes[1].customer, [6])
    assert isinstance(refusal, SeatTaken)
    assert refusal.extra == {"seats": [{"seat_number": 5, "reason": "booked"}]}
    assert first.show.seats_version == Show.objects.get().seats_version == 2
    assert_history_consistent()


def seats_of(order):
    return [booking.seat_number for booking in order.known_bookings]


@pytest.mark.django_db
def test_a_hold_that_is_over_is_freed_for_the_first_of_them():
    show = make_show()
    let_expire(make_order(show, 5))

    order, refusal = together(wishes_for(5, 5))

    assert seats_of(order) == [5]
    assert isinstance(refusal, SeatTaken)
    assert list(Booking.objects.order_by("id").values_list("status", flat=True)) == ["EXPIRED", "BOOKED"]
    assert_history_consistent()


@pytest.mark.django_db
def test_what_one_of_them_confirms_is_booked_to_the_next():
    show, ann = make_show(), make_user()
    order = make_order(show, 5, 6, user=ann)

    [other] = wishes_for(6)
    confirmed, refusal = together([ConfirmWish(order, by(ann)), other])

    assert {booking.status for booking in confirmed.known_bookings} == {Status.BOOKED}
    assert refusal.extra == {"seats": [{"seat_number": 6, "reason": "booked"}]}
    assert_history_consistent()


@pytest.mark.django_db
def test_single_seats_are_seen_after_each_of_them():
    make_show(screen=make_screen(seat_plan="A  oooo", no_single_seats=True))

    first, refusal, second = together(wishes_for(1, 3, 4))

    assert (seats_of(first), seats_of(second)) == ([1], [4])
    assert refusal.code == "leaves_single_seat"


@pytest.mark.django_db
@pytest.mark.parametrize("show_id", [987654, 2**70])
def test_of_a_show_that_is_not_there_all_are_told_so(show_id):
    make_show()
    wishes = [replace(wish, show_id=show_id) for wish in wishes_for(5, 6)]

    assert [type(outcome) for outcome in together(wishes)] == [NotFound, NotFound]


@pytest.mark.django_db
def test_an_order_that_is_not_there_is_told_to_who_asked_for_it():
    show, ann = make_show(), make_user()
    gone = make_order(show, 5, user=ann)
    gone.pk += 1

    refusal, order = together([ConfirmWish(gone, by(ann)), *wishes_for(6)])

    assert isinstance(refusal, NotFound)
    assert seats_of(order) == [6]


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
@pytest.mark.parametrize("size", [2, 9])
def test_as_many_as_come_take_three_messages(size):
    make_show()
    wishes = wishes_for(*range(1, size + 1))
    send_statements_as_they_are()

    with CaptureQueriesContext(connection) as captured:
        orders = together(wishes)

    begin, lock, seats, write = (query["sql"] for query in captured)
    assert begin == "BEGIN"
    assert "FOR NO KEY UPDATE; SELECT" in lock
    assert seats.startswith("SELECT")
    assert "; COMMIT; SELECT current_setting" in write
    assert [order.pk for order in orders] == list(Order.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_those_who_hold_have_the_locks_of_their_holds_or_do_not_wait_for_them():
    """So two transactions for two shows cannot each have the holds of a user that the other waits for."""
    show, users, locked, tried = make_show(), [make_user() for _ in range(3)], Event(), Event()
    wishes = [HoldWish(show.pk, SeatChoice([n]), user, by(user)) for n, user in enumerate(users, 1)]

    def hold_elsewhere():
        with transaction.atomic():
            assert list(HOLDS_OF_USER(users[1].pk)) == []
            locked.set()
            assert tried.wait(20)

    def hold_together():
        assert locked.wait(20)
        try:
            with pytest.raises(Busy):
                together(wishes)
        finally:
            tried.set()
        return Booking.objects.count()

    assert run_concurrently(hold_elsewhere, hold_together) == [None, 0]
    assert [seats_of(order) for order in together(wishes)] == [[1], [2], [3]]


@pytest.mark.django_db
def test_what_is_written_is_as_of_one_moment_after_the_lock():
    make_show()
    before = timezone.now()

    orders = together(wishes_for(1, 2, 3))

    [at] = {order.created_at for order in orders}
    assert before <= at <= timezone.now() < before + timedelta(minutes=1)
    assert set(Booking.objects.values_list("created_at", flat=True)) == {at}
    assert set(BookingEvent.objects.values_list("at", flat=True)) == {at}
