"""Tokens: how pairs are signed, those of links in mails, and what is read of those that are sent."""

from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID, uuid5

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.state import token_backend
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token, UntypedToken
from rest_framework_simplejwt.utils import aware_utcnow, get_md5_hash_password

from accounts.models import TokenFamily, User
from movie_booking.limits import parse_id

MAX_JTI = 255  # characters, as the list of dead tokens keeps it

# Claims of a refresh token.
FAMILY, GENERATION = "family", "generation"
# Where the families of tokens without these claims have their ids: each such token is the first of its own.
SIGNED_BEFORE = UUID("8f1c6b0e-2f0a-4b6e-9d53-5a3c7e1d9b40")

# How long the link that verifies an e-mail address works. That for a new password: PASSWORD_RESET_TIMEOUT.
EMAIL_TOKEN_LIFETIME = timedelta(days=3)

AnyToken = TypeVar("AnyToken", bound=Token)


class TokenPair(NamedTuple):
    access: str
    refresh: str


def pair_of(family: TokenFamily) -> TokenPair:
    """Return the newest pair of a family: the same claims, and so the same bytes, each time.

    At least while the password is hashed alike.
    """
    access, refresh = AccessToken(), RefreshToken()
    access.set_exp(from_time=family.issued_at)
    refresh.set_exp(from_time=family.expires_at, lifetime=timedelta(0))
    access[api_settings.REVOKE_TOKEN_CLAIM] = password_mark(family.user.password)
    for token in (access, refresh):
        token.set_iat(at_time=family.issued_at)
        name = f"{token.token_type} {family.generation}"
        token[api_settings.JTI_CLAIM] = uuid5(family.pk, name).hex
        token[api_settings.USER_ID_CLAIM] = str(family.user_id)
    refresh[FAMILY], refresh[GENERATION] = family.pk.hex, family.generation
    return TokenPair(str(access), str(refresh))


@lru_cache(maxsize=4096)
def password_mark(password: str) -> str:
    """Return what an access token says of the password, as it is hashed, that it was issued for.

    It ends with that password. The hash is of salt and hash, so nothing can be guessed from it.
    """
    return get_md5_hash_password(password)


def is_revoked(token: Token, user: User) -> bool:
    """Whether an access token was issued for another password; or is of the time before it said so."""
    return token.get(api_settings.REVOKE_TOKEN_CLAIM) != password_mark(user.password)


def place_of(token: RefreshToken) -> tuple[UUID, int]:
    """Return the family of a refresh token, and which of it this is, from 0. Raises TokenError."""
    if FAMILY not in token:
        return uuid5(SIGNED_BEFORE, token[api_settings.JTI_CLAIM]), 0
    family, generation = token[FAMILY], token.get(GENERATION)
    if type(family) is not str or type(generation) is not int or generation < 0:
        raise TokenError("Token names no family")
    try:
        return UUID(family), generation
    except ValueError as error:
        raise TokenError("Token names no family") from error


def owner_of(refresh: str) -> str | None:
    """Return the id of the user of a token that we signed and that has not expired, or None.

    Without a look at the list of dead ones.
    """
    try:
        return str(read_token(UntypedToken, refresh)[api_settings.USER_ID_CLAIM])
    except TokenError:
        return None


def read_access_token(text: bytes) -> AccessToken:
    """Return the access token that was sent. Raises TokenError.

    A client sends the same one for half an hour. Its signature and shape are checked once, as they stay as
    they are; its age is, each time.
    """
    token = _access_token(text)
    token.check_exp(current_time=aware_utcnow())
    return token


@lru_cache(maxsize=4096)
def _access_token(text: bytes) -> AccessToken:
    return read_token(AccessToken, text)


def read_token(kind: type[AnyToken], text: Any) -> AnyToken:
    """Return the token that was sent. Raises TokenError.

    A signature vouches for who wrote the claims, not for their shape: an older version or another service
    with the same key may have written them. simplejwt hands them to the database as they are.
    """
    try:
        token = _signed_by_us(kind, text)
    except (KeyError, ValueError, OverflowError, OSError) as error:
        # It has no id, or ends at a time beyond the calendar.
        raise TokenError("Token is invalid") from error
    user_id, jti = token.get(api_settings.USER_ID_CLAIM), token[api_settings.JTI_CLAIM]
    if type(user_id) not in (str, int) or parse_id(str(user_id)) is None:
        raise TokenError("Token names no user")
    if not jti.isprintable() or not 0 < len(jti) <= MAX_JTI:
        raise TokenError("Token has no id")
    return token


def _signed_by_us(kind: type[AnyToken], text: Any) -> AnyToken:
    """Return a token that was signed with SECRET_KEY or one of its fallbacks. Raises what `kind` raises."""
    try:
        return kind(text)
    except TokenError:
        for key in settings.SECRET_KEY_FALLBACKS:
            fallback = TokenBackend(api_settings.ALGORITHM, key, leeway=api_settings.LEEWAY)
            with suppress(TokenBackendError):
                signed_anew: Any = token_backend.encode(fallback.decode(text))
                return kind(signed_anew)  # read like all others
        raise


# --- Of links in mails. That for a new password is Django's ----------------------------------------


def uid_of(user: User) -> str:
    """Return what a link calls a user, as Django's links do."""
    return urlsafe_base64_encode(force_bytes(user.pk))


def user_named(uid: str) -> User | None:
    """Return the user whom a link calls so."""
    try:
        user_id = parse_id(urlsafe_base64_decode(uid).decode())
    except ValueError:  # no base64, no text
        return None
    return None if user_id is None else User.objects.filter(pk=user_id).first()


def email_token(user: User) -> str:
    """Return a token that says who has it reads the mail of this user, at the present address."""
    return _email_signer(user).sign("email")


def is_email_token(user: User, token: str) -> bool:
    try:
        return _email_signer(user).unsign(token, max_age=EMAIL_TOKEN_LIFETIME) == "email"
    except BadSignature:
        return False


def _email_signer(user: User) -> TimestampSigner:
    return TimestampSigner(salt=f"accounts.tokens.email {user.pk} {user.email.lower()}")
