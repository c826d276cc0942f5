"""Constraints are named after table, column and rule; help texts speak of screens and their seats."""

from django.db import migrations, models

import movies.models
from movie_booking.migration_operations import RenameConstraint

# The exclusion constraint of migration 0002, which only PostgreSQL has and Django's state does not know.
RENAME = "ALTER TABLE movies_show RENAME CONSTRAINT {} TO {}"
OLD_NAME, NEW_NAME = "one_show_per_screen_at_a_time", "show_screen_times_do_not_overlap"


def rename_exclusion(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(RENAME.format(OLD_NAME, NEW_NAME))


def rename_exclusion_back(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(RENAME.format(NEW_NAME, OLD_NAME))


class Migration(migrations.Migration):
    dependencies = [("movies", "0005_no_single_seats")]

    operations = [
        RenameConstraint("genre", "one_genre_of_that_name", "genre_name_unique"),
        RenameConstraint("movie", "a_movie_takes_time", "movie_duration_minutes_at_least_1"),
        RenameConstraint("screen", "one_screen_of_that_name_per_cinema", "screen_cinema_name_unique"),
        RenameConstraint("screen", "a_screen_has_seats", "screen_total_seats_at_least_1"),
        RenameConstraint("show", "no_more_taken_than_there_are_seats", "show_live_seats_at_most_total_seats"),
        RenameConstraint("show", "a_show_ends_after_it_starts", "show_ends_at_after_starts_at"),
        RenameConstraint("show", "a_show_costs_nothing_or_more", "show_price_at_least_0"),
        RenameConstraint("show", "a_show_has_a_known_status", "show_status_is_known"),
        migrations.RunPython(rename_exclusion, rename_exclusion_back),
        migrations.AlterField(
            model_name="screen",
            name="name",
            field=models.CharField(help_text="As on its sign: Screen 1.", max_length=50),
        ),
        migrations.AlterField(
            model_name="screen",
            name="seat_plan",
            field=models.TextField(
                blank=True,
                help_text="A drawing of the seats, a line a row. Left empty, they are in rows of ten.",
                validators=[movies.models.validate_plan],
            ),
        ),
        migrations.AlterField(
            model_name="show",
            name="screen_free_at",
            field=models.DateTimeField(
                editable=False, help_text="When the screen has been cleaned and the next show may start."
            ),
        ),
        migrations.AlterField(
            model_name="show",
            name="seat_plan",
            field=models.TextField(
                blank=True,
                editable=False,
                help_text="The screen's as it was when the show was made: re-seating a screen moves no sold ticket.",
                validators=[movies.models.validate_plan],
            ),
        ),
    ]
