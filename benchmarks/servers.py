"""The servers under test, each a process with its workers: the product and the yardsticks."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

import psutil

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
SECRET_KEY = secrets.token_urlsafe(50)  # one for all, so that they take the same tokens
YARDSTICK = "benchmarks.yardsticks"


class Server:
    """A server that runs until `stop`, and the database that it has for itself."""

    def __init__(
        self,
        command: list[str],
        *,
        database: str,
        port: int,
        env: dict[str, str],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.database, self.port = database, port
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in stop()
        self._process = subprocess.Popen(
            command,
            env=os.environ | env,
            cwd=ROOT,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
        )

    def wait_until_up(self, path: str) -> None:
        """Return once it answers. Raises RuntimeError with its output if it does not within 30 seconds."""
        for _ in range(300):
            with contextlib.suppress(OSError):
                urlopen(f"http://127.0.0.1:{self.port}{path}").close()
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        self._log.seek(0)
        raise RuntimeError(f"The server of {self.database} does not answer.\n{self._log.read().decode()}")

    def cpu_seconds(self) -> float:
        """CPU time of the server and its workers so far."""
        total = 0.0
        for member in self._family():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(member.cpu_times()[:2])
        return total

    def stop(self) -> None:
        family = self._family()
        self._process.terminate()
        psutil.wait_procs(family, timeout=15)
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        self._process.wait()
        self._log.close()

    def _family(self) -> list[psutil.Process]:
        try:
            process = psutil.Process(self._process.pid)
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def product_env(uri: str, port: int) -> dict[str, str]:
    """Settings of production, as `make serve` has them, but for HTTPS, the age of tokens and limits."""
    return {
        "DATABASE_URL": uri,
        "DEBUG": "0",
        "SECRET_KEY": SECRET_KEY,
        "DRAIN_SECONDS": "0",
        "SECURE_SSL_REDIRECT": "0",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_CONCURRENCY": str(WORKERS),
        "LOG_LEVEL": "ERROR",
        "ACCESS_TOKEN_MINUTES": "1440",
        "THROTTLE": "off",
        "HOARDING_ORDERS": "0",
    }


def manage(uri: str, *arguments: str) -> str:
    """Run a management command of the product, and return what it prints."""
    command = [sys.executable, "manage.py", *arguments]
    env = os.environ | product_env(uri, 8000)
    return subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def product(database: str, uri: str, **settings: str) -> Server:
    """The service as `make serve` starts it."""
    port = free_port()
    command = [sys.executable, "-m", "movie_booking.serve"]
    return Server(command, database=database, port=port, env=product_env(uri, port) | settings)


def fastapi(database: str, uri: str, *, one_statement: bool = False) -> Server:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    # uvicorn sends headers and body apart; without this a client's delayed ACK may hold the body up by 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.set_inheritable(True)
    port, fd = listener.getsockname()[1], str(listener.fileno())
    command = [sys.executable, "-m", "uvicorn", f"{YARDSTICK}.async_fastapi.service:app", "--fd", fd]
    command += ["--workers", str(WORKERS), "--log-level", "error", "--no-access-log"]
    env = {"BENCH_DATABASE": uri, "SECRET_KEY": SECRET_KEY, "ONE_STATEMENT": "1" if one_statement else ""}
    with listener:
        return Server(command, database=database, port=port, env=env, pass_fds=(int(fd),))


def django(database: str, uri: str) -> Server:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "django.core.wsgi:get_wsgi_application()"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads", "4"]
    command += ["--log-level", "error", "--keep-alive", "60"]
    env = {"BENCH_DATABASE": uri, "SECRET_KEY": SECRET_KEY}
    env["DJANGO_SETTINGS_MODULE"] = f"{YARDSTICK}.plain_django.settings"
    return Server(command, database=database, port=port, env=env)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
