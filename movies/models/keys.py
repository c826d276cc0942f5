"""The keys of machines."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from accounts.machines import Scope
from movie_booking.rates import parse_rate
from movies.models.catalogue import Cinema

# What a key is for, by the field that says so.
SCOPES = {"reads_catalogue": Scope.CATALOGUE, "sells": Scope.SELL, "looks_up": Scope.LOOK_UP}


def validate_rate(text: str) -> None:
    """Raises ValidationError for what is no rate."""
    try:
        parse_rate(text)
    except ValueError as error:
        raise ValidationError(str(error), "invalid") from error


class MachineKey(models.Model):
    """What a machine shows to be let in: for some things, in some cinemas. The secret in it is not kept."""

    owner = models.CharField(
        max_length=100, help_text="Whose key it is, as the history of what it sold will say: “Kiosk, foyer”."
    )
    # Its first part, by which it is found. It may be seen by anyone.
    prefix = models.CharField("begins with", max_length=12, unique=True, editable=False)
    # SHA-256 of the rest: too random to be guessed, so that it need not be slow.
    secret_hash = models.CharField(max_length=64, editable=False)
    reads_catalogue = models.BooleanField("read the catalogue", default=True)
    sells = models.BooleanField("sell", default=False, help_text="And give back what it sold itself.")
    looks_up = models.BooleanField(
        "look up orders",
        default=False,
        help_text="Every order of its cinemas, with the customer's name and address.",
    )
    all_cinemas = models.BooleanField("in all cinemas", default=False)
    cinemas = models.ManyToManyField(Cinema, blank=True, related_name="+")
    rate = models.CharField(
        "limit",
        max_length=20,
        blank=True,
        validators=[validate_rate],
        help_text="Of its requests, as 600/minute; off for none. Empty: that of the settings.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    last_used_at = models.DateTimeField(null=True, editable=False, help_text="To the hour.")
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("owner", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(reads_catalogue=True) | Q(sells=True) | Q(looks_up=True),
                name="machine_key_is_for_something",
                violation_error_message="Say what the key is for.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner} ({self.prefix}…)"
