"""The id of a request: in the header of its response, in a refusal, and in each line of the log about it."""

import logging
import re
import time
from collections.abc import Callable, MutableMapping
from http import HTTPStatus
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from movie_booking.logs import ACCESS
from movie_booking.request_context import ID, RequestContext, current, route_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]

access = logging.getLogger(ACCESS)

HEADER = "X-Request-ID"
META_KEY = "HTTP_X_REQUEST_ID"  # where WSGI has what was sent
KEPT = "movie_booking.request_id"  # where its environment keeps what the request is called
WELL_FORMED = re.compile(ID)


def begin(meta: MutableMapping[str, Any]) -> RequestContext:
    """Give a request its id, once, and return what is known of it by now.

    That of X-Request-ID, if a proxy of ours may have set it and it is well-formed, or else a new one: where
    clients come in directly, one could send the id of another's request.
    """
    request_id = meta.get(KEPT)
    if request_id is None:
        sent = meta.get(META_KEY, "") if settings.TRUSTED_PROXIES else ""
        request_id = meta[KEPT] = sent if WELL_FORMED.fullmatch(sent) else token_hex(16)
    context = RequestContext(request_id, meta.get("REQUEST_METHOD", ""))
    current.set(context)
    return context


def identify(get_response: GetResponse) -> GetResponse:
    """Middleware, around all but the answers to probes.

    A request gets its id, its response says it, and both are logged.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        context = begin(request.META)
        context.request = request
        response = get_response(request)
        response.headers[HEADER] = context.request_id
        log_response(response.status_code, started)
        context.request = None  # it would be kept until the next request
        return response

    return middleware


def is_wanted(method: str, status: int) -> bool:
    if settings.ACCESS_LOG == "changes":  # what failed is told otherwise, and of an outage in brief
        return method not in ("GET", "HEAD", "OPTIONS") and status < HTTPStatus.INTERNAL_SERVER_ERROR
    return settings.ACCESS_LOG == "all"


def log_response(status: int, started: float, route: str = "") -> None:
    """Log how the present request was answered, if ACCESS_LOG says so. `started` is of `perf_counter`.

    Its `route` is said for one that did not reach Django.
    """
    context = current.get()
    if context and is_wanted(context.method, status):
        seconds = round(time.perf_counter() - started, 4)
        route = route_of(context.request) if context.request else route
        fields = {"route": route, "status": status, "seconds": seconds}
        access.info("%s %s %s", context.method, route or "-", status, extra={"fields": fields})
