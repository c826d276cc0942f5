"""How a line of the log looks: JSON for programs or text for people, and without what is nobody's business.

Nothing of Django is loaded here, as the production server logs before its workers load that.
"""

import json
import logging
import re
import threading
import traceback
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from movie_booking.request_context import current, route_of, user_id_of

logger = logging.getLogger(__name__)

HIDDEN = "***"
# Who says how requests were answered.
ACCESS = "movie_booking.access"


def configuration(
    level: int | str, style: str, *, sentry_dsn: str = "", with_django: bool = True
) -> dict[str, Any]:
    """Return what `logging.config.dictConfig` takes: everything to stderr, a line an event.

    `style` is json or text. `with_django` is for processes that load it, and know what an outage is.
    """
    outages = "movie_booking.outages.OutagesInBrief"
    # Sentry has a person look at what it is told: of an outage once in ten minutes.
    filters = {"outages": {"()": outages}, "outages_for_sentry": {"()": outages, "seconds": 600}}
    stderr: dict[str, Any] = {"class": "logging.StreamHandler", "formatter": style}
    sentry = {"()": "movie_booking.sentry.handler", "dsn": sentry_dsn, "filters": ["outages_for_sentry"]}
    handlers: dict[str, Any] = {"stderr": stderr}
    if with_django:
        stderr["filters"] = ["outages"]
        handlers |= {"sentry": sentry} if sentry_dsn else {}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": filters if with_django else {},
        "formatters": {
            "json": {"()": "movie_booking.logs.JSONLines"},
            "text": {"()": "movie_booking.logs.TextLines"},
        },
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level},
            # A seat that is taken is an answer like any other, not something to warn of.
            "django.request": {"level": "ERROR"},
            # What the server itself says, which else has handlers of its own.
            "gunicorn.error": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }


def log_failed_threads() -> None:
    """Have what is caught nowhere in a thread logged like all else. Python prints it with what it says."""

    def log_failure(failed: threading.ExceptHookArgs) -> None:
        logger.error("A thread failed", exc_info=failed.exc_value)

    threading.excepthook = log_failure


class JSONLines(logging.Formatter):
    """A JSON object a line, in ASCII: nothing in it can begin another line, or turn its letters around."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **facts_of(record),
        }
        if record.exc_info:
            line["exception"] = "\n".join(lines_of(record.exc_info[1]))
        return json.dumps(line)


class TextLines(logging.Formatter):
    """A line of text, and below it a traceback, set in: what begins at the margin is a line of ours."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, timezone.utc).isoformat(" ", "milliseconds")
        line = f"{at[:-6]} {record.levelname} {record.name}: {message_of(record)}"
        facts = " ".join(f"{name}={value}" for name, value in facts_of(record).items())
        if facts:
            line += f" ({facts})"
        error = record.exc_info[1] if record.exc_info else None
        return "\n  ".join(printable(each) for each in [line, *lines_of(error)])


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what is known of the request that a record is about, and what the record has of its own."""
    facts: dict[str, Any] = {}
    context = current.get()
    if context is not None:
        facts = {"request_id": context.request_id, "method": context.method}
    request = request_of(record)
    if request is not None:
        facts["route"] = route_of(request)
        facts["user"] = user_id_of(request)
    facts |= record.__dict__.get("fields", {})
    return {name: value for name, value in facts.items() if value not in (None, "")}


def request_of(record: logging.LogRecord) -> Any:
    """Return Django's request, as long as it is answered, or that of a record of Django's own."""
    context = current.get()
    if context is not None and context.request is not None:
        return context.request
    named = record.__dict__.get("request")
    return named if hasattr(named, "resolver_match") else None  # the development server names a socket


def message_of(record: logging.LogRecord) -> str:
    """Return what a record says, without secrets.

    Django says which path or host was asked for: that may be anything, so there stands the route.
    """
    message = record.getMessage()
    if record.name == ACCESS:
        return message  # ours, and often
    if record.name.startswith(("django.request", "django.security")):
        request = request_of(record)
        if request is not None:
            message = message.replace(request.path, route_of(request) or HIDDEN)
    if record.name.startswith("django.security"):
        message = without_quotes(message)
    return without_secrets(message)


# --- What is left out ----------------------------------------------------------------------------

# Nothing that we say is longer.
LONGEST = 4000  # characters
# Each part begins at the beginning of a word, or a long one would be looked through from each of its letters.
SECRETS = re.compile(
    r"(?P<before>://)[^/\s@]+(?=@)"  # a password in an address
    r"|(?<![\w.+%-])[\w.+%-]+@[\w-]+\.[\w.-]+"  # an e-mail address
    r"|(?<![\w-])eyJ[\w-]+\.[\w.-]+"  # a token
    r"|(?<![\w-])mbk_[\w-]+"  # the key of a machine
    r"|(?P<scheme>\bBearer )[\w.~+/-]+"
    r"|(?P<name>(?<![\w-])(?:[\w-]*(?:cookie|password|secret|session|token)\w{0,20}"
    r"|(?:access|api|idempotency|order)[_-]key|authorization|passwd|refresh|uid)[\"']?\s*[=:]\s*(?:(?:bearer|key)\s)?)"
    r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&]+)",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """Return a text without what looks like a secret or an e-mail address."""

    def hide(found: re.Match[str]) -> str:
        return f"{found['before'] or found['scheme'] or found['name'] or ''}{HIDDEN}"

    return SECRETS.sub(hide, text[:LONGEST])


# What a database names in quotes of its own accord.
QUOTED = re.compile(
    r"(?P<name>\b(?:column|constraint|function|index|relation|sequence|table|type) )?"
    r"""(?:"[^"]*(?:"|$)|'[^']*(?:'|$))"""
)
# They quote names of the program.
OF_THE_PROGRAM = (AttributeError, ImportError, NameError, TypeError)


def without_quotes(text: str) -> str:
    """Return a text without what stands in quotes, but for names of the database's: it may have been sent."""
    return QUOTED.sub(lambda found: found[0] if found["name"] else f"'{HIDDEN}'", text[:LONGEST])


def said_by(error: BaseException) -> str:
    """Return what an exception says, as far as it can be logged: of the first line what is no value.

    PostgreSQL says in the lines after it which row was refused.
    """
    said = (str(error).splitlines() or [""])[0]
    return without_secrets(said if isinstance(error, OF_THE_PROGRAM) else without_quotes(said))


def chain_of(error: BaseException | None) -> list[BaseException]:
    """Return an exception and what it followed from, the first of them first."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.insert(0, error)
        error = error.__cause__ if error.__suppress_context__ else error.__context__
    return chain


def lines_of(error: BaseException | None) -> Iterator[str]:
    """Yield the traceback of an exception and of what it followed from, without what values there were."""
    for each in chain_of(error):
        kind, said = type(each), said_by(each)
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        yield "Traceback (most recent call last):"
        for frame in traceback.format_tb(each.__traceback__):
            yield from frame.rstrip().splitlines()
        yield f"{module}{kind.__qualname__}" + (f": {said}" if said else "")
        if each is not error:
            yield "which led to:"


def printable(line: str) -> str:
    """Return a line with what would end it, move it or turn it around written out."""
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)
