"""On PostgreSQL the database itself refuses two shows that need one screen at the same time.

An exclusion constraint compares ranges with GiST. The screen's id is wrapped in a range of one
number, because the operator class for plain integers needs the extension btree_gist, which not
every managed database lets one install. SQLite has no such constraint: there transactions are
IMMEDIATE, so the check of the service is exact.
"""

from django.db import migrations

CONSTRAINT = """
ALTER TABLE movies_show ADD CONSTRAINT one_show_per_screen_at_a_time EXCLUDE USING gist (
    int8range(screen_id, screen_id, '[]') WITH &&,
    tstzrange(starts_at, screen_free_at) WITH &&
) WHERE (status <> 'CANCELLED')
"""


def add_constraint(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CONSTRAINT)


def remove_constraint(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE movies_show DROP CONSTRAINT one_show_per_screen_at_a_time")


class Migration(migrations.Migration):
    dependencies = [("movies", "0001_initial")]

    operations = [migrations.RunPython(add_constraint, remove_constraint)]
