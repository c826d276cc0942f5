"""Requests that come at once, while somebody has the turn of their show, or others are at theirs."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from rest_framework.response import Response

from accounts.models import User
from accounts.tests.factories import client_for, make_user
from bookings import buying_together
from bookings.buying_together import Buyer
from bookings.idempotency import Claim
from bookings.services import BookWish, SeatChoice
from bookings.tests.factories import by
from bookings.tests.locks import after_reading_the_seats
from movie_booking.batches import batches
from movie_booking.tests.server import wait_until
from movie_booking.turns import turns
from movies.models import Show


def sizes_of_transactions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many are served in each transaction from now on."""
    sizes, serve = list[int](), buying_together._serve

    def note(buyers: Sequence[Buyer], **how: Any) -> Any:
        sizes.append(len(buyers))
        return serve(buyers, **how)

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


def come_beside_others(*calls: Callable[[], Any]) -> list[Any]:
    """Have all of these come, one after the other, to a show each while somebody is served at another."""
    known = {"patience": 20, "_few_come": False}
    with patch.multiple(batches, **known), ThreadPoolExecutor(len(calls) + 1) as pool:
        begun, end = Event(), Event()

        def be_served(wishes: Any) -> Any:
            begun.set()
            assert end.wait(20)
            return wishes

        another = pool.submit(batches.serve, "another", be_served, of=None)
        try:
            assert begun.wait(20)
            answers = []
            for call in calls:
                answers.append(pool.submit(closing, call))
                wait_until(lambda: batches.waiting == len(answers))
        finally:
            end.set()
        assert another.result(20) == "another"
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


def once_read(monkeypatch: Any, do: Callable[[], Any]) -> None:
    """Have somebody else do this when the seats of a show were read for the first time."""
    done = []

    def then(_: Any) -> None:
        if not done:
            done.append(1)
            with ThreadPoolExecutor(1) as other:
                other.submit(closing, do).result(20)

    after_reading_the_seats(monkeypatch, then)


def buyer(show: Show, number: int, user: User | None = None, key: str = "") -> Buyer:
    user = user or make_user()
    claim = Claim(user.pk, key, "the same") if key else None
    wish = BookWish(show.pk, SeatChoice([number]), user, by(user))
    return Buyer(wish, claim, lambda order: Response({}, status=201))


def kinds(outcomes: Iterable[Any]) -> list[str]:
    return [type(each).__name__ for each in outcomes]
