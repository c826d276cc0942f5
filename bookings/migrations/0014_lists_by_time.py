"""Indexes for lists that show the newest rows, however many there are.

They are built while the system goes on selling. A booking costs no more than before: an index that held every
booking, nearly always empty-handed, goes for one of those that somebody cancelled.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from movie_booking.migration_operations import AddIndexInBackground

CANCELLED_BY = models.ForeignKey(
    blank=True,
    db_index=False,
    editable=False,
    null=True,
    on_delete=django.db.models.deletion.PROTECT,
    related_name="cancelled_bookings",
    to=settings.AUTH_USER_MODEL,
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("bookings", "0013_exchanged_orders")]

    operations = [
        AddIndexInBackground("order", models.Index(fields=["created_at"], name="order_by_creation")),
        AddIndexInBackground("booking", models.Index(fields=["created_at"], name="booking_by_creation")),
        AddIndexInBackground("bookingevent", models.Index(fields=["at"], name="booking_event_by_time")),
        AddIndexInBackground(
            "booking",
            models.Index(
                fields=["cancelled_by"],
                name="booking_by_canceller",
                condition=models.Q(("cancelled_by__isnull", False)),
            ),
        ),
        # As AlterField, which would check the foreign key of every booking anew and keep all out meanwhile.
        migrations.RunSQL(
            "DROP INDEX IF EXISTS bookings_booking_cancelled_by_id_6d3a47c3",
            "CREATE INDEX IF NOT EXISTS bookings_booking_cancelled_by_id_6d3a47c3 ON bookings_booking (cancelled_by_id)",
            state_operations=[migrations.AlterField("booking", "cancelled_by", CANCELLED_BY)],
        ),
    ]
