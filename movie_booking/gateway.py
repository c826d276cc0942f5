"""What the production server loads: the application, behind a gateway that waits for slow clients.

A request reaches Django when all of it is there, and its client has an answer when its time is over, whatever
the database does meanwhile. What was begun is never broken off: a statement that is cancelled while it waits
for a standby has been committed, and nobody knows.
"""

import logging
import time
from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpResponse
from gevent import Timeout
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException

from movie_booking import wsgi  # first, as it sets Django up
from movie_booking.answering_again import note
from movie_booking.api.middleware import answer_from_outside
from movie_booking.api.problems import (
    AddressTooLong,
    BadFraming,
    HeadersTooLarge,
    RequestTimeout,
    ServerError,
    plain_problem,
)
from movie_booking.api.renderers import EventStream
from movie_booking.database import is_reading
from movie_booking.errors import Busy, DomainError, OutcomeUnknown
from movie_booking.greenlets import Runner
from movie_booking.metrics import GATEWAY_REFUSALS, child
from movie_booking.repeats import Revalidation, found_out
from movie_booking.request_ids import begin, log_response

logger = logging.getLogger(__name__)

BODY_SECONDS = 30
PIECE = 65536  # bytes
RETRY_AFTER_SECONDS = 5


class ServerResponse(NamedTuple):
    status: str
    headers: list[tuple[str, str]]
    body: bytes | EventStream
    revalidation: Revalidation | None = None


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """WSGI, called in a greenlet of its own for each connection."""
    if (besides := found_out.get()) is not None:
        found_out.set(None)
        environ |= besides
    status, headers, body, revalidation = respond(environ)
    if revalidation is not None:
        note(environ, headers, revalidation)
    if isinstance(body, EventStream):
        start_response(status, headers)
        return body
    if body and not any(name == "Content-Length" for name, _ in headers):
        headers = [*headers, ("Content-Length", str(len(body)))]  # or it would go out in chunks
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def respond(environ: dict[str, Any]) -> ServerResponse:
    started = time.perf_counter()
    begin(environ)
    reads_only = environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS")
    try:
        read_whole(environ)
    except Timeout:
        return refusal(environ, RequestTimeout(), started)
    except (OSError, ParseException):  # the client hung up, or its chunks make no sense
        return refusal(environ, BadFraming(), started)
    try:
        result = Runner.submit(call_django, environ, reads_only)
        response: ServerResponse = result.get(timeout=settings.ANSWER_SECONDS)
    except Timeout:
        late = Busy if reads_only else OutcomeUnknown
        if not reads_only:
            logger.warning("There is no answer in time. What becomes of the request, its own line will say")
        return refusal(environ, late(retry_after=RETRY_AFTER_SECONDS), started)
    return response


def read_whole(environ: dict[str, Any]) -> None:
    """Put the body in place of the connection; of one that is too large no more than Django refuses.

    Raises OSError and ParseException if there is no whole body, and Timeout.
    """
    announced = environ.get("CONTENT_LENGTH")
    is_chunked = "HTTP_TRANSFER_ENCODING" in environ
    if not is_chunked and announced in (None, "", "0"):
        environ["wsgi.input"] = BytesIO()
        return
    kept, length, source = bytearray(), 0, environ["wsgi.input"]
    with Timeout(BODY_SECONDS):
        while length < settings.API_DRAINED_BYTES and (piece := source.read(PIECE)):
            length += len(piece)
            if len(kept) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                kept += piece
    if is_chunked:
        del environ["HTTP_TRANSFER_ENCODING"]
        environ["CONTENT_LENGTH"] = str(length)
    elif length < min(int(announced or 0), settings.API_DRAINED_BYTES):
        raise ConnectionAbortedError
    environ["wsgi.input"] = BytesIO(kept)


def call_django(environ: dict[str, Any], reads_only: bool) -> ServerResponse:
    is_reading.set(reads_only)
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started.append((status, headers))

    response = wsgi.application(environ, start_response)
    if isinstance(response, EventStream) and environ["REQUEST_METHOD"] != "HEAD":
        return ServerResponse(*started[0], response)
    try:
        is_stream = isinstance(response, EventStream)  # of a HEAD, which has none
        body = b"" if is_stream else b"".join(response)
        return ServerResponse(*started[0], body, getattr(response, "revalidation", None))
    finally:
        response.close()


def refusal(environ: dict[str, Any], error: DomainError, started: float) -> ServerResponse:
    child(GATEWAY_REFUSALS, error.code).inc()
    problem = answer_from_outside(wsgi.Request(environ), plain_problem(error))
    log_response(problem.status_code, started)
    return ServerResponse(status_line(problem), list(problem.items()), problem.content)


def status_line(response: HttpResponse) -> str:
    return f"{response.status_code} {HTTPStatus(response.status_code).phrase}"


def refusal_of_head(failure: BaseException) -> bytes:
    """Return the response, as it goes over the wire, to a request of which no more than its head was read.

    It is too long or makes no sense; or else the fault is ours.
    """
    environ = {"REQUEST_METHOD": "GET", "wsgi.input": BytesIO()}
    begin(environ).method = ""  # nobody knows
    error = what_is_wrong(failure)
    child(GATEWAY_REFUSALS, error.code).inc()
    problem = answer_from_outside(wsgi.Request(environ), plain_problem(error))
    problem["Connection"], problem["Content-Length"] = "close", str(len(problem.content))
    return b"HTTP/1.1 %s\r\n%s\r\n\r\n%s" % (
        status_line(problem).encode(),
        problem.serialize_headers(),
        problem.content,
    )


def what_is_wrong(failure: BaseException) -> DomainError:
    match failure:
        case LimitRequestLine():
            return AddressTooLong()
        case LimitRequestHeaders():
            return HeadersTooLarge()
        case ParseException():
            return BadFraming()
    return ServerError()
