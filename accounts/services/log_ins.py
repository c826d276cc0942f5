"""Logging in, staying logged in, logging out."""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.attempts import attempt
from accounts.errors import TokenNotValid, WrongCredentials
from accounts.models import TokenFamily, User
from accounts.tokens import FAMILY, TokenPair, pair_of, place_of, read_token
from movie_booking.purging import delete_in_batches

logger = logging.getLogger(__name__)


def log_in(*, username: str, password: str, network: str) -> TokenPair:
    """Return the first pair of tokens of a new family. Raises WrongCredentials and TooManyAttempts."""
    user = attempt(username, network, lambda: authenticate(username=username, password=password))
    if user is None:
        raise WrongCredentials
    with transaction.atomic():
        return begin_log_in(lock_account(user, password, refusal=WrongCredentials()))


def lock_account(user: User, password: str, *, refusal: Exception) -> User:
    """Lock and return the account of a user who gave this password, which was found right.

    Checking it is slow, and so came before the transaction. Raises the refusal if the account was
    deactivated or got another password meanwhile: what that ended must not begin anew.
    """
    fresh = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    # Another log-in may have hashed the same password anew.
    is_right = fresh.password == user.password or check_password(password, fresh.password)
    if not (fresh.is_active and is_right):
        raise refusal
    return fresh


def begin_log_in(user: User) -> TokenPair:
    """Return the first pair of tokens of a new family."""
    now = timezone.now()
    family = TokenFamily.objects.create(user=user, issued_at=now, expires_at=now + RefreshToken.lifetime)
    return pair_of(family)


def end_log_ins(user: User) -> None:
    """End all of a user's: no refresh token can be exchanged any longer.

    Access tokens end with the password that they were issued for.
    """
    user.token_families.filter(ended_at=None).update(ended_at=timezone.now())
    # Those that were signed before there were families, and have begun none.
    OutstandingToken.objects.filter(user=user).delete()


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
    """Begin a family with a token that was signed when there were none, unless it has begun one.

    Such a token was noted when it was issued, until `end_log_ins`.
    """
    issued = OutstandingToken.objects.select_related("user").filter(jti=token[api_settings.JTI_CLAIM]).first()
    if issued is not None and issued.user is not None:
        family = TokenFamily(
            pk=family_id, user=issued.user, issued_at=timezone.now(), expires_at=issued.expires_at
        )
        TokenFamily.objects.bulk_create([family], ignore_conflicts=True)


def _end(family: TokenFamily) -> None:
    family.ended_at = timezone.now()
    family.save(update_fields=["ended_at"])


class EndLogIns:
    """As a validator of passwords, which refuses none: Django tells those when a password was changed.

    So log-ins end on whatever way that is: in the Admin, and by `manage.py changepassword`.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        pass

    def password_changed(self, password: str, user: User | None = None) -> None:
        if user is not None:
            end_log_ins(user)

    def get_help_text(self) -> str:
        return "All log-ins of the account end with its old password."


def purge_tokens() -> int:
    """Delete families of which every token has expired, and what is kept of single such tokens.

    Returns how many families.
    """
    leeway: timedelta = settings.SIMPLE_JWT["LEEWAY"]
    horizon = timezone.now() - leeway
    delete_in_batches(OutstandingToken.objects.filter(expires_at__lt=horizon).order_by("pk"))
    return delete_in_batches(TokenFamily.objects.filter(expires_at__lt=horizon).order_by("expires_at"))
