"""The trade's words: booking events come through channels, constraints say table, column and rule.

Nothing that is stored changes but names: those of the table of events, of two columns and of the
constraints (renamed, not checked anew), and of the permission to see events, which keeps its holders.
"""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from movie_booking.migration_operations import RenameConstraint

POSTGRESQL = """
CREATE FUNCTION booking_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'booking events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER booking_events_are_append_only BEFORE UPDATE OR DELETE ON bookings_bookingevent
    FOR EACH ROW EXECUTE FUNCTION booking_events_are_append_only();
"""
DROP_POSTGRESQL = """
DROP TRIGGER booking_events_are_append_only ON bookings_bookingevent;
DROP FUNCTION booking_events_are_append_only;
"""
SQLITE = """
CREATE TRIGGER booking_events_are_append_only BEFORE UPDATE ON bookings_bookingevent
BEGIN SELECT RAISE(ABORT, 'booking events are append-only'); END
"""
# As migration 0006 made it.
OLD_POSTGRESQL = """
CREATE FUNCTION seat_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of seats is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER seat_history_is_append_only BEFORE UPDATE OR DELETE ON bookings_seatchange
    FOR EACH ROW EXECUTE FUNCTION seat_history_is_append_only();
"""
DROP_OLD_POSTGRESQL = """
DROP TRIGGER seat_history_is_append_only ON bookings_seatchange;
DROP FUNCTION seat_history_is_append_only;
"""
OLD_SQLITE = """
CREATE TRIGGER seat_history_is_append_only BEFORE UPDATE ON bookings_seatchange
BEGIN SELECT RAISE(ABORT, 'the history of seats is append-only'); END
"""


def statements(postgresql, sqlite):
    def run(apps, schema_editor):
        schema_editor.execute(postgresql if schema_editor.connection.vendor == "postgresql" else sqlite)

    return run


def rename_permission(app_label, old, new):
    """People and groups keep the permission under its new name, as they point at its row."""

    def rename(apps, schema_editor):
        alias = schema_editor.connection.alias
        ContentType = apps.get_model("contenttypes", "ContentType")
        Permission = apps.get_model("auth", "Permission")
        (old_model, old_codename), (new_model, new_codename, new_name) = old, new
        content_types = ContentType.objects.using(alias).filter(app_label=app_label)
        # `migrate` has renamed the content type by itself; other ways to run a migration have not.
        if not content_types.filter(model=new_model).exists():
            content_types.filter(model=old_model).update(model=new_model)
        Permission.objects.using(alias).filter(
            content_type__app_label=app_label,
            content_type__model__in=(old_model, new_model),
            codename=old_codename,
        ).update(codename=new_codename, name=new_name)

    return rename


SEE_EVENTS = ("bookingevent", "view_bookingevent", "Can view booking event")
SEE_CHANGES = ("seatchange", "view_seatchange", "Can view seat change")


def name_block_permission(name):
    def rename(apps, schema_editor):
        apps.get_model("auth", "Permission").objects.using(schema_editor.connection.alias).filter(
            content_type__app_label="bookings", codename="block_seats"
        ).update(name=name)

    return rename


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0006_history_is_append_only"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(
            statements(DROP_OLD_POSTGRESQL, "DROP TRIGGER seat_history_is_append_only"),
            statements(OLD_POSTGRESQL, OLD_SQLITE),
        ),
        migrations.RenameModel("SeatChange", "BookingEvent"),
        migrations.RenameField("BookingEvent", "door", "channel"),
        migrations.RenameIndex("BookingEvent", new_name="booking_event_by_show", old_name="change_by_show"),
        migrations.AlterField(
            model_name="bookingevent",
            name="booking",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="events", to="bookings.booking"
            ),
        ),
        migrations.AlterField(
            model_name="bookingevent",
            name="show",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="booking_events",
                to="movies.show",
            ),
        ),
        migrations.AlterField(
            model_name="bookingevent",
            name="actor",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="booking_events",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(
            rename_permission("bookings", SEE_CHANGES[:2], SEE_EVENTS),
            rename_permission("bookings", SEE_EVENTS[:2], SEE_CHANGES),
        ),
        migrations.RenameField("Booking", "for_house", "is_house_seat"),
        RenameConstraint(
            "Booking",
            "only_the_house_blocks_seats",
            "booking_blocked_is_house_seat",
            condition=~models.Q(status="BLOCKED") | models.Q(is_house_seat=True),
        ),
        migrations.AlterField(
            model_name="booking",
            name="is_house_seat",
            field=models.BooleanField(
                default=False,
                help_text="Blocked by staff, not taken by a customer.",
                verbose_name="house seat",
            ),
        ),
        migrations.AlterField(
            model_name="booking",
            name="reason",
            field=models.CharField(
                blank=True, help_text="Why staff blocked the seat, or cancelled the booking.", max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="booking",
            name="refund_percent",
            field=models.PositiveSmallIntegerField(
                blank=True,
                editable=False,
                help_text="Share of the price that the customer gets back.",
                null=True,
                validators=[django.core.validators.MaxValueValidator(100)],
            ),
        ),
        migrations.AlterModelOptions(
            name="booking",
            options={
                "ordering": ("-id",),
                "permissions": [("block_seats", "Can block and release house seats")],
            },
        ),
        migrations.RunPython(
            name_block_permission("Can block and release house seats"),
            name_block_permission("Can block and free seats of the house"),
        ),
        RenameConstraint("Booking", "a_booking_has_a_known_status", "booking_status_is_known"),
        RenameConstraint("Booking", "cancelled_says_when", "booking_cancelled_at_matches_status"),
        RenameConstraint("Booking", "a_hold_says_until_when", "booking_hold_has_expiry"),
        RenameConstraint("Booking", "no_more_comes_back_than_was_paid", "booking_refund_percent_at_most_100"),
        RenameConstraint("Booking", "seats_count_from_one", "booking_seat_number_at_least_1"),
        RenameConstraint("Booking", "a_seat_costs_nothing_or_more", "booking_price_at_least_0"),
        RenameConstraint("IdempotencyKey", "one_answer_per_key", "idempotency_key_user_key_unique"),
        migrations.RunPython(
            statements(POSTGRESQL, SQLITE),
            statements(DROP_POSTGRESQL, "DROP TRIGGER booking_events_are_append_only"),
        ),
    ]
