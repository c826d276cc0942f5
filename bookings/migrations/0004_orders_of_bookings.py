"""Bookings from before there were orders get one each, and a history that leads to what they are."""

import secrets

from django.core.management.color import no_style
from django.db import migrations
from django.db.models import F, Max

BATCH = 1000
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def give_orders(apps, schema_editor):
    alias = schema_editor.connection.alias
    Booking, Order, SeatChange = (
        apps.get_model("bookings", name) for name in ("Booking", "Order", "SeatChange")
    )
    # A hold without an end would be one for ever.
    holds = Booking.objects.using(alias).filter(status="HELD", expires_at=None)
    for booking in holds.iterator(chunk_size=BATCH):
        booking.expires_at = booking.created_at
        booking.save(update_fields=["expires_at"])
    # The order of a booking has its number, so that one statement can tell all bookings their orders.
    beyond = Order.objects.using(alias).aggregate(last=Max("id"))["last"] or 0
    orderless = Booking.objects.using(alias).filter(order=None).order_by("id")
    done = 0
    while bookings := list(orderless.filter(id__gt=done)[:BATCH]):
        done = bookings[-1].id
        Order.objects.using(alias).bulk_create(
            Order(
                id=booking.id + beyond,
                reference="".join(secrets.choice(SIGNS) for _ in range(10)),
                user_id=booking.user_id,
                show_id=booking.show_id,
                created_at=booking.created_at,
            )
            for booking in bookings
        )
        SeatChange.objects.using(alias).bulk_create(
            change for booking in bookings for change in history(SeatChange, booking)
        )
    orderless.update(order_id=F("id") + beyond)
    for statement in schema_editor.connection.ops.sequence_reset_sql(no_style(), [Order]):
        schema_editor.execute(statement)


def history(SeatChange, booking):
    """How the booking came to be what it is, as far as its row tells."""
    first = "BLOCKED" if booking.for_house else "HELD" if booking.status in ("HELD", "EXPIRED") else "BOOKED"
    steps = [("", first, booking.created_at)]
    if booking.status != first:
        steps.append(
            (first, booking.status, booking.cancelled_at or booking.expires_at or booking.created_at)
        )
    for from_status, to_status, at in steps:
        yield SeatChange(
            booking_id=booking.pk,
            show_id=booking.show_id,
            seat_number=booking.seat_number,
            at=at,
            actor_id=booking.user_id if not from_status else None,
            door="API" if not from_status else "EXPIRY" if to_status == "EXPIRED" else "COMMAND",
            from_status=from_status,
            to_status=to_status,
        )


class Migration(migrations.Migration):
    dependencies = [("bookings", "0003_orders")]

    operations = [migrations.RunPython(give_orders, migrations.RunPython.noop)]
