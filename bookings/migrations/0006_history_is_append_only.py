"""The database itself keeps the history as it was written.

SQLite keeps it from being changed; that rows stay is left to it that nothing here deletes them.
"""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION seat_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of seats is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER seat_history_is_append_only BEFORE UPDATE OR DELETE ON bookings_seatchange
    FOR EACH ROW EXECUTE FUNCTION seat_history_is_append_only();
"""
SQLITE = """
CREATE TRIGGER seat_history_is_append_only BEFORE UPDATE ON bookings_seatchange
BEGIN SELECT RAISE(ABORT, 'the history of seats is append-only'); END
"""


def add_trigger(apps, schema_editor):
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def remove_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER seat_history_is_append_only ON bookings_seatchange")
        schema_editor.execute("DROP FUNCTION seat_history_is_append_only")
    else:
        schema_editor.execute("DROP TRIGGER seat_history_is_append_only")


class Migration(migrations.Migration):
    dependencies = [("bookings", "0005_every_booking_has_an_order")]

    operations = [migrations.RunPython(add_trigger, remove_trigger)]
