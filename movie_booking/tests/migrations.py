"""Going back to tables as they were, for tests of what a migration does to rows."""

from collections.abc import Iterator
from contextlib import contextmanager
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
    return MigrationExecutor(connection).loader.project_state(targets).apps


def migrate_to_latest() -> None:
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


@contextmanager
def models_at(targets: Targets) -> Iterator[Any]:
    """Give the models and tables of these migrations; restore those of now, empty, afterwards."""
    yield migrate(targets)
    _empty_all_tables()
    migrate_to_latest()


def _empty_all_tables() -> None:
    """Whatever they are called: `flush` knows only those of the present models."""
    tables = set(connection.introspection.table_names()) - {MigrationRecorder.Migration._meta.db_table}
    statements = connection.ops.sql_flush(no_style(), sorted(tables), reset_sequences=True)
    connection.ops.execute_sql_flush(statements)
