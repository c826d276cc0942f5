"""Constraints say table, column and rule. Only their names change."""

from django.db import migrations

from movie_booking.migration_operations import RenameConstraint


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_ascii_email")]

    operations = [
        RenameConstraint("User", "one_account_per_username", "user_username_unique_ignoring_case"),
        RenameConstraint("User", "one_account_per_email", "user_email_unique_ignoring_case"),
    ]
