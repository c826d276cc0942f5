"""How often a client may ask: who is counted for what, and what they are told of it.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Literal, get_args

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from movie_booking.client_address import client_network
from movie_booking.counting import Ask, Quota, take
from movie_booking.errors import DomainError, TooManyRequests
from movie_booking.folding import fold
from movie_booking.metrics import THROTTLED, child
from movie_booking.rates import Rate
from movie_booking.turns import release_connection

GetResponse = Callable[[HttpRequest], HttpResponse]

Scope = Literal[
    "signup", "login", "refresh", "refresh_account", "reset", "reset_account",
    "booking", "export", "read", "guest", "guest_email", "machine",
]  # fmt: skip

Quotas = dict[str, tuple[Rate, Quota]]  # by scope

NONE: Mapping[Scope, Rate | None] = {}
# Where WSGI has what was counted before the request reached Django.
QUOTAS = "movie_booking.quotas"

for each in get_args(Scope):
    child(THROTTLED, each)  # at nought, so that the first refusal is seen as one

# What a refusal is late by, in a production worker. If it came at once the next request would too, and all
# others would wait behind those.
REFUSED_AFTER = 0.5  # seconds


def wait_here(seconds: float) -> None:
    """Not at all, where a request has a thread."""


# How to wait. In a production worker others are answered meanwhile.
wait: Callable[[float], None] = wait_here


def hold_back() -> None:
    """Wait before a refusal, with nothing that others need."""
    release_connection()
    wait(REFUSED_AFTER)


def throttle(request: Any, who: Mapping[Scope, str], *, own: Mapping[Scope, Rate | None] = NONE) -> None:
    """Count a request for each of these scopes, of whom it says there, by the rates of the settings or their
    own. Raises TooManyRequests.

    What is left is told along with the response. Takes Django's requests and DRF's.
    """
    counted, retry_after = take_for(who, own), 0
    if not counted:
        return
    quotas_of(request).update(counted)
    for scope, (rate, quota) in counted.items():
        if not quota.is_allowed:
            child(THROTTLED, scope).inc()
            retry_after = max(retry_after, quota.retry_after(rate))
    if retry_after:
        hold_back()
        raise TooManyRequests(retry_after=retry_after)


def take_for(who: Mapping[Scope, str], own: Mapping[Scope, Rate | None] = NONE) -> Quotas:
    """Count for each of these scopes, and return what is left of those that are limited."""
    if not settings.THROTTLE:
        return {}
    rates: dict[Any, Rate | None] = {**settings.THROTTLE_RATES, **own} if own else settings.THROTTLE_RATES
    limits = [(scope, rate) for scope in who if (rate := rates[scope])]
    quotas = take([Ask(f"throttle:{scope}:{who[scope]}", rate) for scope, rate in limits])
    return (
        {limit[0]: (limit[1], quota) for limit, quota in zip(limits, quotas, strict=True)} if quotas else {}
    )


def count_read(meta: Mapping[str, Any]) -> Quotas | None:
    """Count a request as `throttle_read` does, by its address; return what is left, or None if it is refused.

    Whoever answers it finds that as `QUOTAS`, so that it counts once.
    """
    counted = take_for({"read": client_network(meta)})
    return counted if all(quota.is_allowed for _, quota in counted.values()) else None


def throttle_read(request: Any, user_id: int | None = None) -> None:
    """Count a request that only reads, by its user, or else by its address. Raises TooManyRequests."""
    throttle(request, {"read": f"user {user_id}" if user_id else by_address(request)})


def by_address(request: Any) -> str:
    return client_network(request.META)


def by_account(name: str) -> str:
    """Return what an account or an e-mail address is counted by: no copy of it, and never long."""
    return hashlib.sha256(fold(name).encode()).hexdigest()[:32]


def quotas_of(request: Any) -> Quotas:
    """Return what this request was counted for until now, by scope."""
    django_request = getattr(request, "_request", request)  # DRF wraps it
    counted = django_request.META.get(QUOTAS) or {}
    quotas: Quotas = django_request.__dict__.setdefault("quotas", counted)
    return quotas


def refuse_page(request: HttpRequest, error: DomainError) -> None:
    """Have the page that answers, and says so in its words, answer with the status of this error."""
    request.__dict__["refusal"] = error


def tell_quotas(get_response: GetResponse) -> GetResponse:
    """Middleware: say with each response that was counted what the limit is, and what is left of it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        quotas = request.__dict__.get("quotas")
        if quotas and response.status_code != HTTPStatus.NOT_MODIFIED:  # of which there are most by far
            response.headers["RateLimit-Policy"] = ", ".join(
                policy(scope, rate) for scope, (rate, _) in quotas.items()
            )
            response.headers["RateLimit"] = ", ".join(
                f'"{scope}";r={quota.left};t={quota.reset_after}' for scope, (_, quota) in quotas.items()
            )
        if refusal := request.__dict__.get("refusal"):
            response.status_code = refusal.status
            response.headers["Retry-After"] = str(refusal.extra["retry_after"])
        return response

    return middleware


@cache
def policy(scope: str, rate: Rate) -> str:
    return f'"{scope}";q={rate.limit};w={rate.seconds}'
