"""Buyers who wait for one show over HTTP are served in one transaction, each with their own answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from accounts.tests.factories import make_user
from bookings.models import Booking, IdempotencyKey, Order
from bookings.services import BookWish
from bookings.tests.crowds import buy, come_together, sizes_of_transactions, statuses
from bookings.tests.factories import book
from bookings.tests.history import assert_history_consistent
from movie_booking.turns import turns
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = [pytest.mark.usefixtures("real_transactions"), pytest.mark.waits_in_line]


@pytest.fixture
def served(monkeypatch):
    """How many were served in each transaction."""
    return sizes_of_transactions(monkeypatch)


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


def test_with_a_key_and_without_replayed_reused_and_refused_in_one_crowd(served):
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
