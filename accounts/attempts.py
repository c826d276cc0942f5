"""Guessing passwords: after too many wrong ones in a row, no more are looked at for a while.

It is counted in the database, which every worker has, by account and by the network that asks: a stranger who
guesses keeps out nobody but those at the same address. Where many addresses guess together, each has few
tries, but any address has some: the owner's too.
"""

import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import TooManyAttempts
from accounts.models import PasswordFailures
from movie_booking.metrics import PASSWORD_ATTEMPTS, child
from movie_booking.purging import delete_in_batches
from movie_booking.throttling import hold_back
from movie_booking.turns import turns

# An account is guessed by many together if it had so many times PASSWORD_FAILURES in that time.
MANY = 5
WATCHED = timedelta(hours=1)
FEW_TRIES = 3

Result = TypeVar("Result")


def attempt(account: str, network: str, check: Callable[[], Result | None]) -> Result | None:
    """Return what `check` returns: nothing, if the password was wrong. The right one resets the count.

    An attempt counts as failed before it is made, so that of many at once no more get through than of as many
    one after the other. To be called outside of a transaction, which might take the count back. Raises
    TooManyAttempts, without a check, and Busy.
    """
    account = folded(account)
    try:
        # Who logs in many times at once with the right password waits in line rather than to be refused.
        with turns.take(f"password of {account} from {network}"):
            _count(account, network)
            result = check()
            child(PASSWORD_ATTEMPTS, "right" if result else "wrong").inc()
            if result:
                PasswordFailures.objects.filter(account=account, network=network).delete()
            else:
                _count_everywhere(account)
    except TooManyAttempts:
        child(PASSWORD_ATTEMPTS, "not_looked_at").inc()
        hold_back()
        raise
    return result


def folded(account: str) -> str:
    """Return one text for all that a database may take for the same user name."""
    plain = unicodedata.normalize("NFKD", account.lower()).encode("ascii", "ignore").decode()
    return plain.replace("\0", "")[: PasswordFailures._meta.get_field("account").max_length]


# Not counted, and so no row, where there were enough already and their time is not over. On PostgreSQL two at
# once wait for each other, and the later one sees what the earlier one counted.
COUNT = """
INSERT INTO accounts_passwordfailures AS known (account, network, failures, until)
VALUES (%(account)s, %(network)s, 1, %(until)s)
ON CONFLICT (account, network) DO UPDATE
SET until = excluded.until,
    failures = CASE WHEN known.until > %(now)s THEN known.failures + 1 ELSE 1 END
WHERE known.until <= %(now)s OR known.failures < CASE
    WHEN EXISTS (
        SELECT 1 FROM accounts_passwordfailures everywhere
        WHERE everywhere.account = %(account)s AND everywhere.network = ''
        AND everywhere.until > %(now)s AND everywhere.failures >= %(many)s
    ) THEN %(few)s ELSE %(limit)s END
"""
COUNT_EVERYWHERE = """
INSERT INTO accounts_passwordfailures AS known (account, network, failures, until)
VALUES (%(account)s, '', 1, %(until)s)
ON CONFLICT (account, network) DO UPDATE
SET until = CASE WHEN known.until > %(now)s THEN known.until ELSE excluded.until END,
    failures = CASE WHEN known.until > %(now)s THEN known.failures + 1 ELSE 1 END
"""


def _count(account: str, network: str) -> None:
    now, limit = timezone.now(), settings.PASSWORD_FAILURES
    until = now + timedelta(minutes=settings.PASSWORD_PAUSE_MINUTES)
    bounds = {"limit": limit, "many": MANY * limit, "few": min(FEW_TRIES, limit)}
    if not _execute(COUNT, now, until, account=account, network=network, **bounds):
        known = PasswordFailures.objects.filter(account=account, network=network).first()
        seconds = (known.until - now).total_seconds() if known else 1
        raise TooManyAttempts(retry_after=max(1, ceil(seconds)))


def _count_everywhere(account: str) -> None:
    now = timezone.now()
    _execute(COUNT_EVERYWHERE, now, now + WATCHED, account=account)


def _execute(statement: str, now: datetime, until: datetime, **values: str | int) -> int:
    """Return how many rows were written."""
    adapt = connection.ops.adapt_datetimefield_value
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(statement, {**values, "now": adapt(now), "until": adapt(until)})
        return cursor.rowcount


def forget_failures(account: str) -> None:
    """Forget all wrong passwords for an account, wherever they came from."""
    PasswordFailures.objects.filter(account=folded(account)).delete()


def let_try_again(locked: QuerySet[PasswordFailures]) -> int:
    """Forget these wrong passwords, and return how many rows."""
    return locked.delete()[0]


def purge_password_failures() -> int:
    """Delete what is forgotten, and return how many rows."""
    return delete_in_batches(PasswordFailures.objects.filter(until__lte=timezone.now()).order_by("until"))
