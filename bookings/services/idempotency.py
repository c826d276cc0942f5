"""A request that is sent twice has its effect once, and both get the same answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts.models import User
from bookings.errors import InProgress, KeyReused
from bookings.models import IdempotencyKey
from movie_booking.database import is_lock_failure


class Answer(NamedTuple):
    status: int
    body: str  # JSON
    replayed: bool = False


def answer_once(*, user: User, key: str, fingerprint: str, work: Callable[[], Answer]) -> Answer:
    """Do the work and keep its answer in the same transaction; or return the answer kept before.

    A second request with the key waits until the first is done. A refusal, raised by `work`, rolls
    everything back and keeps nothing, so that the customer can try again. Raises KeyReused if the
    key was used for something else, and InProgress after a wait as long as the lock time-out.
    """
    with transaction.atomic():
        if not _claim(user, key, fingerprint):
            kept = IdempotencyKey.objects.get(user=user, key=key)
            if kept.fingerprint != fingerprint:
                raise KeyReused
            return Answer(kept.status or 0, kept.body, replayed=True)
        answer = work()
        IdempotencyKey.objects.filter(user=user, key=key).update(status=answer.status, body=answer.body)
        return answer


# ON CONFLICT waits for whoever is inserting the same key, and then either finds their row or, if
# they were rolled back, inserts ours. A row past its time counts as none.
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
            raise InProgress(retry_after=1) from error
        raise


def _horizon() -> datetime:
    return timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS)


def purge_idempotency_keys() -> int:
    """Forget answers that were kept long enough, and return how many."""
    deleted, _ = IdempotencyKey.objects.filter(created_at__lt=_horizon()).delete()
    return deleted
