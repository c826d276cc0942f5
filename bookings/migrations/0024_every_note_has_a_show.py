"""Notes from before get the show of their order, some at a time, and then none is without."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

from movie_booking.migration_operations import SetNotNull

# So many rows are locked at once, for milliseconds.
BATCH = 1000


def fill_shows(apps, schema_editor):
    Order, OrderNote = apps.get_model("bookings", "Order"), apps.get_model("bookings", "OrderNote")
    alias = schema_editor.connection.alias
    notes = OrderNote.objects.using(alias).order_by()
    show = Order.objects.using(alias).filter(pk=OuterRef("order_id")).values("show_id")
    last = 0
    while ids := list(notes.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        first, last = ids[0], ids[-1]
        notes.filter(pk__range=(first, last), show_id=None).update(show_id=Subquery(show))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("bookings", "0023_show_of_notes")]

    operations = [
        migrations.RunPython(fill_shows, migrations.RunPython.noop),
        SetNotNull(
            model_name="ordernote",
            name="show",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="movies.show",
            ),
        ),
    ]
