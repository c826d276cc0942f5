"""The connections that greenlets share, where the database is on another host, or takes no writes."""

import socket
from contextlib import closing

import gevent
import pytest
from django.db import OperationalError, connection
from psycopg2 import extensions

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from movie_booking.greenlets import wait_cooperatively
from movie_booking.postgresql.base import DatabaseWrapper, by_first_host
from movie_booking.postgresql.pool import Pool
from movie_booking.tests.poolers import led
from movies.tests.factories import make_show
from movies.tests.machines import key_for, machine

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]


@pytest.fixture
def pool(real_transactions):
    """That of a worker; this thread is one of its greenlets."""
    connection.close()
    pool = Pool(6, for_readers=2, patience=1, max_age=600)
    DatabaseWrapper.shared = pool
    extensions.set_wait_callback(wait_cooperatively)
    yield pool
    empty(pool)
    DatabaseWrapper.shared = None
    extensions.set_wait_callback(None)


def empty(pool):
    """Have the next request open a connection."""
    connection.close()
    while pool._idle:
        pool._discard(pool._idle.pop())


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


@pytest.fixture
def read_only():
    """A function that makes the server one that takes no writes, or takes them again, for new connections."""
    name, operator = connection.settings_dict["NAME"], connection.copy()
    operator.ensure_connection()

    def read_only(is_on):
        with operator.cursor() as cursor:
            verb = "SET" if is_on else "RESET"
            value = "= on" if is_on else ""
            cursor.execute(f'ALTER DATABASE "{name}" {verb} default_transaction_read_only {value}')

    yield read_only
    read_only(False)
    operator.close()


def ask(client, show, seat):
    response = client.post(f"/api/shows/{show.pk}/book/", {"seat_number": seat})
    connection.close()  # as at the end of each request
    return response


def test_what_a_read_only_server_refuses_is_an_outage_and_ends_with_it(pool, read_only):
    show, client = make_show(), client_for(make_user())
    empty(pool)
    read_only(True)
    refused = ask(client, show, 1)
    read_only(False)
    booked = ask(client, show, 1)

    assert (refused.status_code, refused.data["code"]) == (503, "unavailable")
    assert refused.headers["Retry-After"] == "1"
    assert (booked.status_code, Booking.objects.count()) == (201, 1)


def test_reads_go_on_meanwhile(pool, read_only):
    make_show()
    clients = [client_for(), client_for(make_user()), machine(key_for(sells=True))]
    empty(pool)
    read_only(True)

    assert [each.get("/api/movies/").status_code for each in clients] == [200] * 3
    assert [each.get("/api/orders/").status_code for each in clients] == [401, 200, 200]


def test_no_connection_to_such_a_server_is_used_again(pool, read_only):
    """Neither those that were idle nor those in use, though none of them was asked to write."""
    show, client = make_show(), client_for(make_user())
    empty(pool)
    read_only(True)
    idle, used = connection.copy(), connection.copy()
    for each in (idle, used):
        each.ensure_connection()
    idle.close()
    assert ask(client, show, 1).status_code == 503
    used.close()
    read_only(False)

    assert pool._idle == []
    assert ask(client, show, 1).status_code == 201


def test_one_server_after_another_that_takes_no_writes_does_not_close_all_connections_each_time(
    pool, read_only
):
    show, client = make_show(), client_for(make_user())
    empty(pool)
    read_only(True)
    assert ask(client, show, 1).status_code == 503
    reader, other = connection.copy(), connection.copy()
    reader.ensure_connection()
    other.ensure_connection()
    reader.close()
    [kept] = pool._idle
    connection.connection, other.connection = other.connection, None  # the next request has this one
    assert ask(client, show, 1).status_code == 503

    assert pool._idle == [kept]


def test_a_full_disk_is_an_outage_too(pool):
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE disk_full; END $$")
    assert connection.connection.is_stale
    connection.close()

    assert pool._idle == []


@pytest.mark.django_db
def test_a_connection_that_is_not_shared_is_closed_with_the_request_too():
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE read_only_sql_transaction; END $$")
    connection.settings_dict["CONN_MAX_AGE"], before = None, connection.settings_dict["CONN_MAX_AGE"]
    connection.close_if_unusable_or_obsolete()
    connection.settings_dict["CONN_MAX_AGE"] = before

    assert connection.connection is None


# --- Several hosts -------------------------------------------------------------------------------


@pytest.fixture
def silent():
    """The port of a host that takes connections and says nothing: frozen, or behind a dead link."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def hosts(*places):
    names, ports = zip(*places, strict=True)
    return {"HOST": ",".join(names), "PORT": ",".join(map(str, ports))}


def here():
    known = connection.settings_dict
    params = connection.get_connection_params()
    return params.get("host") or "localhost", known["PORT"] or params.get("port") or 5432


def test_the_next_host_is_asked_where_the_first_says_nothing(pool, silent):
    with led(**hosts(("127.0.0.1", silent), here())):
        assert run("SELECT 1") == (1,)
        empty(pool)
        with gevent.Timeout(0.4):  # it is known now which: no other connection waits for the first
            assert run("SELECT 1") == (1,)


def test_the_one_that_takes_writes_is_found_among_several(pool, read_only, silent):
    options = connection.settings_dict["OPTIONS"] | {"target_session_attrs": "read-write"}
    with led(**hosts(("127.0.0.1", 1), ("127.0.0.1", silent), here()), OPTIONS=options):
        assert run("SHOW transaction_read_only") == ("off",)


def test_none_of_them_answers(pool, silent):
    with led(**hosts(("127.0.0.1", silent), ("127.0.0.1", silent))), pytest.raises(OperationalError):
        run("SELECT 1")


def test_each_host_comes_first_once_with_its_port():
    assert [(way["host"], way["port"]) for way in by_first_host({"host": "a,b,c", "port": "1,,3"})] == [
        ("a,b,c", "1,,3"),
        ("b,c,a", ",3,1"),
        ("c,a,b", "3,1,"),
    ]
    assert by_first_host({"host": "a,b", "port": 5432})[1] == {"host": "b,a", "port": 5432}
    assert by_first_host({"dbname": "x"}) == [{"dbname": "x"}]
