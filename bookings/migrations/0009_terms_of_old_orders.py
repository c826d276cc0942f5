"""Orders from before get the terms that were in force for all: the settings, and their show as it is."""

from django.conf import settings
from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill_terms(apps, schema_editor):
    alias = schema_editor.connection.alias
    Order, Show = apps.get_model("bookings", "Order"), apps.get_model("movies", "Show")
    show = Show.objects.using(alias).filter(pk=OuterRef("show_id"))
    Order.objects.using(alias).filter(promised_starts_at=None).update(
        refund_tiers=settings.REFUND_TIERS,
        cancel_cutoff_minutes=settings.CANCEL_CUTOFF_MINUTES,
        promised_starts_at=Subquery(show.values("starts_at")),
        promised_screen_id=Subquery(show.values("screen_id")),
    )


class Migration(migrations.Migration):
    dependencies = [("bookings", "0008_terms_of_sale")]

    operations = [migrations.RunPython(fill_terms, migrations.RunPython.noop)]
