"""How much of an outage is logged."""

import logging
import time

from django.db import InterfaceError, OperationalError

UNAVAILABLE = "503"


class OutagesInBrief(logging.Filter):
    """Logs an outage of the database by one line a second for each kind, rather than a traceback a request.

    A kind is what the database says. That a request was therefore answered with 503 is no line of its own.
    Each process counts for itself, and so does each place that lines go to, which may want them less often.
    """

    def __init__(self, *, seconds: float = 1) -> None:
        super().__init__()
        self.seconds = seconds
        self.said: dict[str, float] = {}  # within these seconds, by kind

    def filter(self, record: logging.LogRecord) -> bool:
        kind = kind_of(record)
        if kind is None:
            return True
        now = time.monotonic()
        self.said = {each: at for each, at in self.said.items() if now - at < self.seconds}
        if kind in self.said or (kind == UNAVAILABLE and self.said):
            return False
        self.said[kind] = now
        if record.exc_info:
            record.msg, record.args = f"{record.getMessage()}: {kind}", None
            record.exc_info = record.exc_text = None
            record.outage = kind  # for the next one that is asked
        return True


def kind_of(record: logging.LogRecord) -> str | None:
    """Return the kind of outage that a record tells of; None if it tells of none."""
    if known := record.__dict__.get("outage"):
        return str(known)
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, (OperationalError, InterfaceError)):
        return (str(error).strip() or type(error).__name__).splitlines()[0]
    # Django's own line about a response.
    return UNAVAILABLE if getattr(record, "status_code", None) == 503 else None
