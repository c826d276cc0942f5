"""Direct, through a pool of sessions and of transactions: the same settings hold, with the same answers."""

from contextlib import contextmanager
from functools import partial
from io import StringIO
from threading import Barrier
from types import SimpleNamespace
from urllib.parse import quote

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse
from psycopg2 import extensions, sql

from accounts.tests.factories import client_for, make_user
from bookings import exports
from bookings.models import Booking
from bookings.tests.factories import make_order
from movie_booking.postgresql.transactions import Connection
from movie_booking.tests.concurrency import run_concurrently
from movie_booking.tests.poolers import PASSWORD, led, start_pgbouncer, stop, through
from movie_booking.tests.server import Server, call
from movie_booking.tests.wire import add, names
from movies.models import Genre, Show
from movies.tests.factories import make_show

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.needs("pgbouncer"),
    pytest.mark.usefixtures("real_transactions"),
]

HELD = ("5s", "30s", "UTC")
SHOW = """SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'),
    current_setting('TimeZone')"""
SHORT = "-c lock_timeout=200ms -c idle_in_transaction_session_timeout=30s"


@pytest.fixture(scope="module")
def pgbouncer():
    pgbouncer = start_pgbouncer()
    yield pgbouncer
    stop(pgbouncer)


@pytest.fixture(params=["direct", "session", "transaction"])
def way(request, pgbouncer, real_transactions):
    """The connections of this test lead this way."""
    with led() if request.param == "direct" else through(pgbouncer, request.param):
        yield request.param


@pytest.fixture
def pooled(pgbouncer, real_transactions):
    with through(pgbouncer, "transaction"):
        both = [connection.copy(), connection.copy()]
        for each in both:  # so that both sessions are open
            with each.cursor() as cursor:
                cursor.execute("BEGIN")
        for each in both:
            each.end("ROLLBACK")
            each.close()
        yield


def shown():
    with connection.cursor() as cursor:
        cursor.execute(SHOW)
        return cursor.fetchone()


def sessions():
    """Which sessions of PostgreSQL the next statements are in."""
    found = set()
    for _ in range(4):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            found.add(cursor.fetchone())
    return len(found)


@contextmanager
def neighbour():
    """Another client of the same pool, which knows nothing of us."""
    params = connection.get_connection_params()
    del params["connection_factory"]
    other = psycopg2.connect(**params)
    other.autocommit = True
    with other.cursor() as cursor:
        yield cursor
    other.close()


# --- What holds ----------------------------------------------------------------------------------


def test_settings_hold_in_and_outside_of_transactions(way):
    for _ in range(3):
        assert shown() == HELD
        with transaction.atomic():
            add("one")
            assert shown() == HELD
            transaction.set_rollback(True)


def test_transactions_are_in_whichever_session_is_free(pooled):
    assert sessions() > 1


def test_neither_what_a_neighbour_leaves_behind_nor_what_we_set_reaches_the_other(pooled):
    make_show()
    with neighbour() as cursor:
        for _ in range(4):
            cursor.execute("SET lock_timeout = '77s'; SET idle_in_transaction_session_timeout = '78s'")
        assert [shown() for _ in range(4)] == [HELD] * 4
        with transaction.atomic():
            assert shown() == HELD
        for _ in range(4):
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("77s",)
            cursor.execute("RESET ALL")


def test_a_setting_of_the_url_holds_too(way):
    options = connection.settings_dict["OPTIONS"]
    with led(OPTIONS={**options, "options": r"--search-path=pg_catalog,\ public -c work_mem=5MB"}):
        for _ in range(3):
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_setting('search_path'), current_setting('work_mem')")
                assert cursor.fetchone() == ("pg_catalog, public", "5MB")


def test_a_setting_that_the_server_does_not_know_is_no_connection(way):
    options = connection.settings_dict["OPTIONS"]
    with (
        led(OPTIONS={**options, "options": "-c lock_timeuot=5s"}),
        pytest.raises(Exception, match="lock_timeuot"),
    ):
        connection.ensure_connection()


def test_a_pooler_that_loses_settings_is_refused():
    class OneByOne(extensions.cursor):
        """Each statement of a message in a session, or a transaction, of its own."""

        def execute(self, query, vars=None):  # noqa: A002
            for statement in self.mogrify(query, vars).split(b"; "):
                super().execute(statement)

    class ThroughPooler(Connection):
        info = SimpleNamespace(backend_pid=4711)

    params = connection.get_connection_params()
    lossy = psycopg2.connect(**params | {"connection_factory": ThroughPooler, "cursor_factory": OneByOne})
    lossy.autocommit = True

    with pytest.raises(psycopg2.OperationalError, match="loses lock_timeout"):
        lossy.settle({"lock_timeout": "5s"})
    assert lossy.closed


def test_a_pooler_that_keeps_no_transaction_together_is_refused(pgbouncer):
    with through(pgbouncer, "statement"), pytest.raises(OperationalError, match="has no transactions"):
        connection.ensure_connection()


# --- What waits for a lock -------------------------------------------------------------------------


@contextmanager
def locked(show):
    """Another transaction has the show; for five seconds, lest one that waits for ever waits for ever."""
    holder = connection.copy()
    with holder.cursor() as cursor:
        cursor.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'")
        cursor.execute("SELECT 1 FROM movies_show WHERE id = %s FOR UPDATE", [show.pk])
    try:
        yield
    finally:
        holder.close()


def test_a_locked_show_is_busy_after_the_time_out_and_books_once_it_is_free(way):
    show, client = make_show(), client_for(make_user())
    with led(OPTIONS={**connection.settings_dict["OPTIONS"], "options": SHORT}):
        with locked(show):
            refused = client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})
        booked = client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})

    assert (refused.status_code, refused.data["code"], booked.status_code) == (503, "busy", 201)


def test_a_statement_outside_of_a_transaction_does_not_wait_longer_either(way):
    show = make_show()
    with (
        led(OPTIONS={**connection.settings_dict["OPTIONS"], "options": SHORT}),
        locked(show),
        pytest.raises(OperationalError, match="lock timeout"),
    ):
        Show.objects.filter(pk=show.pk).update(price=1)


# --- The booking path ------------------------------------------------------------------------------


def test_seats_are_booked_held_confirmed_and_cancelled(way):
    show, client = make_show(), client_for(make_user())

    statuses = [client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).status_code]
    order = client.post("/api/orders/", {"show": show.pk, "seat_numbers": [1, 2]})
    statuses += [
        order.status_code,
        client.post(f"/api/orders/{order.data['reference']}/confirm/", {}).status_code,
        client.post(f"/api/orders/{order.data['reference']}/cancel/", {}).status_code,
        client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).status_code,
    ]

    assert statuses == [201, 201, 200, 200, 409]
    assert sorted(Booking.objects.values_list("seat_number", "status")) == [
        (1, "CANCELLED"),
        (2, "CANCELLED"),
        (5, "BOOKED"),
    ]


def test_a_booking_through_a_pooler_takes_as_few_round_trips(pooled, messages):
    client, show = client_for(make_user()), make_show()
    messages.clear()

    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).status_code == 201

    assert len(messages) == 3, messages
    assert [message.count("'lock_timeout'") for message in messages] == [1, 1, 0]


def test_one_seat_goes_to_one_of_many(pooled):
    show, clients = make_show(), [client_for(make_user()) for _ in range(8)]

    answers = run_concurrently(
        *(lambda each=each: each.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}) for each in clients)
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


@pytest.fixture
def server_behind(pgbouncer, tmp_path):
    url = f"postgres://cinema:{quote(PASSWORD, safe='')}@127.0.0.1:{pgbouncer.port}/transaction"
    server = Server(tmp_path / "log", DATABASE_URL=url, LOCK_TIMEOUT_SECONDS="1")
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.mark.kills_servers
def test_the_production_server_sells_through_a_pooler(server_behind):
    """Its workers may have many more connections than the pooler has sessions."""
    show, user = make_show(), make_user()

    def book(seat):
        return call(server_behind, "POST", f"/api/shows/{show.pk}/book/", {"seat_number": seat}, user)

    answers = run_concurrently(*(partial(book, seat) for seat in [*range(1, 13)] * 2))
    with locked(show):
        refused = book(20)

    assert sorted(answer.status for answer in answers) == [201] * 12 + [409] * 12
    assert (refused.status, refused.body["code"]) == (503, "busy")
    assert Booking.objects.count() == 12


# --- What needs a session --------------------------------------------------------------------------


def test_forty_five_exports_five_at_a_time(way, monkeypatch):
    monkeypatch.setattr(exports, "CHUNK", 1)
    ids = [booking.pk for booking in make_order(make_show(), 1, 2, 3).bookings.order_by("pk")]
    root = Client()
    root.force_login(make_user(is_staff=True, is_superuser=True))
    data = {"action": "export", "_selected_action": ids}
    times = 9 if way == "transaction" else 1
    meet = Barrier(5)

    def export():
        client = Client()
        client.cookies = root.cookies
        lines = []
        for _ in range(times):
            meet.wait(timeout=30)
            answer = client.post(reverse("admin:bookings_booking_changelist"), data)
            lines.append(len(b"".join(answer.streaming_content).splitlines()))
        return lines

    assert run_concurrently(*[export] * 5) == [[1 + len(ids)] * times] * 5


def test_rows_in_chunks_are_read(way):
    add("one")
    add("two")

    assert [genre.name for genre in Genre.objects.order_by("id").iterator(chunk_size=1)] == ["one", "two"]


INSERT = "INSERT INTO movies_genre (name, name_folded) VALUES (%s, %s)"


@pytest.mark.parametrize(
    "send",
    [
        lambda cursor: cursor.executemany(INSERT, [("a", "a"), ("b", "b")]),
        lambda cursor: cursor.execute(
            sql.SQL("INSERT INTO movies_genre (name, name_folded) VALUES ('a', 'a'), ('b', 'b')")
        ),
        lambda cursor: cursor.copy_expert(
            "COPY movies_genre (name, name_folded) FROM STDIN", StringIO("a\ta\nb\tb\n")
        ),
    ],
    ids=["many", "composed", "copied"],
)
def test_each_way_to_send_a_statement_outside_of_a_transaction_is_whole(way, send):
    with connection.cursor() as cursor:
        send(cursor)
    assert names() == ["a", "b"]

    with pytest.raises(Exception, match="unique"), connection.cursor() as cursor:
        send(cursor)
    assert names() == ["a", "b"]


def test_a_procedure_outside_of_a_transaction_returns_what_it_finds(way):
    with connection.cursor() as cursor:
        cursor.callproc("current_setting", ["lock_timeout"])
        assert cursor.fetchone() == ("5s",)


# --- Migrations ------------------------------------------------------------------------------------


@pytest.fixture
def unapplied(real_transactions):
    """A migration that is still to be applied, as far as the database tells."""
    [last] = MigrationRecorder.Migration.objects.filter(app="bookings").order_by("-name")[:1]
    last.delete()
    yield last.name
    MigrationRecorder.Migration.objects.get_or_create(app="bookings", name=last.name)


def applied(name):
    return MigrationRecorder.Migration.objects.filter(app="bookings", name=name).exists()


def test_nothing_is_migrated_through_a_pooler_where_there_is_something_to_migrate(pooled, unapplied):
    with pytest.raises(CommandError, match="DATABASE_DIRECT_URL"):
        call_command("migrate", verbosity=0)

    assert not applied(unapplied)


def test_where_there_is_nothing_to_migrate_a_pooler_is_no_hindrance(way):
    call_command("migrate", verbosity=0)

    assert shown() == HELD


def test_migrations_go_past_the_pooler_by_a_url_of_their_own(pgbouncer, unapplied, settings):
    settings.DIRECT_DATABASE = dict(connection.settings_dict)
    with through(pgbouncer, "transaction"):
        call_command("migrate", "bookings", unapplied, fake=True, verbosity=0)

        assert applied(unapplied)
        assert connection.connection.settings  # which leads through the pooler again


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"PASSWORD": "another"}, "authentication failed"), ({"NAME": "nowhere"}, "no such database")],
)
def test_what_a_pooler_refuses_for_good_is_told(pooled, changes, said):
    with led(**changes), pytest.raises(CommandError, match=said):
        call_command("migrate", verbosity=0)
