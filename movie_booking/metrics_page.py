"""The page `/metrics`, which Prometheus reads: what all processes of this server counted, behind a token."""

import os
import platform
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import django
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from movie_booking import __version__, database_gauges, metrics
from movie_booking.browsers import API_POLICY

PATH = "/metrics"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": API_POLICY,
    "X-Content-Type-Options": "nosniff",
}


def run_here(work: Callable[[], bytes]) -> bytes:
    return work()


# How to add up and write what was counted, which takes tens of milliseconds. In a production worker, where
# others are answered meanwhile, in a thread.
run: Callable[[Callable[[], bytes]], bytes] = run_here


def page(request: HttpRequest) -> HttpResponse:
    """The view. Raises Http404 where no token is set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"], headers=HEADERS)
    if not has_token(request):
        headers = {**HEADERS, "WWW-Authenticate": 'Bearer realm="metrics"'}
        return HttpResponse("Send METRICS_TOKEN as a bearer token.\n", "text/plain", 401, headers=headers)
    from_database = list(database_gauges.collect())
    return HttpResponse(run(partial(exposition, from_database)), CONTENT_TYPE_PLAIN_0_0_4, headers=HEADERS)


def has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return scheme.lower() == "bearer" and constant_time_compare(token.strip(), settings.METRICS_TOKEN)


class Ready(Collector):
    """Metrics that are there already."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self.found = found

    def collect(self) -> Iterable[Metric]:
        return self.found


def exposition(from_database: Iterable[Metric]) -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    build = InfoMetricFamily(
        f"{metrics.NAMESPACE}_build",
        "What runs here.",
        {"version": __version__, "python": platform.python_version(), "django": django.__version__},
    )
    registry.register(Ready([build, *from_database]))
    is_shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
    shared: Any = MultiProcessCollector
    registry.register(shared(None) if is_shared else metrics.registry)
    return generate_latest(registry)
