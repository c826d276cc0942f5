"""Statements that took long, in the log: each as it was sent, without its values."""

import logging
import re
from time import perf_counter

from django.conf import settings

logger = logging.getLogger(__name__)

LONGEST = 2000  # characters


def note(statement: object, started: float) -> None:
    """Log a statement that was sent at that moment of `perf_counter`, if it has taken too long."""
    seconds = perf_counter() - started
    if seconds >= settings.SLOW_QUERY_SECONDS > 0:
        text = re.sub(r"\s+", " ", str(statement)).strip()[:LONGEST]
        fields = {"seconds": round(seconds, 3), "statement": text}
        logger.warning("A statement took %.1f seconds", seconds, extra={"fields": fields})
