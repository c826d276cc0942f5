"""Whether the server lives, and whether it is ready: for the probes of proxies, containers and monitors.

They come by the address of a host, over plain HTTP, each second and from many. So they are answered before
anything else is asked, and told nothing that could not be told to everybody.
"""

import logging
import os
from collections.abc import Callable, Collection
from functools import cache
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, NamedTuple, cast

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone

from bookings.models import HousekeepingRun
from movie_booking import stopping
from movie_booking.counting import SharedCounts, counts
from movie_booking.request_context import current

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

OK = "ok"
# What a host sells without. A proxy leaves these out, as they are the same on all hosts.
EXCLUDABLE = frozenset({"housekeeping", "redis"})
LEVELS = {"ready": logging.INFO, "degraded": logging.WARNING, "not_ready": logging.ERROR}
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Report(NamedTuple):
    """What was found: for each that was looked at "ok", or what is wrong with it."""

    checks: dict[str, str]

    def status(self, excluded: Collection[str]) -> str:
        """Return "ready", "degraded" if nothing is wrong but what is excluded, or "not_ready"."""
        wrong = {name for name, state in self.checks.items() if state != OK}
        if wrong - (EXCLUDABLE & set(excluded)):
            return "not_ready"
        return "degraded" if wrong else "ready"


# --- What is looked at -----------------------------------------------------------------------------


def look() -> Report:
    """Ask the database and Redis now. A production worker asks less often: see `greenlets`."""
    checks = {"database": OK}
    try:
        if is_read_only():
            checks["database"] = "read_only"
        elif not is_migrated():
            checks["migrations"] = "missing"
        else:
            checks["migrations"] = OK
            checks["housekeeping"] = housekeeping()
    except DatabaseError as error:
        logger.debug("The database was looked at in vain", exc_info=error)
        checks["database"] = "unreachable"
    counted = counts(settings.REDIS_URL)
    if isinstance(counted, SharedCounts):
        checks["redis"] = OK if counted.answers() else "unreachable"
    return Report(checks)


def is_read_only() -> bool:
    """Whether nothing can be written, as on a standby. Nothing is written to find out.

    That could wait for a standby for ever, while those who only read are served.
    """
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        name = str(connection.settings_dict["NAME"])
        return os.path.exists(name) and not os.access(name, os.W_OK)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_read_only')")
        return bool(cursor.fetchone() == ("on",))


_migrated: set[str] = set()  # databases that had all migrations, as they have them for ever


def is_migrated() -> bool:
    """Whether the database has all migrations that this release brings. It may have those of the next."""
    database = str(connection.settings_dict["NAME"])
    if database not in _migrated and migrations() <= set(MigrationRecorder(connection).applied_migrations()):
        _migrated.add(database)
    return database in _migrated


@cache
def migrations() -> frozenset[tuple[str, str]]:
    """All migrations by app and name. They are not loaded, which would take a worker a tenth of a second."""
    names = set()
    for app in apps.get_app_configs():
        module, _ = MigrationLoader.migrations_module(app.label)
        package = find_spec(module) if module else None
        if package is not None:
            names |= {(app.label, each.name) for each in iter_modules(package.submodule_search_locations)}
    return frozenset(names)


def housekeeping() -> str:
    """Return whether all that is done beside the servers was done in time, on whichever host."""
    due_at = HousekeepingRun.objects.aggregate(first=Min("due_at"))["first"]
    if due_at is None:
        return "never_done"
    return "late" if due_at + HousekeepingRun.PATIENCE < timezone.now() else OK


# --- What is said ----------------------------------------------------------------------------------


class Readiness:
    """Looks, by a function that a production worker replaces, and logs when what it finds is another."""

    def __init__(self) -> None:
        self.look = look
        self._said: Report | None = None

    def report(self) -> Report:
        if stopping.is_announced():
            return Report({"server": "stopping"})
        found = self.look()
        report = Report({"server": OK, **found.checks})
        if report != self._said:
            self._said = report
            wrong = [f"{name} {state}" for name, state in report.checks.items() if state != OK]
            status = report.status(EXCLUDABLE)
            logger.log(LEVELS[status], "This process is %s", ": ".join([status, *wrong]))
        return report


readiness = Readiness()


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers, whatever becomes of what it needs."""
    return answer(request, lambda: (200, {"status": "alive"}))


def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether all is well: 200, or 503 and what is wrong. What `?exclude=` names is said and no 503."""

    def said() -> tuple[int, dict[str, Any]]:
        report = readiness.report()
        status = report.status(request.GET.getlist("exclude"))
        return 503 if status == "not_ready" else 200, {"status": status, "checks": report.checks}

    return answer(request, said)


def answer(request: HttpRequest, said: Callable[[], tuple[int, dict[str, Any]]]) -> HttpResponse:
    response: Any
    if request.method in ("GET", "HEAD"):
        status, body = said()
        response = JsonResponse(body, status=status, headers=HEADERS)
    else:
        response = HttpResponseNotAllowed(["GET", "HEAD"], headers=HEADERS)
    # Django logs each answer of 4xx and 5xx, and this one is asked for each second.
    response._has_been_logged = True
    return cast("HttpResponse", response)


VIEWS = {"/healthz": healthz, "/readyz": readyz}


def answer_probes(get_response: GetResponse) -> GetResponse:
    """Middleware, the first: answer probes whatever host they name, and over plain HTTP."""

    def middleware(request: HttpRequest) -> HttpResponse:
        view = VIEWS.get(request.path_info)
        if view is None:
            return get_response(request)
        current.set(None)  # what is logged here is about no request, and not about that which came before
        return view(request)

    return middleware
