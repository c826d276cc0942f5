"""The keys of machines: made, found by what a machine sends, and revoked."""

import hmac
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db.models import F
from django.utils import timezone

from accounts.machines import Machine
from accounts.models import User
from movie_booking.composed import ComposedQuery
from movie_booking.database import NotWritable
from movies.models import MachineKey
from movies.models.keys import SCOPES

# So that whoever finds a key where none should be, a scanner of repositories too, knows what it is.
MARK = "mbk"
PREFIX_BYTES, SECRET_BYTES = 6, 32
# How exactly it is known when a key was last used: a row is written that seldom.
USE_IS_NOTED_EVERY = timedelta(hours=1)

# A key, once for each of its cinemas, or once without any.
KEY_BY_PREFIX: ComposedQuery[Any] = ComposedQuery(
    lambda prefix: (
        MachineKey.objects.filter(prefix=prefix)
        .order_by()
        .values_list(
            "id",
            "owner",
            "secret_hash",
            "revoked_at",
            "last_used_at",
            "rate",
            "all_cinemas",
            *SCOPES,
            F("cinemas"),
        )
    ),
    str,
)


def make_key(key: MachineKey, *, maker: User) -> str:
    """Write a new key and return it as its machine will send it. It cannot be read again."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    key.prefix = secrets.token_hex(PREFIX_BYTES)
    key.secret_hash = _digest(secret)
    key.created_by = maker
    key.save()
    return f"{MARK}_{key.prefix}_{secret}"


def revoke_key(key: MachineKey) -> bool:
    """Let nothing be done with the key from now on. Returns whether it was good until now."""
    return bool(MachineKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()))


def machine_of(sent: str) -> Machine | None:
    """Return whose key that is, or None if it is none, or no longer. One query, as for a user's token."""
    mark, prefix, secret = [*sent.split("_", 2), "", ""][:3]
    rows = KEY_BY_PREFIX(prefix) if mark == MARK and prefix.isalnum() and prefix.isascii() else []
    kept = rows[0][2] if rows else ""
    if not hmac.compare_digest(_digest(secret), kept) or rows[0][3] is not None:
        return None
    key_id, owner, _, _, last_used_at, rate, in_all, *scopes, _ = rows[0]
    _note_use(key_id, last_used_at)
    return Machine(
        key_id,
        owner,
        scopes=frozenset(scope for scope, has in zip(SCOPES.values(), scopes, strict=True) if has),
        cinemas=None if in_all else frozenset(row[-1] for row in rows if row[-1] is not None),
        rate=rate,
    )


def _note_use(key_id: int, last: datetime | None) -> None:
    now = timezone.now()
    if last is None or now - last > USE_IS_NOTED_EVERY:
        with suppress(NotWritable):  # reads go on meanwhile
            MachineKey.objects.filter(pk=key_id, last_used_at=last).update(last_used_at=now)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
