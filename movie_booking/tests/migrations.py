"""Going back to tables as they were, for tests of what a migration does to rows."""

import sqlite3
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.core.management.color import no_style
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

Targets = list[tuple[str, str]]


def migrate(targets: Targets) -> Any:
    """Bring the database there; return the models as they were."""
    MigrationExecutor(connection).migrate(targets)
    # On the way back `migrate` returns a state in which other apps may still be ahead of the tables.
    return _models(tuple(targets))


def migrate_to_latest() -> None:
    MigrationExecutor(connection).migrate(_latest())


@contextmanager
def models_at(targets: Targets) -> Iterator[Any]:
    """Give the models and tables of these migrations; restore those of now, empty, afterwards.

    To go back takes seconds, so it is done once: then the empty tables are copied.
    """
    key = tuple(targets)
    once(key, lambda: MigrationExecutor(connection).migrate(targets))
    yield _models(key)
    once("now", _empty_and_migrate)


def once(key: Hashable, work: Callable[[], object]) -> None:
    """Bring the database to where this work brings it, from where it always begins.

    It is done the first time: then the database is copied.
    """
    if not _copies.restore(key):
        work()
        _copies.keep(key)


def _latest() -> Targets:
    return MigrationExecutor(connection).loader.graph.leaf_nodes()


@cache
def _models(targets: tuple[tuple[str, str], ...]) -> Any:
    return MigrationExecutor(connection).loader.project_state(list(targets)).apps


def _empty_and_migrate() -> None:
    """Empty all tables, whatever they are called: `flush` knows only those of the present models."""
    tables = set(connection.introspection.table_names()) - {MigrationRecorder.Migration._meta.db_table}
    statements = connection.ops.sql_flush(no_style(), sorted(tables), reset_sequences=True)
    connection.ops.execute_sql_flush(statements)
    migrate_to_latest()


class Copies:
    """Copies of the database of the tests: in memory for SQLite, as databases beside it for PostgreSQL."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}

    def keep(self, key: Hashable) -> None:
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            copy = sqlite3.connect(":memory:")
            connection.connection.backup(copy)
        else:
            copy = f"copy_{len(self._kept)}_of_{connection.settings_dict['NAME']}"
            self._copy_database(connection.settings_dict["NAME"], copy)
        self._kept[key] = copy

    def restore(self, key: Hashable) -> bool:
        """Make the database what was kept. Returns whether there was something."""
        if key not in self._kept:
            return False
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            self._kept[key].backup(connection.connection)
        else:
            self._copy_database(self._kept[key], connection.settings_dict["NAME"])
        return True

    def _copy_database(self, source: str, target: str) -> None:
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        connection.ensure_connection()  # now, and not among the statements that the next test counts


_copies = Copies()
