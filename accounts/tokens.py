"""Reading tokens: signed by us, and with nothing in them that we never put there."""

from functools import lru_cache
from typing import Any, TypeVar

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, Token
from rest_framework_simplejwt.utils import aware_utcnow

from movie_booking.limits import parse_id

MAX_JTI = 255  # characters, as the list of dead tokens keeps it

AnyToken = TypeVar("AnyToken", bound=Token)


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
        token = kind(text)
    except (KeyError, ValueError, OverflowError, OSError) as error:
        # It has no id, or ends at a time beyond the calendar.
        raise TokenError("Token is invalid") from error
    user_id, jti = token.get(api_settings.USER_ID_CLAIM), token[api_settings.JTI_CLAIM]
    if type(user_id) not in (str, int) or parse_id(str(user_id)) is None:
        raise TokenError("Token names no user")
    if not jti.isprintable() or not 0 < len(jti) <= MAX_JTI:
        raise TokenError("Token has no id")
    return token
