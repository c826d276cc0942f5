"""Orders of guests, and of people at the box office: without a user, and with whoever sold them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.models
import bookings.models.guests
import movie_booking.folding
from movie_booking.migration_operations import AllowNull


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0014_lists_by_time"),
        ("movies", "0011_permission_to_move_shows"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Guest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        max_length=254,
                        validators=[accounts.models.validate_ascii, accounts.models.validate_unquoted],
                        verbose_name="e-mail address",
                    ),
                ),
                ("address", models.CharField(blank=True, editable=False, max_length=254)),
                ("name", models.CharField(blank=True, max_length=150)),
                (
                    "telephone",
                    models.CharField(
                        blank=True,
                        max_length=30,
                        validators=[bookings.models.guests.validate_telephone],
                    ),
                ),
                ("access_salt", models.CharField(blank=True, editable=False, max_length=32)),
                (
                    "access_key_hash",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="SHA-256 of the key; blank: no key opens them.",
                        max_length=64,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("anonymised_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("email_folded", movie_booking.folding.FoldedTextField("email", default="", editable=False)),
                ("name_folded", movie_booking.folding.FoldedTextField("name", default="", editable=False)),
                ("surname_folded", bookings.models.guests.LastWordField("name", default="", editable=False)),
                (
                    "telephone_digits",
                    bookings.models.guests.DigitsField("telephone", default="", editable=False),
                ),
                (
                    "telephone_reversed",
                    bookings.models.guests.ReversedDigitsField("telephone", default="", editable=False),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.AddField(
            model_name="order",
            name="sold_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                help_text="The member of staff who sold it; empty if the customer bought it without them.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sold_orders",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        AllowNull(
            model_name="booking",
            name="user",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bookings",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        AllowNull(
            model_name="idempotencykey",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        AllowNull(
            model_name="order",
            name="user",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user__isnull", True)),
                fields=("key",),
                name="idempotency_key_of_guests_unique",
            ),
        ),
        migrations.AddIndex(
            model_name="guest",
            index=models.Index(fields=["address"], name="guest_by_address"),
        ),
        migrations.AddIndex(
            model_name="guest",
            index=models.Index(
                condition=models.Q(("anonymised_at__isnull", True)),
                fields=["created_at"],
                name="guest_by_creation",
            ),
        ),
        migrations.AddIndex(
            model_name="guest",
            index=models.Index(
                fields=["email_folded"], name="guest_by_email_folded", opclasses=["text_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="guest",
            index=models.Index(
                fields=["name_folded"], name="guest_by_name_folded", opclasses=["text_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="guest",
            index=models.Index(
                fields=["surname_folded"], name="guest_by_surname_folded", opclasses=["text_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="guest",
            index=models.Index(
                fields=["telephone_digits"], name="guest_by_telephone_digits", opclasses=["text_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="guest",
            index=models.Index(
                fields=["telephone_reversed"],
                name="guest_by_telephone_reversed",
                opclasses=["text_pattern_ops"],
            ),
        ),
        migrations.AddConstraint(
            model_name="guest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("anonymised_at__isnull", True),
                    models.Q(
                        ("access_key_hash", ""),
                        ("access_salt", ""),
                        ("address", ""),
                        ("email", ""),
                        ("name", ""),
                        ("telephone", ""),
                    ),
                    _connector="OR",
                ),
                name="guest_anonymised_is_blank",
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="guest",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="bookings.guest",
            ),
        ),
    ]
