"""Buyers who come at once, each for another show: one transaction, and to each the answer they get alone."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.db.backends.signals import connection_created

from accounts.models import User
from accounts.tests.factories import client_for, make_user
from bookings import buying_together
from bookings.models import Booking, IdempotencyKey, Order
from bookings.rows import HOLDS_OF_USER
from bookings.services import BookWish
from bookings.tests.crowds import (
    buy,
    buyer,
    closing,
    come_beside_others,
    kinds,
    once_read,
    sizes_of_transactions,
    statuses,
)
from bookings.tests.factories import book
from bookings.tests.history import assert_history_consistent
from bookings.tests.locks import meet_after_the_check, without_the_lock
from movie_booking.database import CommitUnanswered
from movie_booking.metrics import SERVED_TOGETHER
from movie_booking.tests.concurrency import run_concurrently
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.usefixtures("real_transactions"),
    pytest.mark.waits_in_line,
]


@pytest.fixture
def served(monkeypatch):
    """How many were served in each transaction."""
    return sizes_of_transactions(monkeypatch)


@pytest.fixture
def shows(db):
    return [make_show() for _ in range(4)]


def hold(show: Show, *seats: int, user: User | None = None) -> Callable[[], Any]:
    body = {"show": show.pk, "seat_numbers": seats}
    return partial(client_for(user or make_user()).post, "/api/orders/", body)


@pytest.mark.parametrize("key", ["", "k"])
def test_they_are_served_in_one_transaction(served, shows, key):
    book(shows[2], 7)

    answers = come_beside_others(
        buy(shows[3], 5, key=key), buy(shows[0], 5, key=key), buy(shows[2], 7, key=key), hold(shows[1], 8, 9)
    )

    assert statuses(answers) == [201, 201, 409, 201]
    assert served == [4]
    for answer, show in zip(answers[:2], (shows[3], shows[0]), strict=True):
        booking = Booking.objects.get(pk=answer.data["id"])
        assert (booking.show, booking.seat_number, booking.order.reference) == (show, 5, answer.data["order"])
        assert answer.data["seats_version"] == 1
    assert answers[2].data["seats"] == [{"seat_number": 7, "reason": "booked"}]
    assert [seat["seat_number"] for seat in answers[3].data["bookings"]] == [8, 9]
    assert IdempotencyKey.objects.count() == (2 if key else 0)
    assert_history_consistent()


def test_how_many_went_together_is_counted(shows, monkeypatch):
    counted = list[int]()
    monkeypatch.setattr(SERVED_TOGETHER, "observe", counted.append)

    come_while_locked(
        lambda: Show.objects.lock(shows[0].pk),
        buy(shows[0], 5),
        *(buy(show, 5) for show in shows[1:]),
    )

    assert counted == [3, 1]


def test_an_answer_that_was_kept_is_given_again_in_a_batch(served, shows):
    ann, bob = make_user(), make_user()
    first = buy(shows[0], 5, ann, key="a")()
    served.clear()

    answers = come_beside_others(
        buy(shows[0], 5, ann, key="a"), buy(shows[1], 5, bob, key="a"), buy(shows[2], 99, key="b")
    )

    assert statuses(answers) == [201, 201, 400]
    assert (answers[0].content, answers[0]["Idempotent-Replayed"]) == (first.content, "true")
    assert "Idempotent-Replayed" not in answers[1]
    assert served == [3]
    assert {key.user for key in IdempotencyKey.objects.all()} == {ann, bob}


def test_one_user_with_two_wishes_has_them_done_one_after_the_other(served, settings, shows):
    settings.MAX_HELD_ORDERS = 1
    user = make_user()

    answers = come_beside_others(
        hold(shows[0], 5, user=user), hold(shows[1], 5, user=user), buy(shows[2], 5), buy(shows[3], 5)
    )

    assert statuses(answers) == [201, 409, 201, 201]
    assert answers[1].data["code"] == "too_many_holds"
    assert sorted(served) == [1, 3]


def come_while_locked(lock: Callable[[], Any], waiting: Callable[[], Any], *others: Callable[[], Any]) -> Any:
    """Have these come beside each other, and another transaction have what this locks, until the others are
    answered.
    """
    locked, release = Event(), Event()

    def hold_the_lock() -> None:
        with transaction.atomic():
            lock()
            locked.set()
            assert release.wait(20)

    def come() -> Any:
        assert locked.wait(10)
        try:
            return come_beside_others(waiting, *then_set(release, *others))
        finally:
            release.set()

    return run_concurrently(hold_the_lock, come)[1]


@pytest.fixture
def long_waits():
    """Locks are waited for longer than any test: whoever waits for one does so until it is released."""

    def set_it(connection: Any, **kwargs: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '60s'")

    connection_created.connect(set_it)
    yield
    connection_created.disconnect(set_it)


def then_set(event: Event, *calls: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
    """The same calls, the last of which to be answered sets this."""
    answered = list[Any]()

    def note(call: Callable[[], Any]) -> Any:
        answered.append(call())
        if len(answered) == len(calls):
            event.set()
        return answered[-1]

    return (partial(note, call) for call in calls)


@pytest.mark.usefixtures("long_waits")
@pytest.mark.parametrize("key", ["", "k"])
def test_who_wants_a_show_that_is_locked_waits_for_it_and_nobody_else_does(served, shows, key):
    waiting, *others = (buy(show, 5, key=key) for show in shows)

    answers = come_while_locked(
        lambda: Show.objects.lock(shows[0].pk),
        waiting,
        *others,
    )

    assert statuses(answers) == [201] * 4
    assert served == [4, 1]
    assert IdempotencyKey.objects.count() == (4 if key else 0)
    assert_history_consistent()


@pytest.mark.usefixtures("long_waits")
def test_those_who_are_answered_from_a_key_wait_for_no_show_of_another(served, shows):
    others = [buy(show, 5, key="k") for show in shows[1:]]
    before = [call() for call in others]
    served.clear()

    waiting, *again = come_while_locked(
        lambda: Show.objects.lock(shows[0].pk),
        buy(shows[0], 5),
        *others,
    )

    assert [answer.content for answer in again] == [answer.content for answer in before]
    assert {answer["Idempotent-Replayed"] for answer in again} == {"true"}
    assert waiting.status_code == 201
    assert served == [4, 1]


def lock_row(user: User) -> None:
    list(User.objects.select_for_update().filter(pk=user.pk))


def lock_holds(user: User) -> None:
    HOLDS_OF_USER(user.pk)


@pytest.mark.usefixtures("long_waits")
@pytest.mark.parametrize(("want", "lock"), [(buy, lock_row), (hold, lock_holds)], ids=["row", "holds"])
def test_what_is_locked_of_a_user_is_waited_for_by_nobody_else(served, shows, want, lock):
    user = make_user()
    waiting, *others = (want(show, 5, user=user if show == shows[0] else None) for show in shows)

    answers = come_while_locked(lambda: lock(user), waiting, *others)

    assert statuses(answers) == [201] * 4
    assert served == [4, 1, 1, 1, 1]


@pytest.mark.usefixtures("long_waits")
@pytest.mark.parametrize("key", ["", "k"])
def test_a_key_that_is_at_work_elsewhere_is_waited_for_by_nobody_else(served, shows, key):
    user = make_user()
    waiting, *others = buy(shows[0], 5, user, key="k"), *(buy(show, 5, key=key) for show in shows[1:])
    at_work = {"user": user, "key": "k", "fingerprint": "another", "body": "", "status": 201}

    answers = come_while_locked(
        lambda: IdempotencyKey.objects.create(**at_work),
        waiting,
        *others,
    )

    assert statuses(answers) == [422, 201, 201, 201]
    assert served == [4, 1, 1, 1, 1]


@pytest.mark.usefixtures("long_waits")
def test_holds_of_who_wants_a_show_that_is_locked_are_not_looked_at_for_all(served, shows):
    user = make_user()
    waiting, *others = (hold(show, 5, user=user if show == shows[0] else None) for show in shows)

    answers = come_while_locked(
        lambda: (Show.objects.lock(shows[0].pk), HOLDS_OF_USER(user.pk)),
        waiting,
        *others,
    )

    assert statuses(answers) == [201] * 4
    assert served == [4, 1]


def test_a_show_that_is_deleted_meanwhile_is_not_found(served, shows):
    calls = [buy(show, 5) for show in shows]
    shows[1].delete()

    assert statuses(come_beside_others(*calls)) == [201, 404, 201, 201]
    assert served == [4, 1]


def test_a_user_who_is_deleted_meanwhile_is_refused_and_all_others_are_served(served, shows, monkeypatch):
    users = [make_user() for _ in shows]
    once_read(monkeypatch, lambda: User.objects.filter(pk=users[1].pk).delete())

    answers = come_beside_others(*(buy(show, 5, user) for show, user in zip(shows, users, strict=True)))

    assert statuses(answers) == [201, 409, 201, 201]
    assert sorted(served) == [1, 1, 1, 1, 4]
    assert_history_consistent()


def test_a_fault_is_told_to_nobody_else(served, shows, monkeypatch):
    decide, user = BookWish.decide, make_user()

    def fail(wish: BookWish, inventory: Any) -> Order:
        if wish.customer == user:
            raise ZeroDivisionError
        return decide(wish, inventory)

    monkeypatch.setattr(BookWish, "decide", fail)
    answers = come_beside_others(buy(shows[0], 5), buy(shows[1], 5, user), buy(shows[2], 5))

    assert statuses(answers) == [201, 500, 201]
    assert sorted(served) == [1, 1, 1, 3]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("server closed the connection"), "unavailable"),
        (CommitUnanswered("it broke"), "outcome_unknown"),
    ],
    ids=["outage", "commit"],
)
def test_of_what_concerns_all_of_them_all_are_told_once(served, shows, monkeypatch, error, code):
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(buying_together, "do_together", fail)
    answers = come_beside_others(*(buy(show, 5) for show in shows))

    assert statuses(answers) == [503] * 4
    assert {answer.data["code"] for answer in answers} == {code}
    assert served == [4]


def two_batches(monkeypatch: Any, patience: float, shows: list[Show]) -> tuple[list[list[Any]], list[bool]]:
    """Serve two batches at once that both want seat 5 of a show, and say whether both had found it free."""
    wanted, *others = shows
    met = meet_after_the_check(monkeypatch, patience, buyers=2)
    batches = [[buyer(wanted, 5), buyer(other, 6)] for other in others[:2]]
    calls = [lambda batch=batch: list(buying_together._serve_batch(batch)) for batch in batches]
    return run_concurrently(*calls), met


def test_control_without_the_lock_two_batches_find_one_seat_free(served, shows, monkeypatch):
    without_the_lock(monkeypatch)
    outcomes, met = two_batches(monkeypatch, 10, shows)

    assert met == [True, True]
    # The constraint refused one of them, and so nothing of it was written.
    assert sorted(map(kinds, outcomes)) == [["LockedElsewhere"] * 2, ["Order", "Order"]]
    assert Booking.objects.filter(show=shows[0]).count() == 1


def test_with_the_lock_two_batches_cannot_meet(served, shows, monkeypatch):
    outcomes, met = two_batches(monkeypatch, 1, shows)

    assert met == [False]  # the second one leaves out the show that the first one has
    assert sorted(map(kinds, outcomes)) == [["LockedElsewhere", "Order"], ["Order", "Order"]]
    assert Booking.objects.filter(show=shows[0]).count() == 1
    assert_history_consistent()


def test_many_who_want_few_seats_of_many_shows_have_each_once(served, shows):
    """No patience is patched, nothing is arranged: they come as they come, some with a show in common."""
    seats = [(show, number) for show in shows for number in (1, 2, 3)]
    calls = [buy(show, number) for show, number in seats * 5]

    with ThreadPoolExecutor(30) as crowd:
        answers = [future.result(60) for future in [crowd.submit(closing, call) for call in calls]]

    assert Counter(statuses(answers)) == {201: 12, 409: 48}
    assert max(served) > 1
    assert sorted(Booking.objects.values_list("show", "seat_number")) == sorted((s.pk, n) for s, n in seats)
    assert_history_consistent()
