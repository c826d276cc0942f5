"""A note knows the show of its order. Notes from before get it with the next migration.

On PostgreSQL a trigger sees to it that it is that of the order: also while hosts of the release before write
notes without one.
"""

import django.db.models.deletion
from django.db import migrations, models

POSTGRESQL = """
CREATE FUNCTION note_has_show_of_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.show_id := (SELECT show_id FROM bookings_order WHERE id = NEW.order_id);
    RETURN NEW;
END $$;
CREATE TRIGGER note_has_show_of_order BEFORE INSERT ON bookings_ordernote
    FOR EACH ROW EXECUTE FUNCTION note_has_show_of_order();
"""
DROP_POSTGRESQL = """
DROP TRIGGER note_has_show_of_order ON bookings_ordernote;
DROP FUNCTION note_has_show_of_order;
"""


def add_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)


def drop_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP_POSTGRESQL)


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0022_housekeeping"),
        ("movies", "0016_every_show_has_a_cinema"),
    ]

    operations = [
        migrations.AddField(
            model_name="ordernote",
            name="show",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="movies.show",
            ),
        ),
        migrations.RunPython(add_trigger, drop_trigger),
    ]
