"""Requests that come to one show at once, while somebody has its turn."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from accounts.tests.factories import client_for, make_user
from bookings import buying_together
from bookings.buying_together import Buyer
from movie_booking.tests.server import wait_until
from movie_booking.turns import turns
from movies.models import Show


def sizes_of_transactions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many are served in each transaction from now on."""
    sizes, serve = list[int](), buying_together._serve

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
