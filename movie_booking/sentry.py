"""Errors, sent to Sentry: what the log says of them, and nothing that a client sent.

Loaded if SENTRY_DSN says where to, in each process that loads Django.
"""

import logging
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.logging import EventHandler
from sentry_sdk.types import Event, Hint

from movie_booking import __version__
from movie_booking.logs import HIDDEN, chain_of, facts_of, message_of, said_by

# What an event has of itself, and of the program. All else that Sentry may collect stays here.
KEPT = {
    *("event_id", "timestamp", "level", "logger", "logentry", "exception", "platform", "release"),
    *("environment", "server_name", "sdk", "modules", "tags"),
}


class Errors(EventHandler):
    """Sends what is logged as an error, but for Django's second line about the failure of an answer."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.name != "django.request":
            super().emit(record)


def handler(dsn: str) -> logging.Handler:
    """Return what sends errors to Sentry, in the background."""
    sentry_sdk.init(
        dsn,
        release=__version__,
        # None of those that look into requests, queries or processes by themselves.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[AtexitIntegration(callback=lambda pending, timeout: None)],
        before_send=scrub,
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        shutdown_timeout=2,
    )
    return Errors(level=logging.ERROR)


def scrub(event: Event, hint: Hint) -> Event:
    """Return the event with what the log says, in the same words, and by which request."""
    record: logging.LogRecord = hint["log_record"]
    kept: dict[str, Any] = {name: value for name, value in event.items() if name in KEPT}
    kept["logentry"] = {"message": message_of(record)}
    kept["tags"] = {name: str(value) for name, value in facts_of(record).items() if name != "statement"}
    said = list(map(said_by, chain_of(record.exc_info[1] if record.exc_info else None)))
    for value in kept.get("exception", {}).get("values", []):
        value["value"] = said.pop(0) if said else HIDDEN
    return kept  # type: ignore[return-value]
