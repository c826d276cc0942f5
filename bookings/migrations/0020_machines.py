"""Which machine sold an order, and which did a step of the history."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0019_order_notes"), ("movies", "0013_machine_keys")]

    operations = [
        migrations.AddField(
            model_name="bookingevent",
            name="machine",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The key of the machine that did it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="movies.machinekey",
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="machine",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                help_text="The key of the machine that sold it; empty if the customer bought it without one.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="movies.machinekey",
            ),
        ),
    ]
