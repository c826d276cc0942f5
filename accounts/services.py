"""The verbs of accounts: sign up, log in, stay logged in, log out."""

from typing import Any, NamedTuple

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import get_default_password_validators, validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.errors import TokenNotValid, WrongCredentials
from accounts.models import EMAIL_TAKEN, USERNAME_TAKEN, User
from accounts.tokens import read_token
from movie_booking.errors import Invalid


def sign_up(*, username: str, email: str, password: str) -> User:
    """Open an account and return it. Raises Invalid with the fields that are refused."""
    user = User(username=username, email=User.objects.normalize_email(email))
    _refuse_taken(user)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(errors={"password": error.messages}) from error
    user.set_password(password)  # slow on purpose, so before the transaction and not within
    _save(user)
    return user


@transaction.atomic
def change_profile(*, user: User, **changes: str) -> User:
    """Write what changes of the e-mail address and the names, on the account as it is now, and return it.

    Raises Invalid for an address in use.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if "email" in changes:
        changes["email"] = User.objects.normalize_email(changes["email"])
    changes = {name: value for name, value in changes.items() if getattr(user, name) != value}
    for name, value in changes.items():
        setattr(user, name, value)
    _refuse_taken(user)
    _save(user, update_fields=list(changes))
    return user


def _save(user: User, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            user.save(update_fields=update_fields)
    except IntegrityError:
        _refuse_taken(user)  # another request was faster; now its row is there to be named
        raise


def _refuse_taken(user: User) -> None:
    others = User.objects.exclude(pk=user.pk)
    errors = {}
    if others.named(user.username).exists():
        errors["username"] = [USERNAME_TAKEN]
    if user.email and others.with_email(user.email).exists():
        errors["email"] = [EMAIL_TAKEN]
    if errors:
        raise Invalid(errors=errors)


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
    ]


def shortest_password() -> int:
    """Return how many characters a password has at least."""
    lengths = (getattr(each, "min_length", 1) for each in get_default_password_validators())
    return max(lengths, default=1)


def log_in(*, username: str, password: str) -> RefreshToken:
    """Return a refresh token, which carries its access token. Raises WrongCredentials."""
    user = authenticate(username=username, password=password)
    if user is None:
        raise WrongCredentials
    return RefreshToken.for_user(user)


def rotate_tokens(*, refresh: str) -> RefreshToken:
    """Return a new pair for a refresh token, which is used up by it. Raises TokenNotValid."""
    old = _valid_token(refresh)
    user = User.objects.filter(pk=old["user_id"], is_active=True).first()
    if user is None:
        raise TokenNotValid
    _blacklist(old)
    return RefreshToken.for_user(user)


def log_out(*, refresh: str) -> None:
    """Make the refresh token useless. Raises TokenNotValid if it already was."""
    _blacklist(_valid_token(refresh))


def _valid_token(refresh: str) -> RefreshToken:
    try:
        return read_token(RefreshToken, refresh)
    except TokenError as error:
        raise TokenNotValid from error


def _blacklist(token: RefreshToken) -> None:
    # Of two requests that use one token at the same moment, one inserts the row, and only that one
    # may go on: a stolen token cannot be raced against its owner.
    row_and_is_new: Any = token.blacklist()
    if not row_and_is_new[1]:
        raise TokenNotValid
