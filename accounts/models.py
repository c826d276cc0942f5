"""The users: customers and staff."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.emails import spellings_of

# Said by forms, by the Admin and by the API.
USERNAME_TAKEN = "A user with that username already exists."
EMAIL_TAKEN = "A user with that e-mail address already exists."


def validate_ascii(email: str) -> None:
    """Raises ValidationError for letters whose case one database folds and another does not.

    Django's pattern ignores case, and so lets the Kelvin sign through as a K.
    """
    if not email.isascii():
        raise ValidationError("Enter an e-mail address in plain letters (ASCII).", "not_ascii")


def validate_unquoted(email: str) -> None:
    """Raises ValidationError for an address with a quoted part, which may hold separators and formulas.

    The standard allows it (RFC 5321, which advises against it), and hardly a mail provider does.
    """
    if '"' in email:
        raise ValidationError("Enter an e-mail address without quotation marks.", "quoted")


EMAIL_VALIDATORS = [validate_ascii, validate_unquoted]


# What users are found by, from its first letter on: each has an index of PostgreSQL's (migration 0005).
BEGINNINGS = ("username", "email", "first_name", "last_name")


class UserQuerySet(models.QuerySet["User"]):
    def named(self, username: str) -> "UserQuerySet":
        return self.alias(folded_name=Lower("username")).filter(folded_name=Lower(Value(username)))

    def with_email(self, email: str) -> "UserQuerySet":
        return self.alias(folded_email=Lower("email")).filter(folded_email=Lower(Value(email)))

    def counted_as(self, email: str) -> "UserQuerySet":
        """Users whose e-mail address counts as this one: see EMAIL_SPELLINGS_AS_ONE. To be counted only."""
        if not settings.EMAIL_SPELLINGS_AS_ONE:
            return self.with_email(email)
        return self.alias(folded_email=Lower("email")).filter(folded_email__regex=spellings_of(email))

    def beginning(self, typed: str, *, names: bool = False) -> "UserQuerySet":
        """Users whose user name or e-mail address begins so, whatever the case; if asked, their names too."""
        columns = BEGINNINGS if names else BEGINNINGS[:2]
        matches = Q()
        for column in columns:
            # Folded by the database, as its index is.
            matches |= Q(**{f"{column}_folded__startswith": Lower(Value(typed))})
        return self.alias(**{f"{column}_folded": Lower(column) for column in columns}).filter(matches)


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)["User"]):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user of that name, in whatever case it was typed. Raises User.DoesNotExist."""
        return self.named(username or "").get()


class User(AbstractUser):
    """A person with a login. "John" and "john" are one name, and so are two such e-mail addresses."""

    # Letters without accents only: every database folds the case of those alike, and no two names
    # look the same on the screen.
    username_validator = ASCIIUsernameValidator()  # type: ignore[assignment]
    username = models.CharField(
        "user name",
        max_length=150,
        unique=True,
        error_messages={"unique": USERNAME_TAKEN},
        validators=[username_validator],
        help_text="150 characters or fewer: letters, digits and @ . + - _",
    )
    # Blank for accounts made with `createsuperuser` only; signing up asks for one.
    email = models.EmailField("e-mail address", blank=True, validators=EMAIL_VALIDATORS)
    # Since when this address is known to be theirs. Another address is not known to be.
    email_verified_at = models.DateTimeField("e-mail verified at", null=True, blank=True, editable=False)
    # A closed account says no longer whose it was. It stays, as orders and their history name it.
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = UserManager()  # type: ignore[misc]

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined]
        # All are read by the list of the Admin.
        indexes = [
            models.Index(fields=["date_joined"], name="user_by_joining"),
            models.Index(fields=["username"], name="user_staff", condition=Q(is_staff=True)),
            models.Index(fields=["username"], name="user_superusers", condition=Q(is_superuser=True)),
            models.Index(fields=["username"], name="user_inactive", condition=Q(is_active=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_unique_ignoring_case",
                violation_error_message=USERNAME_TAKEN,
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="user_email_unique_ignoring_case",
                violation_error_message=EMAIL_TAKEN,
            ),
        ]

    @property
    def may_reset_password(self) -> bool:
        """Whether a new password may be chosen by mail: not where staff have switched passwords off."""
        return self.is_active and self.has_usable_password() and bool(self.email)


class PasswordFailuresQuerySet(models.QuerySet["PasswordFailures"]):
    def locked(self) -> "PasswordFailuresQuerySet":
        """Those from whom no password is looked at now."""
        enough = Q(failures__gte=settings.PASSWORD_FAILURES, until__gt=timezone.now())
        return self.filter(enough).exclude(network="")


class PasswordFailures(models.Model):
    """How many wrong passwords in a row there were for an account, whether or not there is one of that name.

    From one network; or, where it names none, from all of them within an hour.
    """

    account = models.CharField("user name", max_length=150, help_text="As it was typed, in small letters.")
    network = models.CharField("address", max_length=50, blank=True)
    failures = models.PositiveIntegerField("wrong passwords")
    # When they are forgotten.
    until = models.DateTimeField("until (UTC)")

    objects = PasswordFailuresQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "wrong passwords"
        constraints = [
            models.UniqueConstraint(fields=["account", "network"], name="password_failures_unique"),
        ]
        # Read by the list of the Admin and by `purge_password_failures`.
        indexes = [models.Index(fields=["until"], name="password_failures_by_end")]

    def __str__(self) -> str:
        return f"{self.failures} wrong passwords for {self.account} from {self.network or 'all addresses'}"

    @property
    def is_locked(self) -> bool:
        enough = self.failures >= settings.PASSWORD_FAILURES
        return bool(self.network) and enough and self.until > timezone.now()


class TokenFamily(models.Model):
    """All refresh tokens that descend from one log-in: the newest is good, until the family ends.

    It holds no token, only what the newest pair says: see `tokens.pair_of`.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="token_families")
    # How often a token of it was exchanged. Each refresh token says which it is.
    generation = models.PositiveIntegerField(default=0)
    # Of the newest refresh token.
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "token families"
        # Read by `purge_tokens`.
        indexes = [models.Index(fields=["expires_at"], name="token_family_by_expiry")]

    def __str__(self) -> str:
        return f"Log-in of user {self.user_id}, last renewed {self.issued_at:%d %b %Y, %H:%M} UTC"

    def takes(self, generation: int, *, at: datetime, grace: timedelta) -> bool:
        """Whether that refresh token may be used: the newest, or, while it lasts, the one before.

        The answer to the one before may have been lost. To any older one it was not: its successor was used.
        """
        may_be_lost = bool(grace) and at - self.issued_at <= grace
        return generation == self.generation or (may_be_lost and generation == self.generation - 1)


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def due(self, at: datetime) -> "OutgoingMailQuerySet":
        """Mails to be sent by now, the first ones first."""
        return self.filter(due_at__lte=at).order_by("due_at", "id")


class OutgoingMail(models.Model):
    """A mail that is wanted and was not sent yet: to which address, and not whose that is.

    It is written when it is sent, so that no link and no text is kept.
    """

    class Kind(models.TextChoices):
        PASSWORD_RESET = "PASSWORD_RESET", "Password reset"
        EMAIL_VERIFICATION = "EMAIL_VERIFICATION", "E-mail verification"
        PASSWORD_CHANGED = "PASSWORD_CHANGED", "Notice of another password"
        EMAIL_CHANGED = "EMAIL_CHANGED", "Notice of another e-mail address"

    kind = models.CharField(max_length=20, choices=Kind)
    address = models.EmailField(help_text="As it was asked for, in small letters.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Of the next attempt.
    due_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        indexes = [
            # Read by `send_mails`, every second.
            models.Index(fields=["due_at"], name="mail_by_due"),
            # Read when a mail was sent, and by whoever looks for what is held of an address.
            models.Index(fields=["address"], name="mail_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
