"""Crowds that are served together meet each other, a lock, a constraint, a key that is at work elsewhere."""

from collections import Counter
from itertools import chain
from threading import Event
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import make_user
from bookings import buying_together
from bookings.idempotency import Claim, claim_all
from bookings.models import Booking, IdempotencyKey
from bookings.services import inventory, joint_inventory
from bookings.tests.crowds import (
    buy,
    buyer,
    come_together,
    kinds,
    once_read,
    sizes_of_transactions,
    statuses,
)
from bookings.tests.factories import book
from bookings.tests.history import assert_history_consistent
from bookings.tests.locks import (
    meet_after_the_check,
    while_show_is_locked,
    without_the_lock,
)
from movie_booking.database import database_refusal
from movie_booking.tests.concurrency import run_concurrently
from movies.tests.factories import make_show

pytestmark = [pytest.mark.usefixtures("real_transactions"), pytest.mark.waits_in_line]


@pytest.fixture
def served(monkeypatch):
    """How many were served in each transaction."""
    return sizes_of_transactions(monkeypatch)


@pytest.mark.postgres
def test_a_user_who_is_deleted_meanwhile_is_refused_and_all_others_are_served(served, monkeypatch):
    show, users = make_show(), [make_user() for _ in range(3)]
    once_read(monkeypatch, lambda: User.objects.filter(pk=users[1].pk).delete())

    answers = come_together(show, *(buy(show, seat, user) for seat, user in enumerate(users, 1)))

    assert statuses(answers) == [201, 409, 201]
    assert served == [3, 1, 1, 1]  # together it was not possible, so each is served alone
    assert sorted(Booking.objects.values_list("seat_number", flat=True)) == [1, 3]
    assert_history_consistent()


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
    show, met = make_show(), meet_after_the_check(monkeypatch, patience, buyers=2)
    crowds = [[buyer(show, 5), buyer(show, number)] for number in (6, 7)]
    calls = [lambda crowd=crowd: list(buying_together.serve(crowd)) for crowd in crowds]
    return run_concurrently(*calls), met


@pytest.mark.postgres
def test_control_without_the_lock_two_crowds_find_one_seat_free(served, monkeypatch):
    without_the_lock(monkeypatch)
    outcomes, met = two_crowds(monkeypatch, patience=10)

    assert met == [True, True]
    assert sorted(served) == [1, 1, 2, 2]  # the constraint refused one crowd
    assert Counter(kinds(chain(*outcomes))) == {"Order": 3, "SeatTaken": 1}


@pytest.mark.postgres
def test_with_the_lock_two_crowds_cannot_meet(served, monkeypatch):
    outcomes, met = two_crowds(monkeypatch, patience=0.5)

    assert met == [False, False]
    assert served == [2, 2]
    assert Counter(kinds(chain(*outcomes))) == {"Order": 3, "SeatTaken": 1}
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

    assert kinds(outcomes) == ["Order", "InProgress", "Order"]
    assert served == [3, 1, 1, 1]


@pytest.mark.postgres
def test_locks_are_waited_for_as_ever_once_keys_are_claimed():
    claims = [Claim(make_user().pk, "k", "the same") for _ in range(2)]
    with transaction.atomic():
        assert claim_all(claims, is_shared=True) == {}
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == (f"{settings.LOCK_TIMEOUT_SECONDS}s",)


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
        assert claim_all(claims[::-1], is_shared=True) == {}

    [claim] = (query["sql"] for query in captured if "INSERT INTO bookings_idempotencykey" in query["sql"])
    places = [claim.index(f"({user.pk}, 'k'") for user in users]
    assert places == sorted(places)
