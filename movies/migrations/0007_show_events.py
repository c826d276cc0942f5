"""What people must hear of a show is written down: an append-only log, and a version that counts its rows."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

POSTGRESQL = """
CREATE FUNCTION show_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A show that never sold may be deleted, and names itself: see bookings/services/deletion.py.
    IF TG_OP = 'DELETE' AND current_setting('movie_booking.deleted_show', true) = OLD.show_id::text THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'show events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER show_events_are_append_only BEFORE UPDATE OR DELETE ON movies_showevent
    FOR EACH ROW EXECUTE FUNCTION show_events_are_append_only();
"""
DROP_POSTGRESQL = """
DROP TRIGGER show_events_are_append_only ON movies_showevent;
DROP FUNCTION show_events_are_append_only;
"""
SQLITE = """
CREATE TRIGGER show_events_are_append_only BEFORE UPDATE ON movies_showevent
BEGIN SELECT RAISE(ABORT, 'show events are append-only'); END
"""


def statements(postgresql, sqlite):
    def run(apps, schema_editor):
        schema_editor.execute(postgresql if schema_editor.connection.vendor == "postgresql" else sqlite)

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("movies", "0006_constraint_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="show",
            name="version",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.CreateModel(
            name="ShowEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(help_text="Of the show, after the change.")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("API", "API"),
                            ("ADMIN", "Admin"),
                            ("COMMAND", "Command"),
                            ("EXPIRY", "Expiry"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "changes",
                    models.JSONField(help_text="By field: [before, after]. Rows by id, moments in ISO 8601."),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "show",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="movies.show",
                    ),
                ),
            ],
            options={"ordering": ("id",), "default_permissions": ("view",)},
        ),
        migrations.AddConstraint(
            model_name="showevent",
            constraint=models.UniqueConstraint(fields=("show", "version"), name="show_event_version_unique"),
        ),
        migrations.RunPython(
            statements(POSTGRESQL, SQLITE),
            statements(DROP_POSTGRESQL, "DROP TRIGGER show_events_are_append_only"),
        ),
    ]
