"""Whether the server lives and is ready: what probes are told, and what they are not asked."""

import logging
import os
from ctypes import c_bool
from datetime import timedelta
from multiprocessing import RawValue

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from bookings.models import HousekeepingRun
from bookings.tests.factories import keep_house
from drills.haproxy import READY
from movie_booking import health, stopping
from movie_booking.request_context import RequestContext, current
from movie_booking.tests.test_bad_headers import through_wsgi

pytestmark = pytest.mark.django_db

ALL_OK = {"server": "ok", "database": "ok", "migrations": "ok", "housekeeping": "ok"}


@pytest.fixture(autouse=True)
def _new(monkeypatch):
    """Nothing is known of other tests."""
    monkeypatch.setattr(health, "readiness", health.Readiness())
    monkeypatch.setattr(health, "_migrated", set())


@pytest.fixture
def kept_house():
    return keep_house()


def probe(path="/readyz", method="GET", **headers):
    return Client().generic(method, path, headers=headers)


def ready(path="/readyz"):
    """Status and body of a probe."""
    response = probe(path)
    return response.status_code, response.json()


def broken(**checks):
    return 503, {"status": "not_ready", "checks": {"server": "ok", **checks}}


def failing(execute, sql, params, many, context):
    raise OperationalError("connection to server at 10.0.0.7 failed: Connection refused")


# --- Alive -----------------------------------------------------------------------------------------


def test_a_server_is_alive_without_its_database(django_assert_num_queries):
    with connection.execute_wrapper(failing), django_assert_num_queries(0):
        response = probe("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "alive"})


# --- Ready -----------------------------------------------------------------------------------------


def test_it_is_ready_while_all_is_well(kept_house):
    assert ready() == (200, {"status": "ready", "checks": ALL_OK})


def test_that_all_migrations_are_there_is_asked_until_it_is_so(kept_house, django_assert_num_queries):
    ready()

    # Whether it can be written to (on SQLite the file says that), and when housekeeping was done.
    with django_assert_num_queries(2 if connection.vendor == "postgresql" else 1):
        ready()


def test_what_a_probe_logs_is_not_about_the_request_before_it(kept_house):
    current.set(RequestContext("of-another-request", "POST"))

    ready()

    assert current.get() is None


def test_without_its_database_it_is_not_ready_and_does_not_say_where_that_is():
    with connection.execute_wrapper(failing):
        assert ready() == broken(database="unreachable")
        assert b"10.0.0.7" not in probe().content


@pytest.mark.postgres
def test_on_a_standby_it_is_not_ready():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")

    assert ready() == broken(database="read_only")


def test_with_a_file_that_may_not_be_written_it_is_not_ready(monkeypatch):
    if connection.vendor == "postgresql":
        monkeypatch.setattr(connection, "vendor", "sqlite")
        monkeypatch.setitem(connection.settings_dict, "NAME", __file__)
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    assert ready() == broken(database="read_only")


def test_before_the_last_migration_it_is_not_ready(kept_house):
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("bookings", "0022_housekeeping")
    assert ready() == broken(database="ok", migrations="missing")

    recorder.record_applied("bookings", "0022_housekeeping")
    recorder.record_applied("bookings", "9999_of_the_next_release")
    assert ready() == (200, {"status": "ready", "checks": ALL_OK})


def test_the_migrations_are_those_that_django_would_load():
    assert set(MigrationLoader(None).disk_migrations) == health.migrations()


# --- What a host sells without: a proxy leaves it out ------------------------------------------------


@pytest.mark.parametrize("file", ["deploy/Caddyfile", "docs/operations.md"])
def test_proxies_ask_as_they_do_in_the_drills(settings, file):
    assert READY in (settings.BASE_DIR / file).read_text()


def test_housekeeping_that_is_late_is_said_and_keeps_no_customer_out(kept_house):
    HousekeepingRun.objects.update(due_at=timezone.now() - timedelta(minutes=4))
    assert ready() == (200, {"status": "ready", "checks": ALL_OK})

    HousekeepingRun.objects.update(due_at=timezone.now() - timedelta(minutes=6))
    late = {**ALL_OK, "housekeeping": "late"}
    assert ready() == broken(**late)
    assert ready(READY) == (200, {"status": "degraded", "checks": late})


def test_housekeeping_that_never_was_is_said():
    never = {**ALL_OK, "housekeeping": "never_done"}
    assert ready() == broken(**never)
    assert ready(READY) == (200, {"status": "degraded", "checks": never})


def test_redis_that_is_gone_is_said_and_keeps_no_customer_out(kept_house, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/none"
    gone = {**ALL_OK, "redis": "unreachable"}

    assert ready() == broken(**gone)
    assert ready("/readyz?exclude=housekeeping") == broken(**gone)
    assert ready(READY) == (200, {"status": "degraded", "checks": gone})


@pytest.mark.parametrize("exclude", ["database", "", "redis,housekeeping", "%00", "redis&exclude=database"])
def test_nothing_else_can_be_left_out(kept_house, exclude):
    with connection.execute_wrapper(failing):
        assert ready(f"/readyz?exclude={exclude}") == broken(database="unreachable")


def test_what_is_left_out_and_well_is_ready(kept_house):
    assert ready(READY) == (200, {"status": "ready", "checks": ALL_OK})


@pytest.mark.needs("redis-server")
def test_redis_that_answers_is_said(kept_house, settings, tmp_path):
    from movie_booking.tests.redis_server import RedisServer

    redis = RedisServer(tmp_path)
    settings.REDIS_URL = redis.url
    try:
        assert ready() == (200, {"status": "ready", "checks": {**ALL_OK, "redis": "ok"}})
    finally:
        redis.stop()


# --- Stopping --------------------------------------------------------------------------------------


def test_a_server_that_will_stop_is_not_ready_and_asks_nothing(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(stopping, "_is_stopping", RawValue(c_bool, False))
    stopping.announce()

    with django_assert_num_queries(0):
        assert ready() == (503, {"status": "not_ready", "checks": {"server": "stopping"}})
        assert probe("/healthz").status_code == 200


# --- How probes ask --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_probes_come_by_any_name_and_over_plain_http(kept_house, settings, path, method):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["cinema.example"]

    response = probe(path, method, Host="10.0.0.5:8000")

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"] == "application/json"
    assert not response.cookies


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "NONSENSE"])
def test_probes_only_read(path, method, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = probe(path, method)

    assert (response.status_code, response.headers["Allow"], response.content) == (405, "GET, HEAD", b"")


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/", "/api/healthz", "/healthz.json"])
def test_what_only_looks_like_a_probe_is_another_path(path):
    assert probe(path).status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/cinema/healthz"])
def test_below_the_path_of_a_proxy_they_answer_with_it_and_without(settings, path, real_transactions):
    settings.FORCE_SCRIPT_NAME = "/cinema"

    assert through_wsgi(path)[0] == 200


# --- What is logged --------------------------------------------------------------------------------


def test_a_probe_is_a_line_only_where_what_it_finds_is_another(kept_house, caplog):
    caplog.set_level(logging.INFO)
    for _ in range(3):
        ready()
    with connection.execute_wrapper(failing):
        for _ in range(3):
            ready()
    for _ in range(3):
        ready()
    for _ in range(3):
        probe(method="POST")

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "This process is ready"),
        ("ERROR", "This process is not_ready: database unreachable"),
        ("INFO", "This process is ready"),
    ]
