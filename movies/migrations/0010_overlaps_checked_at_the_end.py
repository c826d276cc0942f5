"""Several shows of a screen can be written in one transaction, though they overlap until the last of them is.

PostgreSQL looks for overlaps at the end of each statement, as before, unless a transaction asks it to wait. Its
`ALTER CONSTRAINT` is for foreign keys only, so the constraint is made anew. SQLite has none.
"""

from django.db import migrations

DROP = "ALTER TABLE movies_show DROP CONSTRAINT show_screen_times_do_not_overlap"
ADD = """
ALTER TABLE movies_show ADD CONSTRAINT show_screen_times_do_not_overlap EXCLUDE USING gist (
    int8range(screen_id, screen_id, '[]') WITH &&,
    tstzrange(starts_at, screen_free_at) WITH &&
) WHERE (status <> 'CANCELLED')
"""


def make_anew(when):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(DROP)
            schema_editor.execute(f"{ADD} {when}")

    return run


class Migration(migrations.Migration):
    dependencies = [("movies", "0009_pre_show_minutes")]

    operations = [
        migrations.RunPython(make_anew("DEFERRABLE INITIALLY IMMEDIATE"), make_anew("NOT DEFERRABLE"))
    ]
