"""The page /metrics: who may read it, and what is counted when."""

import re
import subprocess
from datetime import timedelta
from threading import Event

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from accounts.actors import SYSTEM
from accounts.models import OutgoingMail
from accounts.services import mails
from accounts.tests.factories import PASSWORD, client_for, make_user
from bookings.models import Booking, Status
from bookings.services import expire_holds
from bookings.services.inventory import Reseated, SeatInventory
from bookings.tests.factories import book, hold, make_order
from movie_booking import database_gauges
from movie_booking.housekeeping import Job, repeat
from movie_booking.request_context import without_values
from movie_booking.request_metrics import UNKNOWN, name_of
from movie_booking.tests.metrics import TOKEN, Counted, samples, scrape
from movie_booking.tests.programs import require
from movie_booking.tests.test_faults import PostgresError, caused_by, failing
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def token(settings):
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture
def counted():
    return Counted(lambda: scrape().content.decode())


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Within it, what waits for the end of the transaction is done at its own end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


# --- Who may read it ---------------------------------------------------------------------------


def test_without_a_token_there_is_no_page(settings):
    settings.METRICS_TOKEN = ""

    assert [scrape(token).status_code for token in ("", TOKEN)] == [404, 404]


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Key {TOKEN}",
        TOKEN,
        "Bearer é\xff",
    ],
)
def test_whoever_has_another_token_is_refused_and_learns_nothing(sent):
    response = Client().get("/metrics", headers={"Authorization": sent})

    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
    assert b"movie_booking" not in response.content


def test_a_user_s_token_is_none(admin_user):
    browser = client_for(admin_user)
    browser.force_login(admin_user)

    assert browser.get("/metrics").status_code == 401


def test_prometheus_reads_it_by_the_address_of_a_host_without_https_and_as_often_as_it_likes(settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["cinema.example"]

    responses = [scrape(host="10.0.0.5:8000") for _ in range(3)]

    assert [each.status_code for each in responses] == [200] * 3
    assert responses[0]["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert responses[0]["Cache-Control"] == "no-store"
    assert "RateLimit" not in responses[0]


def test_it_can_be_read_and_nothing_else():
    headers = {"Authorization": f"bearer {TOKEN}"}

    assert [
        getattr(Client(), method)("/metrics", headers=headers).status_code
        for method in ("get", "head", "post", "put", "delete", "options")
    ] == [200, 200, 405, 405, 405, 405]


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_wrong_with_it():
    ask_for_many_things()

    checked = subprocess.run(  # noqa: S603
        [require("promtool"), "check", "metrics"], input=scrape().content, capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


# --- Requests ----------------------------------------------------------------------------------


def ask_for_many_things():
    show, client = make_show(), client_for(make_user())
    order = f"/api/shows/{show.pk}/book/"
    return [
        client.get("/api/movies/"),
        client.get(f"/api/shows/{show.pk}/seats/"),
        client.post(order, {"seat_number": 1}),
        client.post(order, {"seat_number": 1}),
        client.get("/api/nothing/at/all/"),
        client.get("/nothing"),
        client.generic("BREW", "/api/movies/"),
    ]


def requests(counted, route, method, status):
    return counted("http_requests_total", route=route, method=method, status=str(status))


def test_requests_are_counted_by_route_method_and_status(counted):
    ask_for_many_things()

    assert requests(counted, "/api/movies/", "GET", 200) == 1
    assert requests(counted, "/api/shows/{id}/seats/", "GET", 200) == 1
    assert requests(counted, "/api/shows/{id}/book/", "POST", 201) == 1
    assert requests(counted, "/api/shows/{id}/book/", "POST", 409) == 1
    assert requests(counted, UNKNOWN, "GET", 404) == 2
    assert requests(counted, "/api/movies/", "other", 405) == 1


def test_how_long_they_took_is_a_histogram(counted):
    ask_for_many_things()

    labels = {"route": "/api/shows/{id}/book/", "method": "POST"}
    assert counted("http_request_duration_seconds_count", **labels) == 2
    assert 0 < counted("http_request_duration_seconds_sum", **labels) < 60


def test_a_poll_that_is_answered_before_it_finds_its_route_counts_for_it(counted):
    show = make_show()
    for path in ("seats/", "seats/layout/", "seats/availability/"):
        whole = Client().get(f"/api/shows/{show.pk}/{path}")
        Client().get(f"/api/shows/{show.pk}/{path}", headers={"If-None-Match": whole["ETag"]})

        assert requests(counted, f"/api/shows/{{id}}/{path}", "GET", 304) == 1


def test_files_and_what_is_refused_at_the_door_have_no_route(counted, settings):
    b"".join(Client().get("/favicon.ico").streaming_content)
    settings.SECURE_SSL_REDIRECT = True
    Client().get("/api/movies/")

    assert requests(counted, "(files)", "GET", 200) == 1
    assert requests(counted, "(not routed)", "GET", 301) == 1


def test_what_clients_make_up_makes_no_further_time_series(counted):
    def series():
        return len(samples(scrape().content.decode()))

    Client().generic("BREW", "/api/nothing/")
    before = series()
    for n in range(20):
        Client().generic(f"BREW{n}", f"/api/nothing/{n}/?n={n}", headers={"x": str(n)})

    assert series() == before
    assert requests(counted, UNKNOWN, "other", 404) == 21


def routes(patterns, prefix=""):
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, path)
        else:
            yield path


def test_every_route_has_a_readable_name():
    names = {name_of(without_values(route)) for route in routes(get_resolver().url_patterns)}

    assert [name for name in names if not re.fullmatch(r"(/|(/[a-z{][\w{}.-]*)+/?)|\(unknown\)", name)] == []
    assert {"/", "/api/orders/{reference}/confirm/", "/admin/movies/show/{show_id}/seats/", UNKNOWN} <= names


# --- Orders and seats --------------------------------------------------------------------------


def test_what_became_of_orders_is_counted_by_code(counted):
    show, client = make_show(), client_for(make_user())
    order = client.post(
        "/api/orders/", {"show": show.pk, "seat_numbers": [5, 6]}, headers={"Idempotency-Key": "1"}
    )
    client.post("/api/orders/", {"show": show.pk, "seat_numbers": [5, 6]}, headers={"Idempotency-Key": "1"})
    client.post(f"/api/orders/{order.data['reference']}/confirm/")
    client.post(f"/api/orders/{order.data['reference']}/confirm/")
    client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5})
    Client().post(f"/api/shows/{show.pk}/book/", {"seat_number": 5})

    def outcome(operation, outcome):
        return counted("order_requests_total", operation=operation, outcome=outcome)

    assert (outcome("holdSeats", "done"), outcome("holdSeats", "replayed")) == (1, 1)
    assert (outcome("confirmOrder", "done"), outcome("confirmOrder", "already_confirmed")) == (1, 1)
    assert (outcome("bookSeat", "seat_taken"), outcome("bookSeat", "not_authenticated")) == (1, 1)
    assert counted("problems_total", code="seat_taken") == 1


def test_seats_are_counted_once_they_are_committed(counted, committed):
    show, user = make_show(), make_user()
    client = client_for(user)
    with committed():
        order = client.post("/api/orders/", {"show": show.pk, "seat_numbers": [5, 6]}).data["reference"]
        client.post(f"/api/orders/{order}/confirm/")
        client.post(f"/api/orders/{order}/cancel/", {"seat_numbers": [5]})
        client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 9})
        client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 9})

    def seats(before, after):
        return counted("seats_total", before=before, after=after, channel="api")

    assert [seats(*change) for change in (("free", "held"), ("held", "booked"), ("booked", "cancelled"))] == [
        2,
        2,
        1,
    ]
    assert seats("free", "booked") == 1


def test_seats_that_were_moved_are_counted_as_such(counted, committed):
    show = make_show()
    order = make_order(show, 5, 6, user=make_user(), status=Status.BOOKED)
    inventory = SeatInventory.lock(show.pk)
    bookings = list(order.bookings.order_by("seat_number"))
    with committed():
        inventory.reseat(
            [Reseated(booking, booking.seat_number + 10, booking.price, {}) for booking in bookings],
            actor=SYSTEM,
        )

    assert counted("seats_total", before="booked", after="booked", channel="expiry") == 2


def test_what_is_rolled_back_is_not_counted(counted, committed):
    show, user = make_show(), make_user()
    for is_undone in (False, True):
        with committed(), transaction.atomic():
            book(show, 5 if is_undone else 9, user=user)
            transaction.set_rollback(is_undone)

    assert counted("seats_total", before="free", after="booked", channel="api") == 1


def test_holds_that_expired_are_counted(counted, committed):
    hold(make_show(), 5, 6)
    Booking.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    with committed():
        expire_holds()

    assert counted("seats_total", before="held", after="expired", channel="expiry") == 2


# --- What is waited for, and what fails --------------------------------------------------------


@pytest.mark.postgres
def test_the_wait_for_the_lock_of_a_show_is_measured(counted):
    show = make_show()
    client_for(make_user()).post("/api/orders/", {"show": show.pk, "seat_numbers": [5]})

    assert counted("lock_wait_seconds_count", lock="movies_show") == 1
    assert counted("lock_wait_seconds_count", lock="other_holds") == 1
    assert 0 < counted("lock_wait_seconds_sum", lock="movies_show") < 5


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (caused_by(OperationalError("lock timeout"), PostgresError("55P03")), "lock_timeout"),
        (caused_by(OperationalError("deadlock detected"), PostgresError("40P01")), "deadlock"),
        (OperationalError("database is locked"), "file_locked"),
        (OperationalError("server closed the connection unexpectedly"), "unavailable"),
    ],
)
def test_failures_of_the_database_are_counted_by_kind(counted, error, kind):
    with failing(error):
        Client().get("/api/movies/")

    assert counted("database_failures_total", kind=kind) == 1


def test_wrong_passwords_and_refusals_by_limits_are_counted(counted, settings):
    settings.PASSWORD_FAILURES = 1
    user = make_user()
    for password in ("wrong", PASSWORD):
        Client().post("/api/login/", {"username": user.username, "password": password}, "application/json")

    assert counted("password_attempts_total", outcome="wrong") == 1
    assert counted("password_attempts_total", outcome="not_looked_at") == 1


def test_mails_are_counted(counted, settings):
    mails.request_mail(OutgoingMail.Kind.EMAIL_CHANGED, "ada@example.com")
    mails.send_mails()

    assert counted("mails_total", outcome="sent") == 1


def test_what_is_done_beside_the_server_is_counted(counted):
    stop, done = Event(), []

    def work():
        done.append(True)
        if len(done) == 1:
            raise ValueError("a bug")
        stop.set()

    repeat(Job("Testing", work, 0.0), stop)

    assert counted("jobs_total", task="Testing", outcome="failed") == 1
    assert counted("jobs_total", task="Testing", outcome="done") == 1


# --- What is read from the database ------------------------------------------------------------


def test_seats_and_mails_are_read_as_they_are():
    show = make_show(total_seats=50)
    make_order(show, 1, 2, user=make_user(), status=Status.BOOKED)
    for seat, minutes in ((3, 5), (4, -1)):
        order = hold(show, seat)
        order.bookings.update(expires_at=timezone.now() + timedelta(minutes=minutes))
    mails.request_mail(OutgoingMail.Kind.EMAIL_CHANGED, "ada@example.com")

    values = {name.removeprefix("movie_booking_"): value for name, value in database_gauges.read().items()}

    assert 0 <= values.pop("mail_oldest_seconds") < 60
    assert values == {
        "shows_on_sale": 1,
        "seats_offered": 50,
        "seats_taken": 4,
        "seats_held": 1,
        "holds_overdue": 1,
        "mails_waiting": 1,
    }


def test_while_the_database_is_away_all_else_is_told(monkeypatch):
    def away(*args):
        raise OperationalError("connection refused")

    monkeypatch.setattr(type(connections[DEFAULT_DB_ALIAS]), "get_new_connection", away)

    told = samples(scrape().content.decode())

    assert told["movie_booking_database_up", frozenset()] == 0
    assert ("movie_booking_seats_taken", frozenset()) not in told
    assert ("movie_booking_turns_refused_total", frozenset({("why", "full")})) in told


def test_a_database_that_does_not_answer_keeps_nobody_waiting_and_is_asked_once(monkeypatch):
    answer, asked = Event(), []

    def slow(*args):
        asked.append(True)
        answer.wait(20)
        raise OperationalError("connection refused")

    monkeypatch.setattr(database_gauges, "PATIENCE", 0.05)
    monkeypatch.setattr(type(connections[DEFAULT_DB_ALIAS]), "get_new_connection", slow)
    try:
        values = [
            samples(scrape().content.decode())["movie_booking_database_up", frozenset()] for _ in range(3)
        ]
    finally:
        answer.set()
        database_gauges.Reading.begin().join()

    assert (values, len(asked)) == ([0, 0, 0], 1)
