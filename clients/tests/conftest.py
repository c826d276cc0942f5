"""A site as `make run` serves it: the development server on SQLite, with the demo data."""

import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.conf import settings

from movie_booking.tests.server import wait_until

# schemathesis has no release for Python 3.10.
collect_ignore = ["test_schemathesis.py"] if sys.version_info < (3, 11) else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name in collect_ignore:
        terminalreporter.write_line(f"{name} needs Python 3.11 and did not run.", yellow=True)


# Somebody at the box office, who may do everything.
CLERK = {
    "DJANGO_SUPERUSER_USERNAME": "clerk",
    "DJANGO_SUPERUSER_EMAIL": "clerk@example.com",
    "DJANGO_SUPERUSER_PASSWORD": "popcorn-and-cola",
}


def manage(*arguments: str, **environment: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ | environment, check=True)


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of the demo data, to be copied."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {"DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "DEBUG": "1"}
    manage("migrate", "--verbosity=0", **environment)
    manage("seed_demo", **environment)
    manage("createsuperuser", "--noinput", **environment, **CLERK)
    return folder


@pytest.fixture(scope="session")
def site(demo_data: Path, tmp_path_factory: pytest.TempPathFactory):
    """The address of a running site, without a slash at its end. It lives as long as the test run."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(demo_data, folder, dirs_exist_ok=True)
    environment = {"DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "DEBUG": "1"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "manage.py", "runserver", "--noreload", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=os.environ | environment, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"

    def responds() -> bool:
        assert server.poll() is None, (folder / "log").read_text()
        with suppress(URLError, OSError), urlopen(f"{address}/api/movies/") as response:
            return response.status == 200
        return False

    try:
        wait_until(responds)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="session")
def documents(site, tmp_path_factory) -> dict[str, Path]:
    """Both documents of the site, as files: by version, "2.0" and "3.1"."""
    folder, files = tmp_path_factory.mktemp("documents"), {}
    for version, name in (("2.0", "swagger.json"), ("3.1", "openapi.json")):
        with urlopen(f"{site}/{name}") as response:
            files[version] = folder / name
            files[version].write_bytes(response.read())
    return files
