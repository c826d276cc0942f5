"""Bookings from before there were orders get one each, and a history that leads to what they are."""

import secrets

from django.db import migrations

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
    while bookings := list(Booking.objects.using(alias).filter(order=None).order_by("id")[:BATCH]):
        orders = Order.objects.using(alias).bulk_create(
            Order(
                reference="".join(secrets.choice(SIGNS) for _ in range(10)),
                user_id=booking.user_id,
                show_id=booking.show_id,
                created_at=booking.created_at,
            )
            for booking in bookings
        )
        for booking, order in zip(bookings, orders, strict=True):
            booking.order = order
        Booking.objects.using(alias).bulk_update(bookings, ["order"])
        SeatChange.objects.using(alias).bulk_create(
            change for booking in bookings for change in history(SeatChange, booking)
        )


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
            door="API" if not from_status else "COMMAND",
            from_status=from_status,
            to_status=to_status,
        )


class Migration(migrations.Migration):
    dependencies = [("bookings", "0003_orders")]

    operations = [migrations.RunPython(give_orders, migrations.RunPython.noop)]
