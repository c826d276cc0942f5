"""What the roles of staff are made of, beside the rights on models."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bookings", "0014_lists_by_time")]

    operations = [
        migrations.AlterModelOptions(
            name="booking",
            options={
                "ordering": ("-id",),
                "permissions": [
                    ("block_seats", "Can block and release house seats"),
                    ("sell_seats", "Can sell and hold seats for customers"),
                    ("refund_by_exception", "Can give another share back than the terms of the sale say"),
                    ("view_people", "Can see who has which seat"),
                    ("view_reports", "Can export bookings and takings"),
                ],
            },
        ),
    ]
