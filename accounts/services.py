"""The verbs of accounts: sign up, log in, stay logged in, log out."""

import logging
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import get_default_password_validators, validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from accounts.attempts import attempt
from accounts.errors import TokenNotValid, WrongCredentials
from accounts.models import EMAIL_TAKEN, USERNAME_TAKEN, TokenFamily, User
from accounts.tokens import FAMILY, TokenPair, pair_of, place_of, read_token
from movie_booking.errors import Invalid
from movie_booking.field_messages import FieldMessage, FieldMessages, messages_of

logger = logging.getLogger(__name__)


def sign_up(*, username: str, email: str, password: str) -> User:
    """Open an account and return it. Raises Invalid with all the fields that are refused."""
    if refused := why_refused(username=username, email=email, password=password):
        raise Invalid(errors=refused)
    user = User(username=username, email=User.objects.normalize_email(email))
    user.set_password(password)  # slow on purpose, so before the transaction and not within
    _save(user)
    return user


def why_refused(*, username: str = "", email: str = "", password: str | None = None) -> FieldMessages:
    """Return what is wrong with those fields of a new account that are given."""
    user = User(username=username, email=User.objects.normalize_email(email))
    refused = _taken(user)
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            refused["password"] = messages_of(error.error_list)
    return refused


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
    if taken := _taken(user):
        raise Invalid(errors=taken)


def _taken(user: User) -> FieldMessages:
    others = User.objects.exclude(pk=user.pk)
    taken: FieldMessages = {}
    if user.username and others.named(user.username).exists():
        taken["username"] = [FieldMessage(USERNAME_TAKEN, "not_unique")]
    if user.email and others.counted_as(user.email).exists():
        taken["email"] = [FieldMessage(EMAIL_TAKEN, "not_unique")]
    return taken


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


def log_in(*, username: str, password: str, network: str) -> TokenPair:
    """Return the first pair of tokens of a new family. Raises WrongCredentials and TooManyAttempts."""
    user = attempt(username, network, lambda: authenticate(username=username, password=password))
    if user is None:
        raise WrongCredentials
    now = timezone.now()
    family = TokenFamily.objects.create(user=user, issued_at=now, expires_at=now + RefreshToken.lifetime)
    return pair_of(family)


def rotate_tokens(*, refresh: str) -> TokenPair:
    """Return a new pair for a refresh token, which is used up by it. Raises TokenNotValid.

    For REFRESH_GRACE_SECONDS the same token gets the same pair again. Who sends it later has a copy of what
    another used: as it cannot be told which of the two is the thief, the family ends for both.
    """
    with transaction.atomic():
        family, generation, is_good = _lock_family(refresh)
        if is_good and not family.user.is_active:
            raise TokenNotValid
        if is_good and generation == family.generation:
            family.generation += 1
            family.issued_at = timezone.now()
            family.expires_at = family.issued_at + RefreshToken.lifetime
            family.save(update_fields=["generation", "issued_at", "expires_at"])
    if not is_good:
        raise TokenNotValid
    return pair_of(family)


def log_out(*, refresh: str) -> None:
    """End the family of the refresh token. Raises TokenNotValid for one that could not be exchanged."""
    with transaction.atomic():
        family, _, is_good = _lock_family(refresh)
        _end(family)
    if not is_good:
        raise TokenNotValid


def _lock_family(refresh: str) -> tuple[TokenFamily, int, bool]:
    """Lock the family of a refresh token; return it, which of it the token is, and whether it may be used.

    If it may not, the family has ended by that. Raises TokenNotValid for one that had ended before.
    """
    try:
        token = read_token(RefreshToken, refresh)
        family_id, generation = place_of(token)
    except TokenError as error:
        raise TokenNotValid from error
    if FAMILY not in token:
        _adopt(token, family_id)
    families = TokenFamily.objects.select_related("user").select_for_update(no_key=True, of=("self",))
    family = families.filter(pk=family_id, user=int(token["user_id"]), ended_at=None).first()
    if family is None:
        raise TokenNotValid
    grace = timedelta(seconds=settings.REFRESH_GRACE_SECONDS)
    is_good = family.takes(generation, at=timezone.now(), grace=grace)
    if not is_good:
        _end(family)
        logger.warning("A used refresh token of user %s was sent again: its family ended.", family.user_id)
    return family, generation, is_good


def _adopt(token: RefreshToken, family_id: UUID) -> None:
    """Begin a family with a token that was signed when there were none, unless it has begun one."""
    user = User.objects.filter(pk=token["user_id"]).first()
    if user is not None:
        expires_at = datetime_from_epoch(token["exp"])
        family = TokenFamily(pk=family_id, user=user, issued_at=timezone.now(), expires_at=expires_at)
        TokenFamily.objects.bulk_create([family], ignore_conflicts=True)


def _end(family: TokenFamily) -> None:
    family.ended_at = timezone.now()
    family.save(update_fields=["ended_at"])


def purge_tokens() -> int:
    """Delete families of which every token has expired, and what is kept of single such tokens.

    Returns how many families.
    """
    leeway: timedelta = settings.SIMPLE_JWT["LEEWAY"]
    horizon = timezone.now() - leeway
    OutstandingToken.objects.filter(expires_at__lt=horizon).delete()
    return TokenFamily.objects.filter(expires_at__lt=horizon).delete()[0]
