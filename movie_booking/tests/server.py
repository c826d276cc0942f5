"""The production server, started on the test database, and requests sent to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psutil
from django.conf import settings
from django.db import connection
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.tokens import AccessToken

SECRET_KEY = "a key for the server of these tests, which must not be that of development"
PATIENCE = 60  # seconds; only a test that fails waits as long


def wait_until(is_so, pause=0.01):
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, is_so
        time.sleep(pause)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """`python -m movie_booking.serve` with two workers, in a process group of its own."""

    def __init__(self, log: Path, **settings: str) -> None:
        self.log = log
        self.settings = settings
        self.port = free_port()
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        environment = {
            "DATABASE_URL": database_url(),
            "DEBUG": "0",
            "SECRET_KEY": SECRET_KEY,
            "SECURE_SSL_REDIRECT": "0",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            "LOG_LEVEL": "ERROR",
            "DRAIN_SECONDS": "0",
            "LOCK_TIMEOUT_SECONDS": "20",
            "MAX_HELD_ORDERS": "100",
            "MAX_SEATS_PER_SHOW": "100",
        }
        # Which settings there are it finds by itself, later than its main process begins.
        own = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "movie_booking.serve"],
                cwd=settings.BASE_DIR,
                env=own | environment | self.settings,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self.responds)

    def responds(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        with suppress(OSError, HTTPException):
            return call(self, "GET", "/api/movies/").status == 200
        return False

    def workers(self) -> list[psutil.Process]:
        assert self.process is not None
        found = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # or dead, and not yet noticed by its parent
                if "housekeeping" not in child.cmdline():
                    found.append(child)
        return found

    def kill_workers(self) -> None:
        """The server itself lives, and starts others."""
        for worker in self.workers():
            with suppress(psutil.NoSuchProcess):
                worker.kill()

    def kill(self) -> None:
        """All of it at once, as when the machine loses power."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=PATIENCE)
            self.process = None


@contextmanager
def running(log: Path, **settings: str) -> Iterator[Server]:
    server = Server(log, **settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def database_url() -> str:
    """That of the test database, however the connection came to know it."""
    known = connection.get_connection_params()
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['database']}"
    user, password, host = (quote(known.get(name) or "", safe="") for name in ("user", "password", "host"))
    port = f":{known['port']}" if known.get("port") else ""
    return f"postgres://{user}:{password}@{host}{port}/{known['dbname']}"


class ServerResponse(NamedTuple):
    status: int
    content_type: str
    body: dict
    replayed: str | None = None
    retry_after: str | None = None


def headers_for(user, key=""):
    # The server has a secret of its own, so its tokens are made with that.
    token = TokenBackend("HS256", signing_key=SECRET_KEY).encode(AccessToken.for_user(user).payload)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return headers | ({"Idempotency-Key": key} if key else {})


def call(server, method, path, body=None, user=None, key=""):
    """Send a request, a body that is no text as JSON, and return the response.

    Raises OSError or HTTPException if there is none.
    """
    http = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        sent = body if isinstance(body, str) or body is None else json.dumps(body)
        headers = headers_for(user, key) if user else {"Content-Type": "application/json"}
        http.request(method, path, sent, headers)
        response = http.getresponse()
        content = json.loads(response.read())
        header = response.headers.get
        return ServerResponse(
            response.status,
            header("Content-Type"),
            content,
            header("Idempotent-Replayed"),
            header("Retry-After"),
        )
    finally:
        http.close()


def other_connections(condition="TRUE", select="count(*)"):
    """How many other connections to the database are in that state now."""
    with connection.cursor() as cursor:
        # Without this, a transaction goes on seeing what it saw first.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            f"WITH other AS MATERIALIZED (SELECT * FROM pg_stat_activity"  # noqa: S608 - our own words
            f" WHERE datname = current_database() AND pid <> pg_backend_pid())"
            f" SELECT {select} FROM other WHERE {condition}"
        )
        return cursor.fetchone()[0]


def is_show_lock_awaited():
    """Whether a connection waits for the lock of a show."""
    return other_connections("wait_event_type = 'Lock' AND query LIKE '%movies_show%'") > 0
