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
from rest_framework.response import Response

from accounts.http import UserRequest
from accounts.models import User
from bookings.errors import InProgress, KeyReused
from bookings.models import IdempotencyKey, as_reference
from bookings.queueing import turn_of
from movie_booking.api.renderers import JSONRenderer
from movie_booking.database import RETRY_AFTER_SECONDS, is_lock_failure
from movie_booking.errors import Invalid

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
            stored = run_once(user=request.user, key=key, fingerprint=_fingerprint(request), work=work)
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


def run_once(*, user: User, key: str, fingerprint: str, work: Callable[[], StoredResponse]) -> StoredResponse:
    """Do the work and store its response in the same transaction; or return the one stored before.

    A second request with the key waits until the first is done. A refusal, raised by `work`, rolls
    everything back and stores nothing, so that the customer can try again. Raises KeyReused if the
    key was used for something else, and InProgress after a wait as long as the lock time-out.
    """
    with transaction.atomic():
        if not _claim(user, key, fingerprint):
            kept = IdempotencyKey.objects.get(user=user, key=key)
            if kept.fingerprint != fingerprint:
                raise KeyReused
            return StoredResponse(cast("int", kept.status), kept.body, replayed=True)  # both were committed
        response = work()
        IdempotencyKey.objects.filter(user=user, key=key).update(status=response.status, body=response.body)
        return response


def purge_idempotency_keys() -> int:
    """Delete responses that were kept long enough, and return how many."""
    deleted, _ = IdempotencyKey.objects.filter(created_at__lt=_horizon()).delete()
    return deleted


# ON CONFLICT waits for the transaction that is inserting the same key, and then either finds its row or, if
# it was rolled back, inserts ours. A row past its time counts as none.
CLAIM = """
INSERT INTO bookings_idempotencykey (user_id, key, fingerprint, created_at, body)
VALUES (%s, %s, %s, %s, '') ON CONFLICT (user_id, key) DO UPDATE
SET fingerprint = excluded.fingerprint, created_at = excluded.created_at, body = ''
WHERE bookings_idempotencykey.created_at < %s
"""


def _claim(user: User, key: str, fingerprint: str) -> bool:
    now, too_old = (
        connection.ops.adapt_datetimefield_value(moment) for moment in (timezone.now(), _horizon())
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [user.pk, key, fingerprint, now, too_old])
            return cursor.rowcount == 1
    except OperationalError as error:
        if is_lock_failure(error):
            raise InProgress(retry_after=RETRY_AFTER_SECONDS) from error
        raise


def _horizon() -> datetime:
    return timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS)


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
