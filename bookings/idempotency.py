"""The header Idempotency-Key: a request that is sent twice has its effect once, and the same response.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.response import Response

from accounts.http import UserRequest
from accounts.machines import Machine
from bookings.access_keys import META_KEY as ORDER_KEY
from bookings.errors import InProgress, KeyReused
from bookings.models import IdempotencyKey, as_reference
from bookings.queueing import turn_of
from movie_booking.api.renderers import JSONRenderer
from movie_booking.database import RETRY_AFTER_SECONDS, is_lock_failure
from movie_booking.errors import Invalid
from movie_booking.purging import delete_in_batches

View = Callable[..., Response]

HEADER = "Idempotency-Key"
META_KEY = f"HTTP_{HEADER.upper().replace('-', '_')}"  # where WSGI has it
# Visible ASCII, bare or quoted as the IETF draft has it (a string of RFC 8941).
KEY = re.compile(r'"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255})')


def idempotent(view: View) -> View:
    """Answer a repeated request with the response to the first one and do nothing again; each in its turn.

    A viewset may have a method `told_again` that makes of a stored body what is told of it now.

    Raises Invalid for a key that is none, Busy, KeyReused and InProgress.
    """

    @wraps(view)
    def call(self: Any, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        sent = request.META.get(META_KEY)
        if sent is None:
            with turn_of(self):
                return view(self, request, *args, **kwargs)
        key = _read_key(sent)

        def work() -> StoredResponse:
            response = view(self, request, *args, **kwargs)
            return StoredResponse(response.status_code, JSONRenderer().render(response.data).decode())

        with turn_of(self):
            stored = run_once(asker=_asker(request, key), fingerprint=_fingerprint(request), work=work)
        body = json.loads(stored.body)
        if not stored.replayed:
            return Response(body, status=stored.status)
        told = getattr(self, "told_again", lambda body: body)(body)
        return Response(told, status=stored.status, headers={"Idempotent-Replayed": "true"})

    return call


class StoredResponse(NamedTuple):
    status: int
    body: str  # JSON
    replayed: bool = False


class Asker(NamedTuple):
    """Whose key it is: a user's; or a guest's or a machine's, and then it is a hash with what only this guest
    knows, or with the key of this machine.

    A hash by each secret that is known: so hosts of which only some have another SECRET_KEY yet have one in
    common. They are in one order everywhere, so that no two requests wait for each other.
    """

    user_id: int | None
    keys: tuple[str, ...]


def run_once(*, asker: Asker, fingerprint: str, work: Callable[[], StoredResponse]) -> StoredResponse:
    """Do the work and store its response in the same transaction; or return the one stored before.

    A second request with the key waits until the first is done. A refusal, raised by `work`, rolls
    everything back and stores nothing, so that the customer can try again. Raises KeyReused if the
    key was used for something else, and InProgress after a wait as long as the lock time-out.
    """
    with transaction.atomic():
        rows = IdempotencyKey.objects.filter(user=asker.user_id)
        claimed: list[str] = []
        for key in asker.keys:
            if _claim(asker.user_id, key, fingerprint):
                claimed.append(key)
                continue
            kept = rows.get(key=key)
            if kept.fingerprint != fingerprint:
                raise KeyReused
            # Status and body were committed with the key.
            response = StoredResponse(cast("int", kept.status), kept.body, replayed=True)
            break
        else:
            response = work()
        if claimed:
            rows.filter(key__in=claimed).update(status=response.status, body=response.body)
        return response


def purge_idempotency_keys() -> int:
    """Delete responses that were kept long enough, and return how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=_horizon())
    return delete_in_batches(old.order_by("created_at"))


# ON CONFLICT waits for the transaction that is inserting the same key, and then either finds its row or, if
# it was rolled back, inserts ours. A row past its time counts as none.
CLAIM_TEMPLATE = """
INSERT INTO bookings_idempotencykey (user_id, key, fingerprint, created_at, body)
VALUES (%s, %s, %s, %s, '') ON CONFLICT {unique} DO UPDATE
SET fingerprint = excluded.fingerprint, created_at = excluded.created_at, body = ''
WHERE bookings_idempotencykey.created_at < %s
"""
CLAIM = CLAIM_TEMPLATE.format(unique="(user_id, key)")
CLAIM_OF_GUEST = CLAIM_TEMPLATE.format(unique="(key) WHERE user_id IS NULL")


def _claim(user_id: int | None, key: str, fingerprint: str) -> bool:
    now, too_old = (
        connection.ops.adapt_datetimefield_value(moment) for moment in (timezone.now(), _horizon())
    )
    try:
        with connection.cursor() as cursor:
            claim = CLAIM_OF_GUEST if user_id is None else CLAIM
            cursor.execute(claim, [user_id, key, fingerprint, now, too_old])
            return cursor.rowcount == 1
    except OperationalError as error:
        if is_lock_failure(error):
            raise InProgress(retry_after=RETRY_AFTER_SECONDS) from error
        raise


def _horizon() -> datetime:
    return timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS)


def _asker(request: UserRequest, key: str) -> Asker:
    """Say whose key it is, so that no guest and no machine gets what another was answered.

    A guest who orders is known by the e-mail address, afterwards by the key of the order. Either goes into a
    hash with the Idempotency-Key, by a secret, as keys may be as short as "1".
    """
    if request.user.is_authenticated:
        return Asker(request.user.pk, (key,))
    if isinstance(request.user, Machine):
        mixed = json.dumps(["machine", request.user.key_id, key])
    else:
        guest = request.data.get("guest") if isinstance(request.data, dict) else None
        email = guest.get("email") if isinstance(guest, dict) else None
        proof = request.META.get(ORDER_KEY) or str(email).strip().lower()
        mixed = json.dumps([proof, key])
    known = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    hashes = (
        salted_hmac("bookings.idempotency", mixed, each, algorithm="sha256").hexdigest() for each in known
    )
    return Asker(None, tuple(sorted(hashes)))


def _read_key(sent: str) -> str:
    """Return the key, without its quotes if it has any. Raises Invalid."""
    match = KEY.fullmatch(sent.strip())
    if match is None:
        form = "Send 1 to 255 visible ASCII characters, bare or in double quotes."
        raise Invalid.of(HEADER, form, "invalid")
    return match[1] or match[2]


def _fingerprint(request: UserRequest) -> str:
    """Return what makes two requests the same: method, path and the body whatever its spacing."""
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"), default=str)
    path = request.path.upper()  # a reference may be typed in any case, and with O for 0
    if reference := request.parser_context["kwargs"].get("reference"):
        path = path.replace(f"/{reference.upper()}/", f"/{as_reference(reference)}/")
    return hashlib.sha256(f"{request.method} {path} {body}".encode()).hexdigest()
