"""No show is without a cinema. All have one by now."""

import django.db.models.deletion
from django.db import migrations, models

from movie_booking.migration_operations import SetNotNull

SQLITE = """
CREATE TRIGGER show_stays_in_cinema BEFORE UPDATE OF cinema_id ON movies_show
WHEN NEW.cinema_id <> OLD.cinema_id
BEGIN SELECT RAISE(ABORT, 'a show stays in its cinema'); END
"""


def add_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(SQLITE)


def drop_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER show_stays_in_cinema")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("movies", "0015_cinema_of_old_shows")]

    operations = [
        SetNotNull(
            model_name="show",
            name="cinema",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="movies.cinema",
            ),
        ),
        # Last: SQLite makes the table anew for each change of a field, and without its triggers.
        migrations.RunPython(add_trigger, drop_trigger),
    ]
