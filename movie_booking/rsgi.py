"""What the production server loads: the WSGI application, behind an event loop that waits for slow clients.

A phone that loses its connection in the middle of a request leaves its server reading a body that never
comes. Under WSGI that is the one thread of a worker, and a few such phones are the end of the service. Here
the event loop reads, any number of bodies at a time and none for ever, and the thread gets whole requests.

https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

import asyncio
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from io import BytesIO
from multiprocessing import parent_process
from threading import Thread
from typing import Any, NamedTuple, Protocol

from django.conf import settings

from movie_booking import wsgi  # first, as it sets Django up
from movie_booking.api.problems import RequestTimeout, plain_problem

BODY_SECONDS = 30

# One, as under one row lock processes beat threads. It keeps the worker's one connection to the database.
django_thread = ThreadPoolExecutor(1, "django")


class Scope(Protocol):
    """A request as granian describes it: the path decoded, names of headers in lower case."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Any


class ServerResponse(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class ClientGone(Exception):
    """The client hung up before it had sent all of its request."""


class Application:
    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        Thread(target=end_with_parent, daemon=True).start()

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        protocol.response_bytes(*await respond(scope, protocol))


application = Application()


def end_with_parent() -> None:
    """Stop this worker when the server is killed: it would go on serving beside the next one."""
    if parent := parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


async def respond(scope: Scope, protocol: Any) -> ServerResponse:
    try:
        body = await asyncio.wait_for(read(scope, protocol), BODY_SECONDS)
    except asyncio.TimeoutError:
        late = plain_problem(RequestTimeout())
        return ServerResponse(late.status_code, [*late.items(), ("Connection", "close")], late.content)
    except ClientGone:
        return ServerResponse(HTTPStatus.BAD_REQUEST, [], b"")  # the client is gone: it is never read
    environ = environ_of(scope, body)
    return await asyncio.get_running_loop().run_in_executor(django_thread, call_django, environ)


async def read(scope: Scope, protocol: Any) -> bytes:
    """Return the body, or of one that is too large at least more than Django accepts. Raises ClientGone.

    Only a body that says how long it is: granian does not tell the end of any other from a lost connection.
    """
    kept, length = bytearray(), 0
    announced = int(scope.headers.get("content-length") or 0)
    if announced:
        async for chunk in protocol:
            length += len(chunk)
            if len(kept) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                kept += chunk
            if length > settings.API_DRAINED_BYTES:
                break
    if length < min(announced, settings.API_DRAINED_BYTES):
        raise ClientGone
    return bytes(kept)


def call_django(environ: dict[str, Any]) -> ServerResponse:
    started: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started.append((int(status.split(" ", 1)[0]), headers))

    response = wsgi.application(environ, start_response)
    try:
        return ServerResponse(*started[0], b"".join(response))
    finally:
        response.close()


def environ_of(scope: Scope, body: bytes) -> dict[str, Any]:
    """Return the request as WSGI has it (PEP 3333), with a body that is all there."""
    host, _, port = scope.server.rpartition(":")
    environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),  # bytes in disguise, as PEP 3333 wants them
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        # An underscore would pass for a hyphen: X_Forwarded_Proto is not what the proxy sent.
        if "_" not in name:
            key = f"HTTP_{name.upper().replace('-', '_')}"
            separator = "; " if name == "cookie" else ","
            environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        environ[key] = environ.pop(f"HTTP_{key}", "")
    return environ
