"""Which machine sold an order, and which did a step of the history."""

import django.db.models.deletion
from django.db import migrations, models

# On the way back SQLite makes the table of events anew, and without its trigger: here as migration 0007 made it.
TRIGGER = """
CREATE TRIGGER booking_events_are_append_only BEFORE UPDATE ON bookings_bookingevent
BEGIN SELECT RAISE(ABORT, 'booking events are append-only'); END
"""


def keep_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(TRIGGER)


class Migration(migrations.Migration):
    dependencies = [("bookings", "0019_order_notes"), ("movies", "0013_machine_keys")]

    operations = [
        migrations.RunPython(
            migrations.RunPython.noop, keep_trigger
        ),  # the first, so the last on the way back
        migrations.AddField(
            model_name="bookingevent",
            name="machine",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The key of the machine that did it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="movies.machinekey",
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="machine",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                help_text="The key of the machine that sold it; empty if the customer bought it without one.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="movies.machinekey",
            ),
        ),
    ]
