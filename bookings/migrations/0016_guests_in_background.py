"""Indexes and the check of orders of guests, built while the system goes on."""

from django.db import migrations, models

from movie_booking.migration_operations import AddCheckInBackground, AddIndexInBackground


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("bookings", "0015_guests")]

    operations = [
        AddIndexInBackground(
            "order",
            models.Index(
                condition=models.Q(("guest__isnull", False)), fields=["guest"], name="order_by_guest"
            ),
        ),
        AddIndexInBackground(
            "order",
            models.Index(
                condition=models.Q(("sold_by__isnull", False)), fields=["sold_by"], name="order_by_seller"
            ),
        ),
        AddCheckInBackground(
            "order",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("guest__isnull", True), ("user__isnull", False)),
                    models.Q(("guest__isnull", False), ("user__isnull", True)),
                    models.Q(("guest__isnull", True), ("sold_by__isnull", False), ("user__isnull", True)),
                    _connector="OR",
                ),
                name="order_has_customer_or_seller",
            ),
        ),
    ]
