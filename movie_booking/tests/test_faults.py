"""When the database fails: an answer that a client can act on, nothing written, and a readable log."""

import logging
import re
import time
from contextlib import contextmanager
from functools import partial
from io import StringIO

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.test import Client

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from movie_booking.database import CommitUnanswered
from movie_booking.errors import Busy, Unavailable
from movie_booking.outages import OutagesInBrief
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


class PostgresError(Exception):
    def __init__(self, pgcode):
        self.pgcode = pgcode


def caused_by(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (caused_by(OperationalError("lock timeout"), PostgresError("55P03")), 503, "busy"),
        (caused_by(OperationalError("deadlock detected"), PostgresError("40P01")), 503, "busy"),
        (OperationalError("database is locked"), 503, "busy"),
        (OperationalError("server closed the connection unexpectedly"), 503, "unavailable"),
        (InterfaceError("connection already closed"), 503, "unavailable"),
        (CommitUnanswered("server closed the connection unexpectedly"), 503, "outcome_unknown"),
        (IntegrityError("violates foreign key constraint"), 409, "conflict"),
        (ZeroDivisionError("a bug"), 500, "server_error"),
    ],
)
def test_a_failing_insert_is_a_problem_document_and_books_nothing(error, status, code):
    show, client = make_show(), client_for(make_user())

    def fail_on_insert(execute, sql, params, many, context):
        if "INSERT INTO" in sql:
            raise error
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail_on_insert):
        response = client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})

    show.refresh_from_db()
    assert (response.status_code, response.data["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert response.headers.get("Retry-After") == ("1" if status == 503 else None)
    assert "violates" not in response.content.decode()
    assert (Booking.objects.count(), show.live_seats) == (0, 0)


# --- What is logged of an outage ------------------------------------------------------------------

REFUSED = """connection to server at "10.0.0.5", port 5432 failed: Connection refused
\tIs the server running on that host and accepting TCP/IP connections?
"""
CLOSED = """server closed the connection unexpectedly
\tThis probably means the server terminated abnormally
"""


@contextmanager
def failing(error):
    """The database fails all who ask."""

    def fail(execute, sql, params, many, context):
        raise error

    with connection.execute_wrapper(fail):
        yield


@pytest.fixture
def clock(monkeypatch):
    """A function that sets the clock, which else stands still: so many seconds after the test began."""
    seconds = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    return partial(seconds.__setitem__, 0)


@pytest.fixture
def log():
    """What the one handler writes, as the operator sees it, without the time and the facts of the request."""
    [(handler, outages)] = [
        (handler, each)
        for handler in logging.getLogger().handlers
        for each in handler.filters
        if isinstance(each, OutagesInBrief)
    ]
    written = StringIO()
    before = handler.setStream(written)
    outages.said.clear()
    yield lambda: [
        re.sub(r"^\d{4}-\S+ \S+ | \(request_id=.*\)$", "", line) for line in written.getvalue().splitlines()
    ]
    outages.said.clear()
    handler.setStream(before)


def ask_for_everything():
    """Requests to the API and to pages of the Admin, and the statuses of their responses."""
    client = Client(raise_request_exception=False)
    headers = {"Authorization": client_for(make_user())._credentials["HTTP_AUTHORIZATION"]}
    client.force_login(make_user(is_staff=True, is_superuser=True))

    def ask():
        for _ in range(5):
            yield client.get("/api/movies/").status_code
            yield client.get("/api/me/", headers=headers).status_code
            yield client.get("/api/shows/1/seats/").status_code
            yield client.post("/api/shows/1/book/", {}, "application/json", headers=headers).status_code
            yield client.get("/admin/").status_code

    return ask


def test_an_outage_is_one_line_a_second_for_each_kind(log, clock, settings):
    settings.ACCESS_LOG = "changes"
    ask = ask_for_everything()

    for second, error in [(0, REFUSED), (0.9, REFUSED), (0.9, CLOSED), (1.8, CLOSED), (2, CLOSED)]:
        clock(second)
        with failing(OperationalError(error)):
            assert set(ask()) == {503}

    refused, closed = (text.splitlines()[0] for text in (REFUSED, CLOSED))
    assert log() == [
        f"ERROR movie_booking.database: The database does not answer: {refused}",
        f"ERROR movie_booking.database: The database does not answer: {closed}",
        f"ERROR movie_booking.database: The database does not answer: {closed}",
    ]


def test_a_page_of_the_admin_tells_of_an_outage_too(log, clock):
    client = Client(raise_request_exception=False)
    client.force_login(make_user(is_staff=True))

    with failing(InterfaceError("connection already closed")):
        responses = [client.get("/admin/") for _ in range(3)]

    assert [response.status_code for response in responses] == [503] * 3
    assert log() == ["ERROR movie_booking.database: The database does not answer: connection already closed"]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (OperationalError(REFUSED), 503, Unavailable.detail),
        (OperationalError("database is locked"), 503, Busy.detail),
        (IntegrityError("violates"), 409, "Another request changed this at the same time."),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/"),
        ("GET", "/admin/movies/show/"),
        ("POST", "/admin/movies/movie/add/"),
        ("POST", "/admin/login/"),
        ("GET", "/admin/jsi18n/"),
    ],
)
def test_a_page_says_what_the_database_did_and_not_how(error, status, said, method, path):
    client = Client(raise_request_exception=False)
    client.force_login(make_user(is_staff=True, is_superuser=True))

    with failing(error):
        response = client.generic(method, path)

    assert response.status_code == status
    assert response.headers.get("Retry-After") == ("1" if status == 503 else None)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Content-Security-Policy" in response.headers
    assert said in response.content.decode()
    assert "10.0.0.5" not in response.content.decode()


def test_requests_that_wait_for_a_lock_in_vain_are_one_line_a_second(log, clock):
    for second in (0, 0.9, 1):
        clock(second)
        with failing(caused_by(OperationalError("lock timeout"), PostgresError("55P03"))):
            assert [Client().get("/api/movies/").status_code for _ in range(3)] == [503] * 3

    assert log() == ["ERROR django.request: Service Unavailable: /api/movies/"] * 2


def test_what_is_no_outage_is_logged_in_full_each_time(log, clock):
    with failing(ZeroDivisionError("a bug")):
        assert [Client().get("/api/movies/").status_code for _ in range(2)] == [500] * 2

    lines = log()
    assert lines.count("ERROR movie_booking.api.problems: GET /api/movies/ failed") == 2
    assert lines.count("  ZeroDivisionError: a bug") == 2
