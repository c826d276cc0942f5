"""Answers a request that repeats one, without Django: only whether it is 304 still is found out."""

import time
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils.http import http_date
from gevent import Timeout

from movie_booking.database import is_reading
from movie_booking.errors import DomainError
from movie_booking.greenlets import Runner
from movie_booking.metrics import REPEATS
from movie_booking.repeats import Repeat, Revalidation, answered
from movie_booking.request_context import ROUTE, RequestContext, current
from movie_booking.request_ids import HEADER, META_KEY, begin, log_response
from movie_booking.request_metrics import count
from movie_booking.throttling import may_read_again
from movie_booking.together import Together

KEPT = ("REQUEST_METHOD", "HTTP_X_FORWARDED_FOR")  # of what was sent: what it is counted by
LOOK_SECONDS = 1.0  # who is not told by then is answered like everybody else

# Who waits for a look has no connection to the database, and no runner.
looks: Together[str] = Together()


def note(environ: dict[str, Any], headers: list[tuple[str, str]], revalidation: Revalidation) -> None:
    """Have the server know the present request, that is answered with 304 and these headers."""
    meta = {name: environ[name] for name in KEPT if name in environ}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers if name != HEADER)
    repeat = Repeat(revalidation, environ[ROUTE], meta, lines.encode("latin-1"))
    answered.set((repeat, environ.get(META_KEY, "")))


def answer(repeat: Repeat, request_id: str, address: str) -> bytes | None:
    """Return the response as it goes over the wire; or nothing, if Django has to answer.

    That is so if it is no longer 304, if that cannot be found out soon, and if its client asks too often.
    """
    started = time.perf_counter()
    meta = {**repeat.meta, "REMOTE_ADDR": address, META_KEY: request_id}
    context, revalidation = begin(meta), repeat.revalidation

    def look() -> str:
        etag: str = Runner.submit(look_apart, context, revalidation).get(timeout=LOOK_SECONDS)
        return etag

    try:
        is_current = looks.ask(revalidation.of, look) == revalidation.etag
    except (DomainError, DatabaseError, Timeout):  # which Django meets as well, and says so
        return None
    if not is_current or not may_read_again(meta):
        return None
    if settings.METRICS_TOKEN:
        REPEATS.inc()
        count(repeat.route, context.method, HTTPStatus.NOT_MODIFIED, started)
    log_response(HTTPStatus.NOT_MODIFIED, started, repeat.route)
    return b"HTTP/1.1 304 Not Modified\r\nDate: %s\r\nConnection: keep-alive\r\n%s%s: %s\r\n\r\n" % (
        date_of(int(time.time())),
        repeat.headers,
        HEADER.encode(),
        context.request_id.encode(),
    )


def look_apart(context: RequestContext, revalidation: Revalidation) -> str:
    """Called in a runner, which has a connection to the database for as long as this takes."""
    current.set(context)
    is_reading.set(True)
    try:
        return revalidation.look()
    finally:
        close_old_connections()


@lru_cache(maxsize=1)
def date_of(second: int) -> bytes:
    return http_date(second).encode()
