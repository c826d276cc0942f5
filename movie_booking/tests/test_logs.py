"""What is logged: one line an event, which nobody can forge, and nothing that is nobody's business."""

import json
import logging
import subprocess
import sys
import threading
from contextlib import contextmanager, nullcontext
from io import StringIO

import gevent
import pytest
from django.db import DataError, IntegrityError, connection
from django.test import Client

from accounts.models import User
from accounts.tests.factories import PASSWORD, client_for, make_user
from movie_booking.greenlets import log_failed_greenlets
from movie_booking.logs import JSONLines, TextLines, log_failed_threads, without_secrets
from movie_booking.request_context import current
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_request():
    """No line is about what an earlier test has asked."""
    current.set(None)


@contextmanager
def written(formatter, level=logging.DEBUG):
    """All that is logged meanwhile, as this formatter writes it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    loggers = [logging.getLogger(name) for name in ("", "django", "django.request")]
    before = [each.level for each in loggers]
    loggers[0].addHandler(handler)
    for each in loggers:
        each.setLevel(level)
    try:
        yield stream
    finally:
        loggers[0].removeHandler(handler)
        for each, its_level in zip(loggers, before, strict=True):
            each.setLevel(its_level)


@contextmanager
def lines():
    """The lines that are logged meanwhile, parsed, in a list that has them afterwards."""
    found = []
    with written(JSONLines(), logging.INFO) as stream:
        yield found
    found += map(json.loads, stream.getvalue().splitlines())


def record(message="A message", *, name="a.logger", error=None, **extra):
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord(name, logging.ERROR, __file__, 1, message, None, info)
    made.__dict__.update(extra)
    return made


@contextmanager
def failing(make_error):
    """Whatever is asked of the database fails, with an error made of the values that were to be sent."""

    def fail(execute, sql, params, many, context):
        raise make_error(params)

    with connection.execute_wrapper(fail):
        yield


# --- Lines ---------------------------------------------------------------------------------------


def test_a_line_is_an_object_with_the_time_in_utc():
    line = json.loads(JSONLines().format(record(created=1_796_000_000.5)))

    assert line == {
        "time": "2026-11-30T00:53:20.500+00:00",
        "level": "ERROR",
        "logger": "a.logger",
        "message": "A message",
    }


def test_a_line_about_a_request_says_which_and_whose(settings):
    settings.ACCESS_LOG = "changes"
    show, user = make_show(), make_user()
    with lines() as found:
        response = client_for(user).post(f"/api/shows/{show.pk}/book/", {"seat_number": 5})
        client_for(user).get("/api/orders/")

    [line] = found
    assert line.pop("time")
    assert 0 < line.pop("seconds") < 60
    assert line == {
        "level": "INFO",
        "logger": "movie_booking.access",
        "message": "POST /api/shows/{id}/book/ 201",
        "request_id": response["X-Request-ID"],
        "method": "POST",
        "route": "/api/shows/{id}/book/",
        "user": user.pk,
        "status": 201,
    }


@pytest.mark.parametrize(
    ("wanted", "logged"),
    [
        ("off", []),
        ("changes", ["POST /api/login/ 400"]),
        ("all", ["GET /api/shows/{id}/seats/ 304", "POST /api/login/ 400"]),
    ],
)
def test_which_requests_are_lines_is_a_setting(settings, wanted, logged):
    settings.ACCESS_LOG = wanted
    path = f"/api/shows/{make_show().pk}/seats/"
    tag = Client().get(path)["ETag"]
    settings.ACCESS_LOG = wanted
    with lines() as found:
        Client().get(path, headers={"If-None-Match": tag})
        Client().post("/api/login/", {}, "application/json")

    assert [line["message"] for line in found if line["logger"] == "movie_booking.access"] == logged


def test_who_looks_at_a_page_is_known_without_a_query(settings, django_assert_num_queries):
    settings.ACCESS_LOG = "all"
    client, user = Client(), make_user(is_staff=True)
    client.force_login(user)
    with lines() as found:
        client.get("/admin/password_change/")
        with django_assert_num_queries(0):
            client.get("/favicon.ico").close()

    assert [(line["route"], line.get("user")) for line in found[:1]] == [("/admin/password_change/", user.pk)]
    assert [(line["message"], line.get("user")) for line in found[1:]] == [("GET - 200", None)]


def test_a_failure_is_a_line_with_its_traceback():
    client = Client(raise_request_exception=False)
    with lines() as found, failing(lambda params: ZeroDivisionError("a bug")):
        response = client.get("/api/movies/")

    [line] = [
        line for line in found if "exception" in line and line["logger"] == "movie_booking.api.problems"
    ]
    assert line["message"] == "GET /api/movies/ failed"
    assert line["request_id"] == response.json()["request_id"]
    assert line["exception"].splitlines()[-1] == "ZeroDivisionError: a bug"
    assert "raise make_error(params)" in line["exception"]


def test_what_led_to_a_failure_is_told_first():
    try:
        try:
            raise KeyError("the first")
        except KeyError as error:
            raise RuntimeError("the second") from error
    except RuntimeError as error:
        told = json.loads(JSONLines().format(record(error=error)))["exception"].splitlines()

    assert [line for line in told if not line.startswith(" ")] == [
        "Traceback (most recent call last):",
        "KeyError: '***'",
        "which led to:",
        "Traceback (most recent call last):",
        "RuntimeError: the second",
    ]


FORGED = "fine\n2026-11-29 12:00:00.000 ERROR forged: \r\x1b[2K\u202e\u2028{}\x00\udcff"


@pytest.mark.parametrize("formatter", [JSONLines(), TextLines()])
def test_nothing_that_is_logged_begins_a_line_or_turns_one_around(formatter):
    error = RuntimeError(FORGED)
    text = formatter.format(record(FORGED, error=error, fields={"statement": FORGED}))

    margins = [line for line in text.splitlines() if not line.startswith("  ")]
    assert len(margins) == 1
    assert all(character.isprintable() for character in text.replace("\n", ""))


# --- What is left out ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("mail to anna@example.com", "mail to ***"),
        ("redis://:hunter2@cache.example:6379/0", "redis://***@cache.example:6379/0"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("sent Bearer abc.def.ghi", "sent Bearer ***"),
        ("a eyJhbGciOi.eyJzdWIi.c2ln b", "a *** b"),
        ("a mbk_x1y2_z3 b", "a *** b"),
        ("GET /email/verify/?uid=MQ&token=abc-def", "GET /email/verify/?uid=***&token=***"),
        ("new_password2=hunter2 sessionid: abc", "new_password2=*** sessionid: ***"),
        ("{'password': 'two words', 'seat': 5}", "{'password': ***, 'seat': 5}"),
        ('FATAL: password authentication failed for user "booking"', None),
        ("Nothing is limited, as Redis does not answer: Error 111", None),
    ],
)
def test_what_looks_like_a_secret_is_left_out(said, logged):
    assert without_secrets(said) == (logged or said)


MARK = "s3cr3t"
BEARER = f"eyJ{MARK}.eyJ{MARK}.{MARK}"
BODIES = [
    {"username": f"{MARK}-name", "password": f"{MARK}-password"},
    {"username": MARK, "password": f"{MARK}-password", "password2": MARK, "email": f"{MARK}@example.com"},
    {"refresh": BEARER},
    {"uid": MARK, "token": MARK, "new_password": MARK},
    {
        "show": 1,
        "seat_numbers": [1],
        "guest": {"email": f"{MARK}@example.com", "name": MARK, "telephone": MARK},
    },
    {MARK: MARK},
]
PATHS = [
    *("login", "signup", "token/refresh", "logout", "password/reset", "password/reset/confirm"),
    *("email/verify", "orders", "orders/claim", f"orders/{MARK}/confirm", f"shows/1/{MARK}", MARK),
]
HEADERS = [
    {"Authorization": f"Bearer {BEARER}"},
    {"Authorization": f"Key mbk_{MARK}"},
    {"Authorization": f"Basic {MARK}"},
    {"Order-Key": MARK},
    {"Idempotency-Key": MARK},
    {"Cookie": f"sessionid={MARK}; csrftoken={MARK}"},
    {"Host": f"{MARK}.example"},
    {"X-Request-ID": f"{MARK}!"},
    {"X-Forwarded-For": MARK},
    {"Referer": f"https://example.com/?token={MARK}"},
    {"User-Agent": MARK},
    {"Accept": f"text/{MARK}"},
    {"If-None-Match": f'"{MARK}"'},
    {"Origin": f"https://{MARK}.example"},
]
ROW = "DETAIL:  Key (email)=(%s) already exists. Failing row contains (%s)."
FAILURES = [
    None,
    lambda params: IntegrityError(f'duplicate key value violates "a"\n{ROW % (params, params)}'),
    lambda params: DataError(f'invalid input syntax for type bigint: "{params}"'),
    lambda params: ValueError(f"invalid literal for int() with base 10: {str(params)!r}"),
    lambda params: KeyError(params),
]


def ask(client, path, query, headers, body):
    client.get(path, query_params=query, headers=headers)
    client.post(path, json.dumps(body), content_type="application/json", query_params=query, headers=headers)
    client.post(path, body, headers=headers)  # as a form


@pytest.mark.parametrize("failure", FAILURES)
def test_no_secret_is_logged_wherever_a_client_puts_it_and_whatever_fails(settings, failure):
    settings.ACCESS_LOG, settings.TRUSTED_PROXIES = "all", 1
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    authorized = client_for(make_user())._credentials["HTTP_AUTHORIZATION"]
    query = {"token": MARK, "search": MARK, MARK: MARK}
    fails = failing(failure) if failure else nullcontext()
    with written(JSONLines()) as lines, written(TextLines()) as text, fails:
        for path in PATHS:
            for body in BODIES:
                ask(client, f"/api/{path}/", query, {"Authorization": authorized}, body)
        for headers in HEADERS:
            for path in ("/api/orders/", "/api/orders/claim/", "/api/login/", "/api/signup/"):
                ask(client, path, query, headers, BODIES[0])
        for path in ("/admin/login/", "/email/verify/", f"/{MARK}/", f"/static/{MARK}.js", f"/picker/{MARK}"):
            ask(client, path, query, HEADERS[5], BODIES[0])

    for logged in (lines.getvalue(), text.getvalue()):
        assert logged.count("request_id") > 200
        assert [line for line in logged.splitlines() if MARK in line] == []


def test_a_traceback_has_no_values_of_variables():
    def log_in(password):
        raise ValueError("no")

    try:
        log_in(password=f"{MARK}{PASSWORD}")
    except ValueError as error:
        text = JSONLines().format(record(error=error))

    assert "log_in(password=" in text  # the line of the program
    assert PASSWORD not in text.replace("{PASSWORD}", "")


def test_what_is_caught_nowhere_in_a_thread_is_a_line_like_all_others(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)  # to be set back
    log_failed_threads()
    with lines() as found:
        thread = threading.Thread(target=lambda: {}[MARK])
        thread.start()
        thread.join()

    [line] = found
    assert line["message"] == "A thread failed"
    assert line["exception"].splitlines()[-1] == "KeyError: '***'"


def test_so_is_what_is_caught_nowhere_in_a_greenlet(monkeypatch, capfd):
    hub = gevent.get_hub()
    monkeypatch.setattr(hub, "print_exception", hub.print_exception)  # to be set back
    log_failed_greenlets()
    with lines() as found:
        gevent.spawn(lambda: {}[MARK]).join()

    [line] = found
    assert line["message"] == "A greenlet failed"
    assert "<lambda>" in line["exception"]
    assert line["exception"].splitlines()[-1] == "KeyError: '***'"
    assert MARK not in capfd.readouterr().err


def test_a_user_is_a_number():
    user = make_user("anna", email="anna@example.com")
    with written(TextLines()) as stream:
        client_for(user).get("/api/me/")
        logging.getLogger("a").error("Something happened to %s", User.objects.get().email)

    assert "anna" not in stream.getvalue()


def test_what_the_process_says_at_the_start_looks_the_same():
    """In the main process of the server, which loads no model."""
    program = (
        "import sys, logging.config; from movie_booking import logs;"
        "logging.config.dictConfig(logs.configuration('INFO', 'json', with_django=False));"
        "logging.getLogger('gunicorn.error').warning('Hello\\nthere');"
        "assert not {'django.conf', 'django.db'} & sys.modules.keys()"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603

    assert said.returncode == 0, said.stderr
    assert json.loads(said.stderr)["message"] == "Hello\nthere"
