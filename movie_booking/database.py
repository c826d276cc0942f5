"""What it means when the database refuses or fails. The one place that knows how each of them says it."""

import logging
from contextvars import ContextVar
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError
from django.db.models import Model, ProtectedError

from movie_booking.errors import Busy, Conflict, DomainError, InUse, OutcomeUnknown, Unavailable
from movie_booking.metrics import DATABASE_FAILURES, child

logger = logging.getLogger(__name__)

# Whether the present request only reads. Some connections are kept for such, so that they go on while what
# others write cannot be committed.
is_reading: ContextVar[bool] = ContextVar("is_reading", default=False)

RETRY_AFTER_SECONDS = 1
# SQLSTATE for lock_not_available, deadlock_detected and serialization_failure.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_LOCK_STATES = {"55P03": "lock_timeout", "40P01": "deadlock", "40001": "serialization"}


class NoConnection(OperationalError):
    """All connections to the database that there may be are in use, and remained so."""


class NotWritable(OperationalError):
    """The server takes no writes. Another one may, to which a new connection would lead."""


class CommitUnanswered(OperationalError):
    """The connection broke while a transaction was to be committed: it was or it was not."""


def is_lock_failure(error: Exception) -> bool:
    """Whether a transaction failed because of others, so that the same again may succeed.

    True for a wait that outlasted `lock_timeout`, a deadlock and a serialization failure (PostgreSQL), for
    a file that others kept writing to (SQLite), and where no connection got free.
    """
    if isinstance(error, NoConnection):
        return True
    return getattr(error.__cause__, "pgcode", None) in _LOCK_STATES or "database is locked" in str(error)


def kind_of_failure(error: Exception) -> str:
    """Return what a refusal or failure of the database is counted as."""
    match error:
        case IntegrityError():
            return "constraint"
        case NoConnection():
            return "no_connection"
        case CommitUnanswered():
            return "commit_unanswered"
    if not is_lock_failure(error):
        return "unavailable"
    return _LOCK_STATES.get(getattr(error.__cause__, "pgcode", None) or "", "file_locked")


def violates(error: IntegrityError, constraint: str, model: type[Model] | None = None) -> bool:
    """Whether this constraint, by its name, is the one that refused the change.

    SQLite names the columns of a unique constraint instead: give the `model` that has it.
    """
    text = str(error)
    if constraint in text or model is None:
        return constraint in text
    meta: Any = model._meta
    fields = next(each.fields for each in meta.constraints if each.name == constraint)
    return ", ".join(f"{meta.db_table}.{meta.get_field(field).column}" for field in fields) in text


def database_refusal(error: Exception) -> DomainError | None:
    """Return what a refusal or failure of the database means to the client; None for any other error."""
    match error:
        case ProtectedError():
            return InUse()
        case OperationalError() | InterfaceError():
            child(DATABASE_FAILURES, kind_of_failure(error)).inc()
            if is_lock_failure(error):
                return Busy(retry_after=RETRY_AFTER_SECONDS)
            if isinstance(error, CommitUnanswered):
                logger.error("The database did not answer a COMMIT", exc_info=error)
                return OutcomeUnknown(retry_after=RETRY_AFTER_SECONDS)
            logger.error("The database does not answer", exc_info=error)
            return Unavailable(retry_after=RETRY_AFTER_SECONDS)
        case IntegrityError():
            child(DATABASE_FAILURES, kind_of_failure(error)).inc()
            # Two requests met where no lock keeps them apart, and the database let one of them
            # through: a row was deleted while another was about to refer to it, for example.
            logger.warning("A constraint refused a change", exc_info=error)
            return Conflict("Another request changed this at the same time. Please try again.")
    return None
