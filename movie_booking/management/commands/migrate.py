"""Django's migrate, for several hosts that start at once, before their database does, and behind a pooler."""

from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from movie_booking.postgresql.migrating import alone, direct_way, wait_for_database


class Command(migrate.Command):
    """On PostgreSQL it waits for the database, goes by DATABASE_DIRECT_URL, and one migrates at a time."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection: Any = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with direct_way(connection, settings.DIRECT_DATABASE):
            wait_for_database(connection, self.stderr.write)
            with alone(connection, self.stderr.write):
                if connection.connection.settings:
                    refuse_through_pooler(connection, options)
                super().handle(*args, **options)


def refuse_through_pooler(connection: Any, options: dict[str, Any]) -> None:
    """Raise CommandError if there is something to migrate: locks and settings of a session would not hold."""
    if options["plan"] or options["check_unapplied"]:
        return
    executor = MigrationExecutor(connection)
    if options["app_label"] or executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError(
            "DATABASE_URL leads to a pooler, through which nothing is migrated. "
            "Set DATABASE_DIRECT_URL to PostgreSQL itself."
        )
