"""Shows from before get the cinema of their screen, some at a time, while the system goes on selling.

On PostgreSQL the database itself then holds the two equal: a show refers to a screen together with its cinema.
"""

from django.db import migrations, models
from django.db.models import OuterRef, Subquery

from movie_booking.migration_operations import AddIndexInBackground

# So many rows are locked at once, for milliseconds.
BATCH = 1000

ADD_REFERENCE = [
    # Left by a migration that was broken off.
    "ALTER TABLE movies_show DROP CONSTRAINT IF EXISTS show_cinema_is_of_screen",
    "ALTER TABLE movies_screen DROP CONSTRAINT IF EXISTS screen_id_cinema_unique",
    "ALTER TABLE movies_screen ADD CONSTRAINT screen_id_cinema_unique UNIQUE (id, cinema_id)",
    # New rows are checked from here on, the others without a lock that keeps writers out.
    "ALTER TABLE movies_show ADD CONSTRAINT show_cinema_is_of_screen FOREIGN KEY (screen_id, cinema_id)"
    " REFERENCES movies_screen (id, cinema_id) NOT VALID",
    "ALTER TABLE movies_show VALIDATE CONSTRAINT show_cinema_is_of_screen",
]
DROP_REFERENCE = [
    "ALTER TABLE movies_show DROP CONSTRAINT show_cinema_is_of_screen",
    "ALTER TABLE movies_screen DROP CONSTRAINT screen_id_cinema_unique",
]


def fill_cinemas(apps, schema_editor):
    Screen, Show = apps.get_model("movies", "Screen"), apps.get_model("movies", "Show")
    alias = schema_editor.connection.alias
    shows = Show.objects.using(alias).order_by()
    cinema = Screen.objects.using(alias).filter(pk=OuterRef("screen_id")).values("cinema_id")
    last = 0
    while ids := list(shows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        first, last = ids[0], ids[-1]
        shows.filter(pk__range=(first, last), cinema_id=None).update(cinema_id=Subquery(cinema))


def add_reference(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in ADD_REFERENCE:
            schema_editor.execute(statement)


def drop_reference(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in DROP_REFERENCE:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("movies", "0014_cinema_of_show")]

    operations = [
        migrations.RunPython(fill_cinemas, migrations.RunPython.noop),
        migrations.RunPython(add_reference, drop_reference),
        AddIndexInBackground("show", models.Index(fields=["cinema", "starts_at"], name="show_by_cinema")),
    ]
