"""Migrating while other hosts start too, or while the database is not there yet."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.management import CommandError
from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, transaction

# What does not get better by waiting, as PostgreSQL, pgbouncer and libpq say it. There is no SQLSTATE yet.
LASTING = re.compile(
    r"authentication failed|no password supplied|does not exist|no such (database|user)|no pg_hba\.conf entry"
    r"|permission denied|unsupported startup parameter|does not support SSL|certificate"
)
FIRST_PAUSE, LONGEST_PAUSE, LINE_SECONDS = 0.1, 10.0, 60.0
# What other hosts ask for has to be the same number.
LOCK = "hashtextextended('migrations of movie_booking', 0)"

Say = Callable[[str], object]


class Waiting:
    """Says at once, and then once a minute, what is waited for; each pause is longer than the one before."""

    def __init__(self, say: Say) -> None:
        self._say, self._pause, self._said = say, FIRST_PAUSE, float("-inf")

    def wait(self, why: str) -> None:
        if time.monotonic() - self._said >= LINE_SECONDS:
            self._say(why)
            self._said = time.monotonic()
        time.sleep(self._pause)
        self._pause = min(1.5 * self._pause, LONGEST_PAUSE)


@contextmanager
def direct_way(connection: Any, direct: dict[str, Any] | None) -> Iterator[None]:
    """Have a connection lead to this database, past a pooler, for as long as this lasts."""
    if direct is None or connection.alias != DEFAULT_DB_ALIAS:
        yield
        return
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(direct)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(before)


def wait_for_database(connection: Any, say: Say) -> None:
    """Return once there is a database that takes writes.

    Raises CommandError if it says what waiting does not change, such as a wrong password.
    """
    waiting = Waiting(say)
    while True:
        try:
            connection.ensure_connection()
            with connection.cursor() as cursor:
                cursor.execute("SHOW transaction_read_only")
                if cursor.fetchone() == ("off",):
                    return
            why = "It takes no writes."
        except OperationalError as error:
            why = " ".join(str(error).split())  # libpq says a line for each host, and what to look at
            if LASTING.search(why):
                raise CommandError(f"The database refuses us: {why}") from error
        connection.close()
        waiting.wait(f"Waiting for the database: {why}")


@contextmanager
def alone(connection: Any, say: Say) -> Iterator[None]:
    """Be the only one who migrates this database, whatever host the others are on.

    The lock is the session's, for migrations have transactions of their own. Through a pooler, which has no
    sessions, it is that of one transaction around all. It is asked for again and again: a statement that
    waited for it would have a snapshot, for which a CREATE INDEX CONCURRENTLY waits in turn.
    """
    connection.ensure_connection()
    if connection.connection.settings:
        with transaction.atomic(using=connection.alias):
            _take_lock(connection, "pg_try_advisory_xact_lock", say)
            yield
        return
    _take_lock(connection, "pg_try_advisory_lock", say)
    try:
        yield
    finally:
        with suppress(Error), connection.cursor() as cursor:  # it ends with the session too
            cursor.execute(f"SELECT pg_advisory_unlock({LOCK})")


def _take_lock(connection: Any, function: str, say: Say) -> None:
    waiting = Waiting(say)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}({LOCK})")
            if cursor.fetchone()[0]:
                return
        waiting.wait("Another host migrates this database. Waiting for it.")
