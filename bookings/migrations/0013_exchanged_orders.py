"""An order knows the order of another show whose seats were exchanged for its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0012_moved_guests")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="exchanged_from",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                help_text="The order of another show whose seats were exchanged for these.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bookings.order",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("exchanged_from__isnull", False)),
                fields=["exchanged_from"],
                name="order_by_exchanged_from",
            ),
        ),
    ]
