"""First and last names are kept folded beside as they are written, to be searched by."""

from django.db import migrations

from movie_booking.folding import FoldedTextField

NAMES = ("first_name", "last_name")


def fold_names(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects
    for user in users.exclude(first_name="", last_name="").only(*NAMES).iterator():
        user.save(update_fields=[f"{name}_folded" for name in NAMES])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_unquoted_email")]

    operations = [
        *(
            migrations.AddField("user", f"{name}_folded", FoldedTextField(name, default="", editable=False))
            for name in NAMES
        ),
        migrations.RunPython(fold_names, migrations.RunPython.noop),
    ]
