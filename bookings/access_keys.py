"""The secret that opens a guest's orders, told once in the answer that made the first of them.

The database has a hash of it, by which a key that is sent is checked, and a salt. The key follows from the
salt and the secret of this installation, so that the answer can be repeated to who sends the same request
again. Neither a copy of the database nor the secret alone opens an order. The hash alone decides, so a key
outlives the secret that it follows from.
"""

import base64
import hashlib
import secrets
from typing import NamedTuple

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

HEADER = "Order-Key"
META_KEY = "HTTP_ORDER_KEY"  # where WSGI has it


class Access(NamedTuple):
    """What is stored of a key."""

    salt: str
    key_hash: str


def new_access() -> Access:
    salt = secrets.token_urlsafe(16)
    return Access(salt, hash_of(key_of(salt)))


def key_of(salt: str, secret: str | None = None) -> str:
    """Return the key that belongs to a salt, by SECRET_KEY or another secret: 43 characters, of 256 bits."""
    digest = salted_hmac("bookings.access_keys", salt, secret, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def key_told(access: Access) -> str | None:
    """Return the key again that was told; or None if it follows from a secret that is no longer known."""
    secrets_known = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    keys = (key_of(access.salt, secret) for secret in secrets_known)
    return next((key for key in keys if opens(key, access.key_hash)), None)


def hash_of(key: str) -> str:
    """Return what is stored. A key is random and long, so one round of hashing is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def opens(key: str, key_hash: str) -> bool:
    """Whether a key that was sent is the one of this hash, in the same time whether it is or not."""
    return constant_time_compare(hash_of(key), key_hash or "none")
