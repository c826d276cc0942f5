"""The names of the roles are ours from now on, and exporting is a right of its own.

Groups that have these names keep their members and rights under another name. Whoever could export before still can:
it went with the right to view bookings. The roles themselves are made after each `migrate`, as are permissions.
"""

from django.db import migrations

ROLES = ("Manager", "Box office", "Door", "Viewer")


def make_room(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    for name in ROLES:
        groups.filter(name=name).update(name=f"{name} (before roles)")


def give_back_the_names(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    for name in ROLES:
        groups.filter(name=name).delete()
        groups.filter(name=f"{name} (before roles)").update(name=name)


def let_them_export(apps, schema_editor):
    alias = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    viewing = permissions.filter(content_type__app_label="bookings", codename="view_booking").first()
    if viewing is None:
        return  # a new installation, where nobody has a right yet
    exporting, _ = permissions.get_or_create(
        content_type_id=viewing.content_type_id,
        codename="view_reports",
        defaults={"name": "Can export bookings and takings"},
    )
    for holder in [*viewing.group_set.all()]:
        holder.permissions.add(exporting)
    users = apps.get_model("accounts", "User").objects.using(alias)
    for holder in users.filter(user_permissions=viewing):
        holder.user_permissions.add(exporting)


def forget_exporting(apps, schema_editor):
    apps.get_model("auth", "Permission").objects.using(schema_editor.connection.alias).filter(
        content_type__app_label="bookings", codename="view_reports"
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0015_permissions_of_roles"),
        ("movies", "0012_staff_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunPython(make_room, give_back_the_names),
        migrations.RunPython(let_them_export, forget_exporting),
    ]
