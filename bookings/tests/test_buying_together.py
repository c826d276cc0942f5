"""Buyers who wait for one show over HTTP are served in one transaction, each with their own answer."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier, BrokenBarrierError, Event
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from rest_framework.response import Response

from accounts.models import User
from accounts.tests.factories import client_for, make_user
from bookings import buying_together
from bookings.buying_together import Buyer
from bookings.idempotency import Claim, claim_all
from bookings.models import Booking, IdempotencyKey, Order
from bookings.services import BookWish, SeatChoice, inventory, joint_inventory
from bookings.tests.factories import book, by
from bookings.tests.history import assert_history_consistent
from bookings.tests.locks import after_reading_the_seats, while_show_is_locked, without_the_lock
from movie_booking.database import database_refusal
from movie_booking.tests.concurrency import run_concurrently
from movie_booking.tests.server import wait_until
from movie_booking.turns import turns
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = [pytest.mark.usefixtures("real_transactions"), pytest.mark.waits_in_line]


@pytest.fixture
def served(monkeypatch):
    """How many were served in each transaction."""
    sizes, serve = [], buying_together._serve

    def note(buyers: Sequence[Buyer]) -> Any:
        sizes.append(len(buyers))
        return serve(buyers)

    monkeypatch.setattr(buying_together, "_serve", note)
    return sizes


def come_together(show: Show, *calls: Callable[[], Any]) -> list[Any]:
    """Have all of these come, one after the other, while another request has the turn of the show."""
    with ThreadPoolExecutor(len(calls)) as pool:
        with turns.take(show.pk):
            answers = []
            for call in calls:
                answers.append(pool.submit(closing, call))
                wait_until(lambda: turns.waiting == len(answers))
        return [answer.result(20) for answer in answers]


def closing(call: Callable[[], Any]) -> Any:
    try:
        return call()
    finally:
        connection.close()


def buy(show: Show, seat: Any, user: User | None = None, key: str = "", **more: Any) -> Callable[[], Any]:
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    body = {"seat_number": seat, **more}
    return partial(client_for(user or make_user()).post, f"/api/shows/{show.pk}/book/", body, **headers)


def statuses(answers: list[Any]) -> list[int]:
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize("key", ["", "k"])
def test_a_crowd_is_served_in_one_transaction_and_first_come_is_first_served(served, key):
    show = make_show()

    answers = come_together(show, *(buy(show, seat, key=key) for seat in (5, 6, 5, 7, 99)))

    assert statuses(answers) == [201, 201, 409, 201, 400]
    assert served == [5]
    for answer, seat in zip(answers, (5, 6, 5, 7, 99), strict=True):
        if answer.status_code == 201:
            booking = Booking.objects.get(pk=answer.data["id"])
            told = answer.data
            assert (told["seat_number"], told["order"]) == (seat, booking.order.reference)
            assert (booking.seat_number, told["seats_version"]) == (seat, 3)
            assert answer["Location"].endswith(f"/api/bookings/{booking.pk}/")
    assert answers[2].data["seats"] == [{"seat_number": 5, "reason": "booked"}]
    assert "no_such_seat" in answers[4].content.decode()
    assert Show.objects.get().seats_version == 3
    assert_history_consistent()


def test_the_keys_of_a_crowd_are_kept_for_those_who_were_served(served):
    show, users = make_show(), [make_user() for _ in range(4)]
    requests = [buy(show, seat, user, key="k") for seat, user in zip((5, 5, 6, 7), users, strict=True)]

    first = come_together(show, *requests)
    again = come_together(show, *requests)

    assert statuses(first) == statuses(again) == [201, 409, 201, 201]
    for before, after in zip(first, again, strict=True):
        replayed = before.status_code == 201
        assert ("Idempotent-Replayed" in after) == replayed
        assert "Idempotent-Replayed" not in before
        assert before.content == after.content or not replayed
    assert served == [4, 4]
    kept = IdempotencyKey.objects.order_by("user").values_list("user", "key", "status")
    assert list(kept) == [(user.pk, "k", 201) for user in (users[0], users[2], users[3])]
    assert Booking.objects.count() == 3


def test_with_a_key_and_without_replayed_reused_refused_and_invalid_in_one_crowd(served):
    show, ann, bob, cid, dan, eve, fay = make_show(), *(make_user() for _ in range(6))
    [before] = come_together(show, buy(show, 1, ann, key="a"))
    buy(show, 2, bob, key="b")()
    served.clear()

    answers = come_together(
        show,
        buy(show, 1, ann, key="a"),  # the same again
        buy(show, 3, bob, key="b"),  # another request with the key
        buy(show, 4, cid),
        buy(show, 4, dan, key="d"),
        buy(show, 5, eve, key="e"),
        buy(show, 5, fay),
    )

    assert served == [6]
    assert statuses(answers) == [201, 422, 201, 409, 201, 409]
    assert (answers[0].content, answers[0]["Idempotent-Replayed"]) == (before.content, "true")
    assert answers[1].data["code"] == "idempotency_key_reused"
    keys = IdempotencyKey.objects.order_by("key").values_list("key", "status")
    assert list(keys) == [("a", 201), ("b", 201), ("e", 201)]
    # Who was refused tries again with the same key.
    assert buy(show, 6, dan, key="d")().status_code == 201
    assert sorted(Booking.objects.values_list("seat_number", flat=True)) == [1, 2, 4, 5, 6]
    assert_history_consistent()


def test_what_makes_no_sense_is_refused_before_it_waits_and_leaves_no_key(served):
    show, user = make_show(), make_user()
    buy(show, 5, user, key="used")()
    served.clear()
    with turns.take(show.pk):
        answers = [
            buy(show, "x", user)(),
            buy(show, "x", user, key="new")(),
            buy(show, "x", user, key="used")(),
        ]

    assert statuses(answers) == [400, 400, 422]
    assert served == []
    assert [each.key for each in IdempotencyKey.objects.all()] == ["used"]


def test_if_nobody_of_a_crowd_can_be_served_nothing_is_written(served):
    show = make_show()
    book(show, 5)

    answers = come_together(show, *(buy(show, 5, key="k") for _ in range(3)))

    assert statuses(answers) == [409] * 3
    assert served == [3]
    assert (Booking.objects.count(), Order.objects.count(), IdempotencyKey.objects.count()) == (1, 1, 0)


def test_two_wishes_of_one_user_are_two_transactions(served):
    show, user = make_show(), make_user()

    answers = come_together(show, buy(show, 5, user), buy(show, 6), buy(show, 5, user))

    assert statuses(answers) == [201, 201, 409]
    assert served == [2, 1]
    assert answers[2].data["seats"][0]["order"] == answers[0].data["order"]


def test_a_user_cannot_have_more_than_the_limit_by_coming_often_at_once(served, settings):
    settings.MAX_SEATS_PER_SHOW = 2
    show, user = make_show(), make_user()

    answers = come_together(show, *(buy(show, seat, user) for seat in (1, 2, 3, 4)))

    assert statuses(answers) == [201, 201, 409, 409]


@pytest.mark.postgres
def test_a_user_who_is_deleted_meanwhile_is_refused_and_all_others_are_served(served, monkeypatch):
    show, users = make_show(), [make_user() for _ in range(3)]
    once_read(monkeypatch, lambda: User.objects.filter(pk=users[1].pk).delete())

    answers = come_together(show, *(buy(show, seat, user) for seat, user in enumerate(users, 1)))

    assert statuses(answers) == [201, 409, 201]
    assert served == [3, 1, 1, 1]  # together it was not possible, so each is served alone
    assert sorted(Booking.objects.values_list("seat_number", flat=True)) == [1, 3]
    assert_history_consistent()


def once_read(monkeypatch: Any, do: Callable[[], Any]) -> None:
    """Have somebody else do this when the seats of a show were read for the first time."""
    done = []

    def then(_: Any) -> None:
        if not done:
            done.append(1)
            with ThreadPoolExecutor(1) as other:
                other.submit(closing, do).result(20)

    after_reading_the_seats(monkeypatch, then)


@pytest.mark.postgres
@pytest.mark.parametrize("key", ["", "k"])
@pytest.mark.parametrize("at_once", [True, False])
def test_control_without_the_lock_the_constraint_refuses_a_crowd_and_each_is_served_alone(
    served, monkeypatch, key, at_once
):
    show = make_show()
    for module in (inventory, joint_inventory):
        monkeypatch.setattr(module, "can_insert_at_once", lambda: at_once)
    without_the_lock(monkeypatch)
    once_read(monkeypatch, lambda: book(show, 5))

    answers = come_together(show, *(buy(show, seat, key=key) for seat in (4, 5, 6)))

    assert statuses(answers) == [201, 409, 201]
    assert answers[1].data["seats"] == [{"seat_number": 5, "reason": "booked"}]
    assert served == [3, 1, 1, 1]
    assert IdempotencyKey.objects.count() == (2 if key else 0)
    assert sorted(Booking.objects.values_list("seat_number", flat=True)) == [4, 5, 6]


def two_crowds(monkeypatch: Any, patience: float) -> tuple[list[list[Any]], list[bool]]:
    """Serve two crowds at once that both want seat 5, and say whether both had found it free."""
    show, meeting, met = make_show(), Barrier(2), []

    def meet(occupied: Any) -> None:
        if len(met) < 2:
            try:
                meeting.wait(patience)
                met.append(not occupied)
            except BrokenBarrierError:
                met.append(False)

    after_reading_the_seats(monkeypatch, meet)
    crowds = [[buyer(show, 5), buyer(show, number)] for number in (6, 7)]
    calls = [lambda crowd=crowd: list(buying_together.serve(crowd)) for crowd in crowds]
    return run_concurrently(*calls), met


def buyer(show: Show, number: int, user: User | None = None, key: str = "") -> Buyer:
    user = user or make_user()
    claim = Claim(user.pk, key, "the same") if key else None
    wish = BookWish(show.pk, SeatChoice([number]), user, by(user))
    return Buyer(wish, claim, lambda order: Response({}, status=201))


def kinds(outcomes: list[list[Any]]) -> list[str]:
    return [type(each).__name__ for crowd in outcomes for each in crowd]


@pytest.mark.postgres
def test_control_without_the_lock_two_crowds_find_one_seat_free(served, monkeypatch):
    without_the_lock(monkeypatch)
    outcomes, met = two_crowds(monkeypatch, patience=10)

    assert met == [True, True]
    assert sorted(served) == [1, 1, 2, 2]  # the constraint refused one crowd
    assert Counter(kinds(outcomes)) == {"Order": 3, "SeatTaken": 1}


@pytest.mark.postgres
def test_with_the_lock_two_crowds_cannot_meet(served, monkeypatch):
    outcomes, met = two_crowds(monkeypatch, patience=0.5)

    assert met == [False, False]
    assert served == [2, 2]
    assert Counter(kinds(outcomes)) == {"Order": 3, "SeatTaken": 1}
    assert_history_consistent()


@pytest.mark.postgres
def test_a_key_that_is_at_work_elsewhere_keeps_only_its_own_request_waiting(served):
    show, user = make_show(), make_user()
    crowd = [buyer(show, 4), buyer(show, 5, user, key="k"), buyer(show, 6)]
    claimed, refused = Event(), Event()

    def claim_elsewhere() -> None:
        with transaction.atomic():
            IdempotencyKey.objects.create(user=user, key="k", fingerprint="another", body="")
            claimed.set()
            assert refused.wait(20)

    def come() -> list[Any]:
        assert claimed.wait(10)
        outcomes = buying_together.serve(crowd)
        first = next(outcomes)  # is told before the key is waited for
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == (f"{settings.LOCK_TIMEOUT_SECONDS}s",)
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            return [first, *outcomes]
        finally:
            refused.set()

    _, outcomes = run_concurrently(claim_elsewhere, come)

    assert kinds([outcomes]) == ["Order", "InProgress", "Order"]
    assert served == [3, 1, 1, 1]


@pytest.mark.postgres
def test_locks_are_waited_for_as_ever_once_keys_are_claimed():
    claims = [Claim(make_user().pk, "k", "the same") for _ in range(2)]
    with transaction.atomic():
        assert claim_all(claims) == {}
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == (f"{settings.LOCK_TIMEOUT_SECONDS}s",)


def test_a_key_past_its_time_is_as_good_as_new_also_beside_one_that_is_not(served):
    show, ann, bob = make_show(), make_user(), make_user()
    buy(show, 1, ann, key="old")()
    IdempotencyKey.objects.update(created_at=now() - timedelta(hours=25))
    buy(show, 2, bob, key="new")()
    served.clear()

    answers = come_together(
        show, buy(show, 3, ann, key="old"), buy(show, 2, bob, key="new"), buy(show, 4, key="k")
    )
    again = buy(show, 3, ann, key="old")()

    assert statuses(answers) == [201, 201, 201]
    assert served == [3, 1]
    assert "Idempotent-Replayed" not in answers[0]
    assert answers[1]["Idempotent-Replayed"] == again["Idempotent-Replayed"] == "true"
    assert again.content == answers[0].content


def test_an_answer_that_fails_is_told_to_nobody_else(served, monkeypatch):
    show, users = make_show(), [make_user() for _ in range(3)]
    decide = BookWish.decide

    def fail(wish: BookWish, inventory: Any) -> Order:
        if wish.customer == users[1]:
            raise ZeroDivisionError
        return decide(wish, inventory)

    monkeypatch.setattr(BookWish, "decide", fail)
    requests = [buy(show, seat, user) for seat, user in enumerate(users, 1)]
    answers = come_together(show, *requests)

    assert statuses(answers) == [201, 500, 201]
    assert served == [3, 1, 1, 1]


def test_of_a_show_that_is_not_there_each_is_told_what_they_would_be_told_alone(served):
    show, ann = make_show(), make_user()
    buy(show, 1, ann, key="used")()
    served.clear()
    show.pk += 1

    answers = come_together(show, buy(show, 2, ann, key="used"), buy(show, 2, key="k"), buy(show, 3))

    assert statuses(answers) == [422, 404, 404]
    assert served == [3]
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.postgres
def test_a_show_that_stays_locked_is_busy_for_all_who_came_and_nothing_is_written(served):
    show = make_show()
    crowd = [buyer(show, 4), buyer(show, 5, key="k"), buyer(show, 6)]

    outcomes = while_show_is_locked(show, lambda: list(buying_together.serve(crowd)))

    assert ["lock timeout" in str(outcome) for outcome in outcomes] == [True] * 3
    assert len({id(outcome) for outcome in outcomes}) == 3  # each is raised in another thread
    assert {database_refusal(outcome).code for outcome in outcomes} == {"busy"}
    assert served == [3]
    assert (Booking.objects.count(), IdempotencyKey.objects.count()) == (0, 0)


def test_keys_are_claimed_in_one_order_whoever_came_first():
    """So two crowds of the same users for two shows cannot each wait for a key of the other."""
    users = [make_user() for _ in range(4)]
    claims = [Claim(user.pk, "k", "the same") for user in users]

    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        assert claim_all(claims[::-1]) == {}

    [claim] = (query["sql"] for query in captured if "INSERT INTO bookings_idempotencykey" in query["sql"])
    places = [claim.index(f"({user.pk}, 'k'") for user in users]
    assert places == sorted(places)
