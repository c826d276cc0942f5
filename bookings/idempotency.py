"""The header Idempotency-Key: a request that is sent twice has its effect once, and the same response.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
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
from movie_booking.statements import BRIEFLY, Message, Statement, execute

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
            return StoredResponse.of(view(self, request, *args, **kwargs))

        with turn_of(self):
            stored = run_once(asker=_asker(request, key), fingerprint=_fingerprint(request), work=work)
        return stored.told_by(self)

    return call


class StoredResponse(NamedTuple):
    status: int
    body: str  # JSON
    replayed: bool = False

    @classmethod
    def of(cls, response: Response) -> "StoredResponse":
        return cls(response.status_code, JSONRenderer().render(response.data).decode())

    def told_by(self, viewset: Any) -> Response:
        """Return what the client is told now."""
        body = json.loads(self.body)
        if not self.replayed:
            return Response(body, status=self.status)
        told = getattr(viewset, "told_again", lambda body: body)(body)
        return Response(told, status=self.status, headers={"Idempotent-Replayed": "true"})


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
            answer = _answer_of(rows.get(key=key), fingerprint)
            if isinstance(answer, KeyReused):
                raise answer
            response = answer
            break
        else:
            response = work()
        if claimed:
            rows.filter(key__in=claimed).update(status=response.status, body=response.body)
        return response


def refuse_once(claim: "Claim", refusal: Exception) -> StoredResponse:
    """Return the response stored with a key, or raise this refusal if there is none. Raises as `run_once`."""

    def refuse() -> StoredResponse:
        raise refusal

    return run_once(asker=Asker(claim.user_id, (claim.key,)), fingerprint=claim.fingerprint, work=refuse)


class Claim(NamedTuple):
    """The key of a user, and what they ask for with it."""

    user_id: int
    key: str
    fingerprint: str


def claim_of(request: UserRequest) -> Claim | None:
    """Return what a request of a user claims, if it has a key. Raises Invalid for one that is none."""
    sent = request.META.get(META_KEY)
    return None if sent is None else Claim(request.user.pk, _read_key(sent), _fingerprint(request))


def claim_all(claims: Collection[Claim], *, is_shared: bool) -> dict[Claim, StoredResponse | KeyReused]:
    """Claim the keys of users, one of each, and return what is to be answered to those whose key was used
    before.

    For a transaction that answers requests, before it locks a show. Raises InProgress; soon, if it
    `is_shared` by several, as all would wait for what one of them needs.
    """
    if not claims:
        return {}
    with waiting_briefly() if is_shared else nullcontext():
        # All who claim several do so in this order, or two of them might wait for each other.
        claimed = _claim_rows(sorted(claims), OF_USER)
    if claimed == len(claims):
        return {}
    by_key = {(claim.user_id, claim.key): claim for claim in claims}
    users, keys = zip(*by_key, strict=True)
    answers: dict[Claim, StoredResponse | KeyReused] = {}
    for kept in IdempotencyKey.objects.filter(user__in=users, key__in=keys):
        claim = by_key.get((cast("int", kept.user_id), kept.key))
        if claim is None or kept.status is None:  # another's key that is the same, or what is claimed now
            continue
        answers[claim] = _answer_of(kept, claim.fingerprint)
    return answers


def _answer_of(kept: IdempotencyKey, fingerprint: str) -> StoredResponse | KeyReused:
    """What a request is told whose key was used before."""
    if kept.fingerprint != fingerprint:
        return KeyReused()
    # Status and body were committed with the key.
    return StoredResponse(cast("int", kept.status), kept.body, replayed=True)


@contextmanager
def waiting_briefly() -> Iterator[None]:
    """Have the locks of others be waited for only briefly, on PostgreSQL, if nothing fails."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)", [BRIEFLY]
        )
        usual, _ = cursor.fetchone()
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [usual])


KEEP = Message(
    Statement.with_names(
        "keep_responses",
        """
WITH kept AS (
    UPDATE bookings_idempotencykey AS kept SET status = response.status, body = response.body
    FROM unnest((SELECT %(users)s::bigint[]), (SELECT %(keys)s::text[]), (SELECT %(statuses)s::int[]),
        (SELECT %(bodies)s::text[])) AS response (user_id, key, status, body)
    WHERE kept.user_id = response.user_id AND kept.key = response.key
), given_up AS (
    DELETE FROM bookings_idempotencykey AS kept
    USING unnest((SELECT %(refused_users)s::bigint[]), (SELECT %(refused_keys)s::text[]))
        AS refused (user_id, key)
    WHERE kept.user_id = refused.user_id AND kept.key = refused.key
)
SELECT set_config('movie_booking.returned', '', false)
""",
    )
)


def keep_all(responses: Mapping[Claim, StoredResponse], *, refused: Collection[Claim]) -> None:
    """Store the responses to claims at the end of their transaction, and give up the keys of those that were
    refused, who can try again.
    """
    if not (responses or refused):
        return
    if connection.vendor == "postgresql":
        given = {
            "refused_users": [claim.user_id for claim in refused],
            "refused_keys": [claim.key for claim in refused],
            "users": [claim.user_id for claim in responses],
            "keys": [claim.key for claim in responses],
            "statuses": [response.status for response in responses.values()],
            "bodies": [response.body for response in responses.values()],
        }
        execute(KEEP, given, is_last=True)
        return
    for claim in refused:
        IdempotencyKey.objects.filter(user=claim.user_id, key=claim.key).delete()
    for claim, response in responses.items():
        own = IdempotencyKey.objects.filter(user=claim.user_id, key=claim.key)
        own.update(status=response.status, body=response.body)


def purge_idempotency_keys() -> int:
    """Delete responses that were kept long enough, and return how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=_horizon())
    return delete_in_batches(old.order_by("created_at"))


# ON CONFLICT waits for the transaction that is inserting the same key, and then either finds its row or, if
# it was rolled back, inserts ours. A row past its time counts as none.
CLAIM_TEMPLATE = """
INSERT INTO bookings_idempotencykey (user_id, key, fingerprint, created_at, body)
VALUES {rows} ON CONFLICT {unique} DO UPDATE
SET fingerprint = excluded.fingerprint, created_at = excluded.created_at, status = NULL, body = ''
WHERE bookings_idempotencykey.created_at < %s
"""
OF_USER, OF_GUEST = "(user_id, key)", "(key) WHERE user_id IS NULL"


def _claim(user_id: int | None, key: str, fingerprint: str) -> bool:
    return _claim_rows([(user_id, key, fingerprint)], OF_GUEST if user_id is None else OF_USER) == 1


def _claim_rows(claims: Sequence[tuple[int | None, str, str]], unique: str) -> int:
    """Claim keys by this unique index, and return how many were to be had. Raises InProgress."""
    now, too_old = (
        connection.ops.adapt_datetimefield_value(moment) for moment in (timezone.now(), _horizon())
    )
    rows = ", ".join(["(%s, %s, %s, %s, '')"] * len(claims))
    values = [value for claim in claims for value in (*claim, now)]
    try:
        with connection.cursor() as cursor:
            cursor.execute(CLAIM_TEMPLATE.format(rows=rows, unique=unique), [*values, too_old])
            return cursor.rowcount
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
