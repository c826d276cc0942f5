"""Who works where, and a log of what was changed of the catalogue and of rights: it is append-only."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

POSTGRESQL = """
CREATE FUNCTION audit_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_events_are_append_only BEFORE UPDATE OR DELETE ON movies_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_events_are_append_only();
"""
DROP_POSTGRESQL = """
DROP TRIGGER audit_events_are_append_only ON movies_auditevent;
DROP FUNCTION audit_events_are_append_only;
"""
SQLITE = """
CREATE TRIGGER audit_events_are_append_only BEFORE UPDATE ON movies_auditevent
BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
"""


def statements(postgresql, sqlite):
    def run(apps, schema_editor):
        schema_editor.execute(postgresql if schema_editor.connection.vendor == "postgresql" else sqlite)

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("movies", "0011_permission_to_move_shows"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time (UTC)")),
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
                    "action",
                    models.CharField(
                        choices=[("ADD", "Added"), ("CHANGE", "Changed"), ("DELETE", "Deleted")],
                        max_length=10,
                    ),
                ),
                (
                    "model",
                    models.CharField(help_text="Such as movies.show.", max_length=100, verbose_name="kind"),
                ),
                ("row_id", models.CharField(max_length=20, verbose_name="number")),
                (
                    "row",
                    models.CharField(help_text="What it was called.", max_length=300, verbose_name="what"),
                ),
                ("changes", models.JSONField(default=dict, help_text="By field: [before, after], in words.")),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "log entry",
                "verbose_name_plural": "log",
                "ordering": ("-id",),
                "default_permissions": (),
                "indexes": [models.Index(fields=["row_id", "-id"], name="audit_event_by_row")],
            },
        ),
        migrations.CreateModel(
            name="StaffRole",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("all_cinemas", models.BooleanField(default=False, verbose_name="all cinemas")),
                ("cinemas", models.ManyToManyField(blank=True, related_name="+", to="movies.cinema")),
                (
                    "role",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="auth.group",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_roles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "role",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "role"),
                        name="staff_role_user_role_unique",
                        violation_error_message="The user has this role already: tick its cinemas there.",
                    )
                ],
            },
        ),
        migrations.RunPython(
            statements(POSTGRESQL, SQLITE),
            statements(DROP_POSTGRESQL, "DROP TRIGGER audit_events_are_append_only"),
        ),
    ]
