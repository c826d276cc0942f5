import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0009_terms_of_old_orders")]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="refund_tiers",
            field=models.TextField(editable=False, help_text='Such as "24:100,2:50".'),
        ),
        migrations.AlterField(
            model_name="order",
            name="cancel_cutoff_minutes",
            field=models.PositiveIntegerField(editable=False),
        ),
        migrations.AlterField(
            model_name="order", name="promised_starts_at", field=models.DateTimeField(editable=False)
        ),
        migrations.AlterField(
            model_name="order",
            name="promised_screen",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="movies.screen",
            ),
        ),
    ]
