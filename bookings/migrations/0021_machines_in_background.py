"""The index of what a machine sold, built while the system goes on."""

from django.db import migrations, models

from movie_booking.migration_operations import AddIndexInBackground


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("bookings", "0020_machines")]

    operations = [
        AddIndexInBackground(
            "order",
            models.Index(
                condition=models.Q(("machine__isnull", False)),
                fields=["machine", "-id"],
                name="order_by_machine",
            ),
        ),
    ]
