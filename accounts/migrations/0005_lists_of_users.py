"""Indexes for the list of users in the Admin, and for searches by how a name or an address begins.

They are built while the system goes on. Those for searches are PostgreSQL's alone: only it needs to be told that
an index is there to compare beginnings, whatever the order of letters in its language.
"""

from django.db import migrations, models

from movie_booking.migration_operations import AddIndexInBackground, build_in_background

BEGINNINGS = ("username", "email", "first_name", "last_name")


def index_beginnings(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for column in BEGINNINGS:
            name = f"user_by_beginning_of_{column}"
            statement = (
                f"CREATE INDEX CONCURRENTLY {name} ON accounts_user (lower({column}) text_pattern_ops)"
            )
            build_in_background(schema_editor, name, statement)


def forget_beginnings(apps, schema_editor):
    for column in BEGINNINGS:
        schema_editor.execute(f"DROP INDEX IF EXISTS user_by_beginning_of_{column}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0004_unquoted_email")]

    operations = [
        AddIndexInBackground("user", models.Index(fields=["date_joined"], name="user_by_joining")),
        AddIndexInBackground(
            "user",
            models.Index(fields=["username"], name="user_staff", condition=models.Q(("is_staff", True))),
        ),
        AddIndexInBackground(
            "user",
            models.Index(
                fields=["username"], name="user_superusers", condition=models.Q(("is_superuser", True))
            ),
        ),
        AddIndexInBackground(
            "user",
            models.Index(fields=["username"], name="user_inactive", condition=models.Q(("is_active", False))),
        ),
        migrations.RunPython(index_beginnings, forget_beginnings),
    ]
