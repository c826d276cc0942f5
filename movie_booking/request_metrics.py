"""Counts every request that reaches the application, by the pattern of its route and never by its address."""

from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import FileResponse, HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

from movie_booking import metrics, metrics_page, request_context
from movie_booking.naming import OPERATION_IDS

GetResponse = Callable[[HttpRequest], HttpResponse]

METHODS = {method: method for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}
# What has no route: there is none, files, and what was answered before anybody looked for one.
UNKNOWN, FILES, UNROUTED = "(unknown)", "(files)", "(not routed)"
ANYTHING_ELSE = "/api/"  # under which there is no route
# Of the operations on these, POST changes who has a seat.
ABOUT_SEATS = ("/api/shows/{id}/", "/api/orders/", "/api/bookings/")


def count_requests(get_response: GetResponse) -> GetResponse:
    """Middleware, around all that may refuse: count the request, and answer the one for what was counted.

    That comes from within, to the address of a host: the redirect to HTTPS and ALLOWED_HOSTS are not for it.
    """
    if not settings.METRICS_TOKEN:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info == metrics_page.PATH:
            return metrics_page.page(request)
        started = perf_counter()
        response = get_response(request)
        method = METHODS.get(request.method or "", "other")  # a client may make up as many as it likes
        counted = count(route_of(request, response), method, response.status_code, started)
        if counted.operation or response.status_code >= 400:
            count_outcome(counted.operation, response)
        return response

    return middleware


class Counted(NamedTuple):
    """Where requests of one route, method and status are counted."""

    requests: Counter
    seconds: Histogram
    operation: str  # what it is called, if it changes who has a seat


def count(route: str, method: str, status: int, started: float) -> Counted:
    """Count a request that began at `started` of `perf_counter`, and return where."""
    counted = counted_of(route, method, status)
    counted.requests.inc()
    counted.seconds.observe(perf_counter() - started)
    return counted


@cache
def counted_of(route: str, method: str, status: int) -> Counted:
    about_seats = method == "POST" and route.startswith(ABOUT_SEATS)
    return Counted(
        metrics.child(metrics.REQUESTS, route, method, str(status)),
        metrics.child(metrics.REQUEST_SECONDS, route, method),
        OPERATION_IDS.get(f"POST {route}", "") if about_seats else "",
    )


def count_outcome(operation: str, response: HttpResponse) -> None:
    """Count with which code a request was refused, if it was, and what came of one that is about seats."""
    code = problem_code(response) if response.status_code >= 400 else ""
    if code:
        metrics.child(metrics.PROBLEMS, code).inc()
    if operation:
        outcome = code or ("replayed" if "Idempotent-Replayed" in response.headers else "done")
        metrics.child(metrics.ORDER_REQUESTS, operation, outcome).inc()


def problem_code(response: HttpResponse) -> str:
    """Return the code of a problem document; that of any other response is empty."""
    data: Any = getattr(response, "data", None)
    return str(data.get("code", "")) if isinstance(data, dict) else ""


def route_of(request: HttpRequest, response: HttpResponse) -> str:
    """Return the route of a request, as the log has it, or what it had in place of one."""
    if route := request_context.route_of(request):
        return name_of(route)
    if response.status_code == 404:
        return UNKNOWN
    return FILES if isinstance(response, FileResponse) else UNROUTED


def name_of(route: str) -> str:
    return UNKNOWN if route == ANYTHING_ELSE else route
