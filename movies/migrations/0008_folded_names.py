"""Names and texts are kept folded beside as they are written, to be found and compared by.

Genres that differ in case or in how their accents are composed only become one: that of the lowest id, with the
films of all. Cinemas, and screens of a cinema, that do are different places: all but the first get a number.
"""

from itertools import count

from django.db import migrations

from movie_booking.folding import FoldedTextField, UniqueFolded, fold

FOLDED = {
    "Genre": ("name",),
    "Movie": ("title", "description", "language"),
    "Cinema": ("name", "address"),
    "Screen": ("name",),
}


def merge_genres(apps, schema_editor):
    first = {}
    for genre in apps.get_model("movies", "Genre").objects.order_by("id"):
        kept = first.setdefault(fold(genre.name), genre)
        if kept is not genre:
            for movie in genre.movies.all():
                movie.genres.add(kept)
            genre.delete()


def number_namesakes(apps, schema_editor):
    for model, place_of in (("Cinema", lambda row: None), ("Screen", lambda row: row.cinema_id)):
        rows = apps.get_model("movies", model).objects.order_by("id")
        longest = rows.model._meta.get_field("name").max_length
        # What is taken as it is written: another row keeps its name, and gets no number for it.
        taken = {(place_of(row), fold(row.name)) for row in rows}
        seen = set()
        for row in rows:
            place = place_of(row)
            if (place, fold(row.name)) in seen:
                endings = (f" ({number})" for number in count(2))
                names = (row.name[: longest - len(ending)] + ending for ending in endings)
                row.name = next(name for name in names if (place, fold(name)) not in taken)
                row.save(update_fields=["name"])
            key = (place, fold(row.name))
            seen.add(key)
            taken.add(key)


def fold_texts(apps, schema_editor):
    for model, names in FOLDED.items():
        rows = apps.get_model("movies", model).objects
        for row in rows.only(*names).iterator():
            row.save(update_fields=[f"{name}_folded" for name in names])
    if schema_editor.connection.vendor == "postgresql":
        # The films of merged genres are checked now: a table with checks to come cannot be altered.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("movies", "0007_show_events")]

    operations = [
        migrations.RemoveConstraint("genre", "genre_name_unique"),
        *(
            migrations.AddField(
                model.lower(), f"{name}_folded", FoldedTextField(name, default="", editable=False)
            )
            for model, names in FOLDED.items()
            for name in names
        ),
        migrations.RunPython(merge_genres, migrations.RunPython.noop),
        migrations.RunPython(number_namesakes, migrations.RunPython.noop),
        migrations.RunPython(fold_texts, migrations.RunPython.noop),
        migrations.AddConstraint(
            "genre",
            UniqueFolded(
                fields=("name_folded",),
                name="genre_name_unique",
                violation_error_message="There is a genre of that name already.",
            ),
        ),
        migrations.AddConstraint(
            "cinema",
            UniqueFolded(
                fields=("name_folded",),
                name="cinema_name_folded_unique",
                violation_error_message="There is a cinema of that name already.",
            ),
        ),
        migrations.AddConstraint(
            "screen",
            UniqueFolded(
                fields=(
                    "cinema",
                    "name_folded",
                ),
                name="screen_cinema_name_folded_unique",
                violation_error_message="The cinema has a screen of that name already.",
            ),
        ),
    ]
