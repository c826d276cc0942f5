"""A host of the API, as an installation has it: the production server, and what runs beside it."""

import json
import sys
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from drills.processes import HOST, ROOT, Program

SECRET_KEY = "a key for drills, which must not be that of any installation"  # noqa: S105
# What else an .env may name here: nothing of it is reached by a drill.
ELSEWHERE = ("DATABASE_DIRECT_URL", "DATABASE_REPLICA_URL", "REDIS_URL", "SENTRY_DSN", "EMAIL_HOST")


def environment(database_url: str, port: int = 8000) -> dict[str, str]:
    """The settings of production. HTTPS ends in front of a host, and tokens live as long as the drills."""
    return dict.fromkeys(ELSEWHERE, "") | {
        "DATABASE_URL": database_url,
        "DEBUG": "0",
        "SECRET_KEY": SECRET_KEY,
        "SECURE_SSL_REDIRECT": "0",
        "HOST": HOST,
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "ACCESS_TOKEN_MINUTES": "1440",
        "DRAIN_SECONDS": "2",  # the balancer asks five times a second
    }


class ApiHost(Program):
    """`python -m movie_booking.serve` with one worker."""

    def __init__(self, folder: Path, *, ready: str, database_url: str = "") -> None:
        super().__init__(folder)
        self.database_url, self.ready = database_url, ready

    def begin(self) -> None:
        command = [sys.executable, "-m", "movie_booking.serve"]
        where = {"PYTHONPATH": str(ROOT)}  # as it works in its own folder, by which it is found
        self.spawn(command, cwd=self.folder, env=where | environment(self.database_url, self.port))

    def is_up(self) -> bool:
        """Whether it would be sent requests."""
        http = HTTPConnection(HOST, self.port, timeout=5)
        with suppress(OSError, HTTPException, json.JSONDecodeError):
            http.request("GET", self.ready)
            return http.getresponse().status == 200
        return False
