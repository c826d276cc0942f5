"""Customers of a show each, in one transaction: as if one after the other, and nobody waits for others."""

import re
import time
from dataclasses import replace
from threading import Event

import pytest
from django.conf import settings as conf
from django.db import OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.tests.factories import make_user
from bookings.errors import SeatTaken
from bookings.models import Booking, Order
from bookings.rows import SHOW_FOR_SALE, show_for_sale
from bookings.services import BookWish, ConfirmWish, HoldWish, LockedElsewhere, SeatChoice, joint_inventory
from bookings.tests.factories import book, by, let_expire, make_order, make_show_with_all_sorts
from bookings.tests.history import assert_history_consistent
from bookings.tests.joint import WHO, one_by_one, seats, together, what_came_of_it, wishes_for
from bookings.tests.locks import wait_for_a_waiting_transaction
from movie_booking import for_each
from movie_booking.composed import ComposedQuery
from movie_booking.database import is_lock_failure
from movie_booking.for_each import LOCK_FOR_EACH
from movie_booking.statements import Statement
from movie_booking.tests.concurrency import run_concurrently
from movie_booking.tests.statements import send_statements_as_they_are
from movies.models import Screen, Show
from movies.models.shows import show_to_lock
from movies.tests.factories import make_show

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

WISHES = st.lists(
    st.tuples(st.just(BookWish), seats(1)) | st.tuples(st.just(HoldWish), seats(3)), min_size=2, max_size=4
)


@pytest.fixture(params=[False, True], ids=["any seat", "no single seats"])
def shows(request, db):
    """Of each, seats of customers and the house are booked, held, and held for too long."""
    ada, ben, *_ = (make_user(name) for name in WHO)
    shows = [make_show_with_all_sorts(ada, ben) for _ in range(4)]
    for show, (who, seat) in zip(shows, [("eve", 19), ("ida", 6), ("joe", 8), ("kim", 20)], strict=True):
        make_order(show, seat, user=User.objects.get(username=who))
    let_expire(Order.objects.get(user__username="kim"))
    Screen.objects.update(no_single_seats=request.param)
    for version, show in enumerate(shows):
        Show.objects.filter(pk=show.pk).update(version=version)
    return shows


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(order=st.permutations(range(4)), names=st.permutations(WHO), wishes=WISHES)
def test_each_is_served_as_if_they_came_one_after_the_other(shows, settings, order, names, wishes):
    settings.MAX_SEATS_PER_SHOW = 4
    settings.MAX_HELD_ORDERS = settings.HOARDING_ORDERS = 1
    asked = []
    for place, name, (kind, choice) in zip(order, names, wishes, strict=False):
        user = User.objects.get(username=name)
        asked.append(kind(shows[place].pk, choice, user, by(user)))

    assert what_came_of_it(asked, together) == what_came_of_it(asked, one_by_one)


def told(outcomes):
    return [
        [booking.seat_number for booking in outcome.known_bookings]
        if isinstance(outcome, Order)
        else type(outcome)
        for outcome in outcomes
    ]


@pytest.mark.parametrize("kind", [BookWish, HoldWish])
def test_each_has_a_seat_of_their_show_or_is_told_why_not(kind):
    first, second, third = (make_show() for _ in range(3))
    book(second, 7)

    outcomes = together(wishes_for((third, 5), (first, 5), (second, 7), kind=kind))

    assert told(outcomes) == [[5], [5], SeatTaken]
    assert outcomes[2].extra == {"seats": [{"seat_number": 7, "reason": "booked"}]}
    assert [order.show for order in outcomes[:2]] == [third, first]
    assert len({order.created_at for order in outcomes[:2]}) == 1
    counts = Show.objects.order_by("pk").values_list("live_seats", "seats_version")
    assert list(counts) == [(1, 1)] * 3
    assert [order.show.seats_version for order in outcomes[:2]] == [1, 1]
    assert_history_consistent()


def test_those_of_a_show_that_is_not_there_come_back_alone():
    here, gone = make_show(), make_show()
    wishes = wishes_for((here, 5), (gone, 5))
    gone.delete()

    assert told(together(wishes)) == [[5], LockedElsewhere]


@pytest.mark.parametrize(
    ("is_shareable", "change"),
    [(True, {}), (False, {"show_id": 2**70}), (False, {"choice": SeatChoice(best_available=2)})],
    ids=["a seat", "a show that cannot be", "any seats"],
)
def test_what_can_be_done_with_wishes_for_other_shows(is_shareable, change):
    [wish] = wishes_for((make_show(), 5))

    assert replace(wish, **change).is_shareable == is_shareable
    assert not hasattr(ConfirmWish, "is_shareable")


@pytest.mark.usefixtures("real_transactions")
def test_as_many_as_come_take_two_messages():
    wishes = wishes_for(*((make_show(), number) for number in range(1, 10)))
    send_statements_as_they_are()

    with CaptureQueriesContext(connection) as captured:
        orders = together(wishes)

    begin, lock, write = (query["sql"] for query in captured)
    assert begin == "BEGIN"
    assert re.search(r"FOR NO KEY UPDATE SKIP LOCKED\) AS found \(id\)\s*;\s*SELECT found\.\*", lock)
    assert "; COMMIT; SELECT current_setting" in write
    assert [order.pk for order in orders] == list(Order.objects.order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:  # as ever, in the next transaction
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == (f"{conf.LOCK_TIMEOUT_SECONDS}s",)


@pytest.mark.usefixtures("real_transactions")
def test_several_shows_are_locked_in_a_transaction_only():
    shows, user = [make_show(), make_show()], make_user()
    asked = [(show.pk, 5, 5, user.pk) for show in shows]
    with transaction.atomic():
        assert [show for show, _ in SHOW_FOR_SALE.one_of_each(asked)] == shows
    for _ in range(2):
        with pytest.raises(TransactionManagementError):
            SHOW_FOR_SALE.one_of_each(asked)


def elsewhere(do, *, locked, release):
    """Do this in a transaction that stays open until it is released."""

    def call():
        with transaction.atomic():
            do()
            locked.set()
            assert release.wait(20)

    return call


@pytest.mark.usefixtures("real_transactions")
def test_a_show_that_others_have_locked_keeps_nobody_waiting():
    shows, locked, release = [make_show() for _ in range(4)], Event(), Event()
    wishes = wishes_for(*((show, 5) for show in shows))

    def come():
        assert locked.wait(10)
        try:
            return told(together(wishes))
        finally:
            release.set()

    _, outcomes = run_concurrently(
        elsewhere(lambda: Show.objects.lock_all([shows[1].pk, shows[3].pk]), locked=locked, release=release),
        come,
    )

    assert outcomes == [[5], LockedElsewhere, [5], LockedElsewhere]
    assert Booking.objects.count() == 2


@pytest.mark.usefixtures("real_transactions")
def test_what_else_is_locked_is_waited_for_only_briefly():
    """The row of a user, which the new order refers to."""
    wishes, locked, release = wishes_for((make_show(), 5), (make_show(), 5)), Event(), Event()
    user = User.objects.filter(pk=wishes[1].customer.pk)

    def come():
        assert locked.wait(10)
        began = time.monotonic()
        try:
            with pytest.raises(OperationalError) as refused:
                together(wishes)
            return is_lock_failure(refused.value), time.monotonic() - began
        finally:
            release.set()

    _, (is_for_a_lock, seconds) = run_concurrently(
        elsewhere(lambda: list(user.select_for_update()), locked=locked, release=release), come
    )

    assert is_for_a_lock
    assert seconds < 2  # LOCK_TIMEOUT_SECONDS is 5
    assert not Booking.objects.exists()
    assert told(together(wishes)) == [[5], [5]]


WAITING_BEFORE_THE_LOCK = LOCK_FOR_EACH.replace("FROM ", "FROM (SELECT pg_advisory_xact_lock(42)) AS it, ", 1)


@pytest.mark.usefixtures("real_transactions")
def test_what_is_committed_before_the_lock_is_seen_after_it(monkeypatch):
    """Also if that was after the statement that locks had begun, as shows are read by one of its own."""
    monkeypatch.setattr(for_each, "LOCK_FOR_EACH", WAITING_BEFORE_THE_LOCK)
    composed_anew = ComposedQuery(show_for_sale, int, int, int, int, after=show_to_lock)
    monkeypatch.setattr(joint_inventory, "SHOW_FOR_SALE", composed_anew)
    show, other, keeps_waiting = make_show(), make_show(), Event()
    wishes = wishes_for((show, 5), (other, 5))

    def book_meanwhile():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(42)")
            keeps_waiting.set()
            wait_for_a_waiting_transaction()
            book(show, 5)

    def come():
        assert keeps_waiting.wait(10)
        return told(together(wishes))

    monkeypatch.setattr(for_each, "WAIT_BRIEFLY", Statement("wait_long", "SELECT 1", []))
    assert run_concurrently(book_meanwhile, come)[1] == [SeatTaken, [5]]
