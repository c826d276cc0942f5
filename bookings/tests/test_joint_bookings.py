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
from bookings.errors import SeatTaken
from bookings.models import Booking, BookingEvent, Order, Status
from bookings.rows import HOLDS_OF_USER
from bookings.services import BookWish, ConfirmWish, HoldWish, SeatChoice
from bookings.tests.factories import by, let_expire, make_order, make_show_with_all_sorts
from bookings.tests.history import assert_history_consistent
from bookings.tests.joint import VERSIONS, WHO, one_by_one, seats, together, what_came_of_it
from movie_booking.errors import Busy, NotFound
from movie_booking.tests.concurrency import run_concurrently
from movie_booking.tests.statements import send_statements_as_they_are
from movies.models import Screen, Show
from movies.seat_plan import SeatKind
from movies.tests.factories import make_screen, make_show

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
