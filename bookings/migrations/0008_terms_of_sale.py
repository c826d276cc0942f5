"""An order keeps the terms of its sale. Still empty: 0009 fills them, 0010 asks for them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0007_trade_words"), ("movies", "0007_show_events")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="refund_tiers",
            field=models.TextField(editable=False, null=True, help_text='Such as "24:100,2:50".'),
        ),
        migrations.AddField(
            model_name="order",
            name="cancel_cutoff_minutes",
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="promised_starts_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="promised_screen",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="movies.screen",
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="show_version",
            field=models.PositiveIntegerField(
                default=0, editable=False, help_text="Of the show, as the customer knows it."
            ),
        ),
    ]
