"""Answers a request that repeats one, without Django: only whether it is 304 still is found out."""

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from gevent import Timeout
from gunicorn import util

from movie_booking.database import is_reading
from movie_booking.greenlets import Runner
from movie_booking.metrics import REPEATS
from movie_booking.repeats import Repeat, Revalidation, answered, found_out
from movie_booking.request_context import ROUTE, RequestContext, current
from movie_booking.request_ids import HEADER, KEPT, META_KEY, begin, log_response
from movie_booking.request_metrics import count
from movie_booking.throttling import QUOTAS, count_read
from movie_booking.together import Together

MATTERS = ("REQUEST_METHOD", "HTTP_X_FORWARDED_FOR")  # of what was sent: what it is counted by
NOT_MODIFIED = 304
LOOK_SECONDS = 1.0  # who is not told by then is answered like everybody else

# Who waits for a look has no connection to the database, and no runner.
looks: Together[str] = Together()


def note(environ: Mapping[str, Any], headers: list[tuple[str, str]], revalidation: Revalidation) -> None:
    """Have the server know the present request, that is answered with 304 and these headers."""
    meta = {name: environ[name] for name in MATTERS if name in environ}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers if name != HEADER)
    repeat = Repeat(revalidation, environ[ROUTE], meta, lines.encode("latin-1"))
    answered.set((repeat, environ.get(META_KEY)))


def answer(repeat: Repeat, request_id: str | None, address: str) -> bytes | None:
    """Return the response as it goes over the wire; or nothing, if Django has to answer.

    That is so if it is no longer 304, if that cannot be found out soon, and if its client asks too often.
    """
    started = time.perf_counter()
    meta = {**repeat.meta, "REMOTE_ADDR": address, META_KEY: request_id or ""}
    context = begin(meta)
    quotas = count_read(meta)
    if quotas is None:
        return None
    if not is_current(repeat.revalidation, context, started + LOOK_SECONDS):
        found_out.set({KEPT: context.request_id, QUOTAS: quotas})
        return None
    if settings.METRICS_TOKEN:
        REPEATS.inc()
        count(repeat.route, context.method, NOT_MODIFIED, started)
    log_response(NOT_MODIFIED, started, repeat.route)
    return b"HTTP/1.1 304 Not Modified\r\nDate: %s\r\nConnection: keep-alive\r\n%s%s: %s\r\n\r\n" % (
        util.http_date().encode(),
        repeat.headers,
        HEADER.encode(),
        context.request_id.encode(),
    )


def is_current(revalidation: Revalidation, context: RequestContext, until: float) -> bool:
    """Whether what the client has is current, as far as can be found out until then, of `perf_counter`."""

    def look() -> str:
        left = until - time.perf_counter()
        if left <= 0:
            raise Timeout
        etag: str = Runner.submit(look_apart, context, revalidation).get(timeout=left)
        return etag

    try:
        return looks.ask(revalidation.of, look) == revalidation.etag
    except (Exception, Timeout):  # whatever it is, Django meets it as well, and says so
        return False


def look_apart(context: RequestContext, revalidation: Revalidation) -> str:
    """Called in a runner, which has a connection to the database for as long as this takes."""
    current.set(context)
    is_reading.set(True)
    try:
        return revalidation.look()
    finally:
        close_old_connections()
