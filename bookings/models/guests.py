"""Whoever buys without an account: the contact details that an order was given."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import EMAIL_VALIDATORS
from movie_booking.folding import FoldedTextField, FoldingModel, FoldingQuerySet, fold

TELEPHONE = re.compile(r"\A\+?[0-9(][0-9 ()./-]{2,28}\Z")


def validate_telephone(number: str) -> None:
    """Raises ValidationError for what nobody could dial."""
    if not TELEPHONE.match(number):
        message = "Enter a telephone number: digits, with + ( ) . / - and blanks between them."
        raise ValidationError(message, "invalid")


class LastWordField(FoldedTextField):
    """The last word of another field, folded: of a name, mostly the surname."""

    def fold(self, text: str) -> str:
        return fold(text).rsplit(maxsplit=1)[-1] if text.strip() else ""


class DigitsField(FoldedTextField):
    """The digits of another field, and nothing between them."""

    def fold(self, text: str) -> str:
        return re.sub("[^0-9]", "", text)


class ReversedDigitsField(DigitsField):
    """The same from the last to the first: who calls from home leaves out the code of the country."""

    def fold(self, text: str) -> str:
        return super().fold(text)[::-1]

    def get_prep_value(self, value: Any) -> Any:
        return value  # it is turned round already, and must not be once more


class GuestQuerySet(FoldingQuerySet["Guest"]):
    def beginning(self, typed: str) -> "GuestQuerySet":
        """Guests whose e-mail address, name or last name begins so, whatever the case, or with a telephone
        number that begins or ends with these digits. Each has an index.
        """
        folded, digits = fold(typed.strip()), re.sub("[^0-9]", "", typed)
        if not folded:
            return self.none()
        matches = Q(email_folded__startswith=folded) | Q(name_folded__startswith=folded)
        matches |= Q(surname_folded__startswith=folded)
        if len(digits) >= FEWEST_DIGITS and TELEPHONE.match(typed.strip()):
            matches |= Q(telephone_digits__startswith=digits)
            # Without the zeros by which a number begins at home, or the way out of the country.
            matches |= Q(telephone_reversed__startswith=digits.lstrip("0")[::-1])
        return self.filter(matches)


# Of fewer a telephone number is not looked up: half of all have them somewhere.
FEWEST_DIGITS = 4


class Guest(FoldingModel):
    """Contact details given with an order by somebody without an account. Each may be blank.

    Nobody has shown that the e-mail address is theirs. An order that was exchanged for seats of another show
    leads to another order of the same guest.
    """

    email = models.EmailField("e-mail address", blank=True, validators=EMAIL_VALIDATORS)
    # By which limits count: see `accounts.emails`.
    address = models.CharField(max_length=254, blank=True, editable=False)
    name = models.CharField(max_length=150, blank=True)
    telephone = models.CharField(max_length=30, blank=True, validators=[validate_telephone])
    # What opens the guest's orders is not stored: see `bookings.access_keys`.
    access_salt = models.CharField(max_length=32, blank=True, editable=False)
    access_key_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 of the key; blank: no key opens them."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    anonymised_at = models.DateTimeField(null=True, blank=True, editable=False)
    # By which staff find them.
    email_folded = FoldedTextField("email")
    name_folded = FoldedTextField("name")
    surname_folded = LastWordField("name")
    telephone_digits = DigitsField("telephone")
    telephone_reversed = ReversedDigitsField("telephone")

    objects = GuestQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        indexes = [
            # Read with each order of a guest, for the limits.
            models.Index(fields=["address"], name="guest_by_address"),
            # Read when contact details are to be forgotten.
            models.Index(
                fields=["created_at"], name="guest_by_creation", condition=Q(anonymised_at__isnull=True)
            ),
            # Read by the searches of the Admin, for beginnings: PostgreSQL needs to be told so.
            *(
                models.Index(fields=[column], name=f"guest_by_{column}", opclasses=["text_pattern_ops"])
                for column in (
                    "email_folded",
                    "name_folded",
                    "surname_folded",
                    "telephone_digits",
                    "telephone_reversed",
                )
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(anonymised_at__isnull=True)
                | Q(email="", address="", name="", telephone="", access_salt="", access_key_hash=""),
                name="guest_anonymised_is_blank",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.telephone or "Walk-in"

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known of the guest, as of most who buy at the box office."""
        return not (self.email or self.name or self.telephone)
