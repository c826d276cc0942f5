"""Events of a show that never sold may go with the show; all others stay, as before.

The trigger lets them go only if the transaction named the show, and only if no seat of it was ever booked.
SQLite's trigger keeps events from being changed and never kept them from being deleted.
"""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION booking_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {exception}
    RAISE EXCEPTION 'booking events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
EXCEPTION = """
    IF TG_OP = 'DELETE'
        AND current_setting('movie_booking.deleted_show', true) = OLD.show_id::text
        AND NOT EXISTS (
            SELECT FROM bookings_bookingevent WHERE show_id = OLD.show_id AND to_status = 'BOOKED'
        )
    THEN
        RETURN OLD;
    END IF;
"""


def replace_function(exception):
    def replace(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(FUNCTION.format(exception=exception))

    return replace


class Migration(migrations.Migration):
    dependencies = [("bookings", "0010_every_order_has_terms")]

    operations = [migrations.RunPython(replace_function(EXCEPTION), replace_function(""))]
