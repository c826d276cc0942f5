"""A show knows its cinema, for ever. Shows from before get theirs with the next migration.

Until all hosts run this release, those of the one before schedule shows without saying a cinema: on PostgreSQL
a trigger takes it from the screen. SQLite cannot change a row that is on its way in, and has no other hosts.
"""

import django.db.models.deletion
from django.db import migrations, models

POSTGRESQL = """
CREATE FUNCTION show_stays_in_cinema() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.cinema_id IS NOT NULL AND NEW.cinema_id IS DISTINCT FROM OLD.cinema_id THEN
            RAISE EXCEPTION 'a show stays in its cinema' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF NEW.cinema_id IS NULL THEN
        NEW.cinema_id := (SELECT cinema_id FROM movies_screen WHERE id = NEW.screen_id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER show_stays_in_cinema BEFORE INSERT OR UPDATE OF cinema_id ON movies_show
    FOR EACH ROW EXECUTE FUNCTION show_stays_in_cinema();
"""
DROP_POSTGRESQL = """
DROP TRIGGER show_stays_in_cinema ON movies_show;
DROP FUNCTION show_stays_in_cinema;
"""


def add_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":  # SQLite's comes last: see migration 0016
        schema_editor.execute(POSTGRESQL)


def drop_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP_POSTGRESQL)


class Migration(migrations.Migration):
    dependencies = [("movies", "0013_machine_keys")]

    operations = [
        migrations.AddField(
            model_name="show",
            name="cinema",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="movies.cinema",
            ),
        ),
        migrations.RunPython(add_trigger, drop_trigger),
    ]
