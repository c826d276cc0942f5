"""What is known of the present request, for whatever is said about it.

The production server loads this before its workers load Django: so nothing of Django is loaded here.
"""

import re
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

# What a request may be called by a proxy of ours.
ID = "[A-Za-z0-9._:-]{8,64}"
# Where WSGI's environment keeps the route of a request that is answered without the router.
ROUTE = "movie_booking.route"
# `(?P<pk>[0-9]{1,19})` and `<path:file>` in a route.
NAMED = re.compile(r"\(\?P<(\w+)>[^()]*\)|<(?:\w+:)?(\w+)>")


class RequestContext:
    """What lines of the log say of the request that they are about."""

    __slots__ = ("method", "request", "request_id")

    def __init__(self, request_id: str, method: str) -> None:
        self.request_id, self.method = request_id, method
        self.request: Any = None  # Django's, while it is answered


# Of the last request in this thread or greenlet: what Django says after a response still belongs to it.
current: ContextVar[RequestContext | None] = ContextVar("request", default=None)


def current_id() -> str:
    """Return the id of the present request; of none, nothing."""
    context = current.get()
    return context.request_id if context else ""


def route_of(request: Any) -> str:
    """Return the route of a request, with names for what varies: `/api/shows/{id}/book/`.

    Nothing, if it was refused before its route was known, or has none.
    """
    match = request.resolver_match
    return without_values(match.route) if match else request.META.get(ROUTE, "")


@lru_cache(maxsize=1024)
def without_values(route: str) -> str:
    names = NAMED.sub(lambda named: f"{{{(named[1] or named[2]).replace('pk', 'id')}}}", route)
    return "/" + re.sub(r"[\^$\\]|\\Z", "", names)


def user_id_of(request: Any) -> int | None:
    """Return the id of the user, if it is known by now who that is. No query.

    `user` of a page is read when it is looked at, and then stands in `_cached_user`.
    """
    known = request.__dict__
    user = known.get("_cached_user") or known.get("user")
    return user.pk if hasattr(type(user), "_meta") else None
