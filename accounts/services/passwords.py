"""What a password must be, and changing one's own."""

from typing import NamedTuple

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import get_default_password_validators, validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.attempts import attempt
from accounts.models import User
from accounts.services.log_ins import EndLogIns, begin_log_in, end_log_ins, lock_account
from accounts.services.mails import tell_of_another_password
from accounts.tokens import TokenPair
from movie_booking.errors import Invalid
from movie_booking.field_messages import FieldMessage, FieldMessages, messages_of

WRONG_PASSWORD = "That is not your password."  # noqa: S105 - a sentence


class PasswordRule(NamedTuple):
    """What a password must be, and the code with which one is refused that is not."""

    code: str
    detail: str


# Of Django's validators, which say it only when they refuse.
PASSWORD_CODES = {
    "MinimumLengthValidator": "password_too_short",
    "UserAttributeSimilarityValidator": "password_too_similar",
    "CommonPasswordValidator": "password_too_common",
    "NumericPasswordValidator": "password_entirely_numeric",
}


def password_rules() -> list[PasswordRule]:
    """Return what `sign_up` asks of a password. One of another validator has the code `invalid`."""
    return [
        PasswordRule(PASSWORD_CODES.get(type(each).__name__, "invalid"), each.get_help_text())
        for each in get_default_password_validators()
        if not isinstance(each, EndLogIns)  # it refuses none
    ]


def shortest_password() -> int:
    """Return how many characters a password has at least."""
    lengths = (getattr(each, "min_length", 1) for each in get_default_password_validators())
    return max(lengths, default=1)


def why_password_refused(password: str, user: User) -> list[FieldMessage]:
    """Return all that is wrong with a new password for that user."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        return messages_of(error.error_list)
    return []


def change_password(*, user: User, old_password: str, new_password: str, network: str) -> TokenPair:
    """Set another password, end all log-ins, and return the first pair of a new one.

    Raises Invalid for what is wrong with either password, and TooManyAttempts.
    """
    refused: FieldMessages = {}
    if not attempt(user.username, network, lambda: user.check_password(old_password)):
        refused["old_password"] = [FieldMessage(WRONG_PASSWORD, "wrong_password")]
    if messages := why_password_refused(new_password, user):
        refused["new_password"] = messages
    if refused:
        raise Invalid(errors=refused)
    hashed = make_password(new_password)  # slow on purpose, so before the transaction and not within
    wrong = Invalid.of("old_password", WRONG_PASSWORD, "wrong_password")
    with transaction.atomic():
        user = lock_account(user, old_password, refusal=wrong)
        user.password = hashed
        user.save(update_fields=["password"])
        follow_password_change(user)
        return begin_log_in(user)


def follow_password_change(user: User) -> None:
    """End all log-ins of a user whose password was changed, and tell them by mail."""
    end_log_ins(user)
    tell_of_another_password(user)
