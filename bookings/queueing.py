"""Requests that will lock a show wait for their turn, before they have anything that others need."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from movie_booking.limits import parse_id
from movie_booking.turns import turns

View = Callable[..., Response]


def turn_of(viewset: Any) -> AbstractContextManager[None]:
    """Return the turn of all shows that this request will lock, as its `shows_to_lock` says.

    To be had before a transaction begins. Raises Busy, at once or after LOCK_TIMEOUT_SECONDS.
    """
    return turns.take(*sorted(viewset.shows_to_lock()))


def in_turn(view: View) -> View:
    """Call a view when it is its turn. Raises Busy."""

    @wraps(view)
    def call(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        with turn_of(self):
            return view(self, request, *args, **kwargs)

    return call


def show_named_in(request: Request, field: str) -> set[int]:
    """Return the show that a body names, if it does. What is wrong with it, the view will say."""
    named = request.data.get(field) if isinstance(request.data, dict) else None
    show_id = parse_id(str(named)) if isinstance(named, int | str) and not isinstance(named, bool) else None
    return set() if show_id is None else {show_id}
