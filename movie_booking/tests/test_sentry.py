"""What Sentry is told: errors as the log has them, and nothing that a client sent."""

import gzip
import json
import logging
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import sentry_sdk
from django.db import OperationalError, connection
from django.test import Client

from accounts.tests.factories import client_for, make_user
from movie_booking import __version__
from movie_booking.logs import configuration
from movie_booking.outages import OutagesInBrief
from movie_booking.sentry import handler

pytestmark = pytest.mark.django_db

MARK = "s3cr3t"


@pytest.fixture(scope="module")
def project():
    """A project of Sentry's, which keeps what it gets, and its DSN."""
    got = []

    class Project(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Project)
    Thread(target=server.serve_forever, daemon=True).start()
    yield got, f"http://key@127.0.0.1:{server.server_port}/1"
    sentry_sdk.get_client().close()
    sentry_sdk.init()  # whatever follows is sent nowhere
    server.shutdown()
    server.server_close()


@pytest.fixture
def sent(project):
    """A function that returns the events which were sent meanwhile."""
    got, dsn = project
    got.clear()
    errors = handler(dsn)
    errors.addFilter(OutagesInBrief(seconds=600))
    root = logging.getLogger()
    root.handlers.insert(0, errors)

    def events():
        sentry_sdk.flush()
        return [json.loads(envelope.split(b"\n")[2]) for envelope in got]

    yield events
    root.removeHandler(errors)


def ask(error):
    def fail(execute, sql, params, many, context):
        raise error(params)

    client = client_for(make_user())
    client.raise_request_exception = False
    with connection.execute_wrapper(fail):
        headers = {"Order-Key": MARK, "Idempotency-Key": MARK, "Cookie": MARK, "User-Agent": MARK}
        return client.post(f"/api/login/?token={MARK}", {"username": MARK, "password": MARK}, headers=headers)


def test_an_error_is_sent_with_its_request_and_the_release_and_nothing_that_was_sent(sent):
    response = ask(lambda params: ValueError(f"{MARK!r} is wrong: {params!r}"))

    [event] = sent()
    assert response.status_code == 500
    assert event["release"] == __version__
    assert event["level"] == "error"
    assert event["logentry"]["message"] == "POST /api/login/ failed"
    assert event["tags"] == {
        "request_id": response["X-Request-ID"],
        "method": "POST",
        "route": "/api/login/",
    }
    [value] = [each for each in event["exception"]["values"] if each["type"] == "ValueError"]
    assert value["value"].startswith("'***' is wrong")
    frames = value["stacktrace"]["frames"]
    assert frames[-1]["function"] == "fail"
    assert [frame for frame in frames if "vars" in frame] == []
    assert MARK not in json.dumps(event).replace('f\\"{MARK', "")
    assert not {"request", "user", "extra", "breadcrumbs"} & event.keys()


def test_an_outage_is_sent_once_and_not_for_each_request(sent):
    for _ in range(20):
        assert ask(lambda params: OperationalError("server closed the connection")).status_code == 503

    [event] = sent()
    assert event["logentry"]["message"] == "The database does not answer: server closed the connection"


def test_what_is_no_error_is_not_sent(sent):
    assert Client().get("/api/me/").status_code == 401
    logging.getLogger("movie_booking").warning("Something to look at")

    assert sent() == []


def test_without_an_address_nothing_is_loaded():
    assert "sentry" not in configuration("INFO", "json")["handlers"]
    with_one = configuration("INFO", "json", sentry_dsn="https://key@sentry.example/1")
    assert with_one["root"]["handlers"] == ["stderr", "sentry"]
