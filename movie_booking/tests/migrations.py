"""Going back to tables as they were, for tests of what a migration does to rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

Targets = list[tuple[str, str]]


def migrate(targets: Targets) -> Any:
    """Bring the database there; return the models as they were."""
    return MigrationExecutor(connection).migrate(targets).apps


def migrate_to_latest() -> None:
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


@contextmanager
def models_at(targets: Targets) -> Iterator[Any]:
    """Give the models and tables of these migrations; restore those of now, empty, afterwards."""
    yield migrate(targets)
    call_command("flush", interactive=False, inhibit_post_migrate=True, verbosity=0)
    migrate_to_latest()
