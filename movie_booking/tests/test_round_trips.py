"""BEGIN goes along with the first statement and COMMIT with the last; transactions are what Django thinks."""

import os
import re
import socket
import struct
import threading
from contextlib import suppress
from io import StringIO
from types import SimpleNamespace

import psycopg2
import pytest
from django.db import DatabaseError, Error, IntegrityError, OperationalError, connection, transaction
from psycopg2 import sql

from accounts.models import User
from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from bookings.tests.factories import make_order
from movie_booking.composed import ComposedQuery
from movie_booking.database import CommitUnanswered
from movie_booking.postgresql.transactions import Connection
from movie_booking.statements import Message, Statement, execute
from movies.models import Genre
from movies.tests.factories import make_show

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]


RETURNED = "SELECT current_setting('movie_booking.returned')"


def relay(source, target, seen=None):
    """Pass on what one end says to the other. `seen` gets the statements of a client."""
    buffered, started = b"", False
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
            buffered += data if seen is not None else b""
            while len(buffered) >= 5:
                head = 1 if started else 0  # the first message has no type
                length = struct.unpack("!I", buffered[head : head + 4])[0] + head
                if len(buffered) < length:
                    break
                if buffered[:head] == b"Q":
                    seen.append(buffered[5 : length - 1].decode())
                buffered, started = buffered[length:], True
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)  # so that the other thread of these two hears of it
        end.close()


@pytest.fixture
def messages(tmp_path):
    """The statements that go over the wire to PostgreSQL, a message each."""
    params = connection.get_connection_params()
    host, port = params.get("host") or "localhost", int(params.get("port") or 5432)
    seen, listener = [], socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(tmp_path / ".s.PGSQL.5432"))
    listener.listen()

    def serve():
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                if host.startswith("/"):
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(f"{host}/.s.PGSQL.{port}")
                else:
                    server = socket.create_connection((host, port))
                for ends in ((client, server, seen), (server, client)):
                    threading.Thread(target=relay, args=ends, daemon=True).start()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    given = {name: connection.settings_dict[name] for name in ("HOST", "PORT")}
    connection.close()
    connection.settings_dict.update(HOST=os.fspath(tmp_path), PORT=5432)
    connection.settings_dict["OPTIONS"]["sslmode"] = "disable"
    connection.ensure_connection()
    seen.clear()
    yield seen
    connection.close()
    connection.settings_dict.update(given)
    del connection.settings_dict["OPTIONS"]["sslmode"]
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    server.join()


def run(statement, params=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def names():
    return [*Genre.objects.order_by("id").values_list("name", flat=True)]


def add(name):
    return Genre.objects.create(name=name, name_folded=name)


def test_a_booking_takes_three_round_trips_its_user_included(messages):
    client, show = client_for(make_user()), make_show()
    messages.clear()

    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).status_code == 201

    assert len(messages) == 3, messages
    user, lock, write = messages
    assert 'FROM "accounts_user"' in user
    assert re.fullmatch(
        r"BEGIN; PREPARE (\w+) AS SELECT [^;]* FOR NO KEY UPDATE; EXECUTE \1\(\d+\); "
        r'PREPARE (\w+) AS SELECT [^;]* "bookings_booking" [^;]*; EXECUTE \2\([^;]*\)',
        lock,
    )
    assert re.fullmatch(
        r"PREPARE (\w+) AS WITH [^;]*; EXECUTE \1\([^;]*\); "
        r"COMMIT; SELECT current_setting\('movie_booking.returned'\)",
        " ".join(write.split()),
    )
    assert Booking.objects.get().seat_number == 5


def test_the_next_one_finds_its_statements_prepared(messages):
    client, show = client_for(make_user()), make_show()
    client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})
    messages.clear()

    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).status_code == 201

    sent = [re.sub(r"EXECUTE \w+\([^;]*\)", "EXECUTE", message) for message in messages]
    commit = "COMMIT; SELECT current_setting('movie_booking.returned')"
    assert sent == ["EXECUTE", "BEGIN; EXECUTE; EXECUTE", f"EXECUTE; {commit}"]


@pytest.mark.parametrize("verb", ["confirm", "cancel"])
def test_confirming_and_cancelling_take_four(messages, verb):
    order = make_order(make_show(), 1, 2)
    client = client_for(order.user)
    messages.clear()

    assert client.post(f"/api/orders/{order.reference}/{verb}/", {}).status_code == 200

    assert len(messages) == 4, messages


def test_holding_takes_four(messages):
    client, show = client_for(make_user()), make_show()
    messages.clear()

    assert client.post("/api/orders/", {"show": show.pk, "seat_numbers": [1, 2]}).status_code == 201

    assert len(messages) == 4, messages


def test_a_refused_booking_is_rolled_back(messages):
    show, client = make_show(), client_for(make_user())
    client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5})
    messages.clear()

    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).status_code == 409

    assert [message.split()[0] for message in messages] == ["EXECUTE", "BEGIN;", "ROLLBACK"]
    assert Booking.objects.count() == 1


def leave(text, *, statement="SELECT set_config('movie_booking.returned', %(text)s, false)"):
    """Execute, as the last statement of a transaction, one that returns a text. Return where it will be."""
    received = []
    execute(Message(Statement.with_names("t", statement)), {"text": text}, received.append, is_last=True)
    return received


ADD = (
    "WITH added AS (INSERT INTO movies_genre (name, name_folded) VALUES (%(text)s::text, %(text)s))"
    " SELECT set_config('movie_booking.returned', %(text)s, false)"
)


def test_the_last_statement_goes_with_the_commit(messages):
    with transaction.atomic():
        add("one")
        received = leave("two", statement=ADD)
        assert (received, len(messages)) == ([], 1)

    assert (received, len(messages)) == (["two"], 2)
    assert names() == ["one", "two"]


def test_it_goes_before_the_next_one_if_there_is_a_next_one_after_all(messages):
    with transaction.atomic():
        received = leave("one", statement=ADD)
        assert names() == ["one"]
        assert received == ["one"]
        add("two")

    assert names() == ["one", "two"]
    assert messages[0].startswith("BEGIN; PREPARE")


def test_it_is_part_of_the_savepoint_that_it_was_meant_for(messages):
    with transaction.atomic():
        with transaction.atomic():
            kept = leave("kept", statement=ADD)
        with suppress(ZeroDivisionError), transaction.atomic():
            dropped = leave("dropped", statement=ADD)
            raise ZeroDivisionError
        add("more")

    assert (kept, dropped, names()) == (["kept"], [], ["kept", "more"])


def test_it_is_not_sent_at_all_if_the_transaction_is_rolled_back(messages):
    with suppress(ZeroDivisionError), transaction.atomic():
        leave("one", statement=ADD)
        raise ZeroDivisionError
    with transaction.atomic():
        leave("two", statement=ADD)
        transaction.set_rollback(True)

    assert messages == []
    assert names() == []


def test_outside_of_a_transaction_it_is_sent_at_once(messages):
    assert leave("one", statement=ADD) == ["one"]
    assert names() == ["one"]


def test_another_one_after_it_shows_that_it_was_not_the_last(messages):
    with transaction.atomic():
        received = [leave("one", statement=ADD), leave("two", statement=ADD)]

    assert (received, names()) == ([["one"], ["two"]], ["one", "two"])


def test_it_is_dropped_with_a_transaction_that_is_given_up(messages):
    transaction.set_autocommit(False)
    leave("one", statement=ADD)
    transaction.set_autocommit(True)

    assert names() == []
    assert messages[-1].startswith("SELECT")


@pytest.mark.parametrize("is_last", [True, False])
def test_a_connection_that_breaks_during_the_commit_leaves_it_open_whether_it_was_done(messages, is_last):
    other = connection.copy()
    with pytest.raises(CommitUnanswered), transaction.atomic():  # noqa: PT012
        add("one")
        if is_last:
            leave("two", statement=ADD)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
    other.close()

    assert names() == []


def test_if_it_fails_the_end_of_the_transaction_raises_that(messages):
    add("one")
    with pytest.raises(IntegrityError), transaction.atomic():
        received = leave("one", statement=ADD)

    assert received == []
    assert messages[-1] == "ROLLBACK"
    add("two")
    assert names() == ["one", "two"]


def test_where_it_fails_before_another_statement_that_raises_it(messages):
    add("one")
    with transaction.atomic(), suppress(IntegrityError), transaction.atomic():
        leave("one", statement=ADD)
        names()

    assert names() == ["one"]


def test_statements_are_sent_as_they_are_where_a_pooler_would_not_know_them_again(messages):
    connection.connection.prepared = None

    with transaction.atomic():
        leave("one", statement=ADD)

    assert messages == [f"BEGIN; {ADD % {'text': chr(39) + 'one' + chr(39)}}; COMMIT; {RETURNED}"]
    assert names() == ["one"]


def test_a_statement_that_failed_as_it_was_prepared_is_prepared_again(messages):
    add("one")
    for name in ("one", "two", "three"):
        with suppress(IntegrityError):
            leave(name, statement=ADD)

    assert names() == ["one", "two", "three"]
    sent = [re.findall(r"(PREPARE|EXECUTE) t_[0-9a-f]{8}(_1)?\b", message) for message in messages[1:4]]
    assert sent == [
        [("PREPARE", ""), ("EXECUTE", "")],
        [("PREPARE", "_1"), ("EXECUTE", "_1")],
        [("EXECUTE", "_1")],
    ]


def test_a_plan_that_a_migration_made_useless_is_made_anew(messages):
    genre = ComposedQuery(lambda pk: Genre.objects.filter(pk=pk))
    one = add("one")
    assert genre(one.pk) == [one]
    run("ALTER TABLE movies_genre ALTER name TYPE varchar(90)")
    try:
        with pytest.raises(OperationalError):
            genre(one.pk)
        assert genre(one.pk) == [one]
    finally:
        run("ALTER TABLE movies_genre ALTER name TYPE varchar(50)")


def test_a_pooler_is_told_by_the_process_that_it_makes_up():
    connection.ensure_connection()
    assert connection.connection.prepared is not None

    class ThroughPooler(Connection):
        info = SimpleNamespace(backend_pid=4711)

    pooled = psycopg2.connect(**connection.get_connection_params() | {"connection_factory": ThroughPooler})
    pooled.allow_prepared()
    pooled.close()

    assert pooled.prepared is None


def test_an_error_rolls_back_all_since_the_first_statement(messages):
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012
        add("one")
        make_user("ada")
        User.objects.create(username="ada", email="other@example.com")

    assert (names(), User.objects.count()) == ([], 0)
    assert messages[0].startswith("BEGIN; INSERT")
    assert "ROLLBACK" in messages


def test_what_is_written_is_seen_by_others_once_it_is_committed_and_not_before(messages):
    other = connection.copy()
    try:
        with other.cursor() as cursor:

            def seen():
                cursor.execute("SELECT count(*) FROM movies_genre")
                return cursor.fetchone()[0]

            with transaction.atomic():
                add("one")
                add("two")
                assert seen() == 0
            assert seen() == 2
    finally:
        other.close()


@pytest.mark.parametrize("broken", ["SELECT nonsense FROM", "SELECT 1/0"])
def test_no_statement_stays_outside_after_one_that_failed(messages, broken):
    """The first fails before BEGIN is carried out, or after. What comes next is not committed by itself."""
    with suppress(ZeroDivisionError), transaction.atomic():
        with suppress(DatabaseError):
            run(broken)
        with suppress(DatabaseError):
            add("one")
        raise ZeroDivisionError

    assert names() == []
    add("later")
    assert names() == ["later"]


def test_savepoints_are_kept_and_rolled_back(messages):
    with transaction.atomic():
        with suppress(ZeroDivisionError), transaction.atomic():
            add("dropped")
            raise ZeroDivisionError
        add("kept")
        with transaction.atomic():
            add("kept too")

    assert names() == ["kept", "kept too"]
    assert messages[0].startswith("BEGIN; SAVEPOINT")


def test_hooks_run_after_the_commit_and_only_then(messages):
    ran = []
    with transaction.atomic():
        add("one")
        transaction.on_commit(lambda: ran.append(messages[-1]))
    with suppress(ZeroDivisionError), transaction.atomic():
        transaction.on_commit(lambda: ran.append("dropped"))
        raise ZeroDivisionError

    assert ran == ["COMMIT"]


def test_a_transaction_without_statements_sends_nothing(messages):
    with transaction.atomic():
        pass
    with suppress(ZeroDivisionError), transaction.atomic():
        raise ZeroDivisionError

    assert messages == []


def test_a_rollback_that_was_asked_for_is_done(messages):
    with transaction.atomic():
        add("one")
        transaction.set_rollback(True)

    assert names() == []


def test_outside_of_a_transaction_each_statement_stands_alone(messages):
    add("one")

    assert [message.split()[0] for message in messages] == ["INSERT"]
    assert names() == ["one"]


INSERT = "INSERT INTO movies_genre (name, name_folded) VALUES ('a', 'a')"


@pytest.mark.parametrize(
    "send",
    [
        lambda cursor: cursor.executemany(INSERT, [(), ()][:1]),
        lambda cursor: cursor.execute(sql.SQL(INSERT)),
        lambda cursor: cursor.copy_expert(
            "COPY movies_genre (name, name_folded) FROM STDIN", StringIO("a\ta\n")
        ),
        lambda cursor: cursor.callproc("set_config", ["lock_timeout", "77s", True]),
    ],
    ids=["many", "composed", "copied", "procedure"],
)
def test_each_way_to_send_a_statement_is_in_the_transaction(messages, send):
    with suppress(ZeroDivisionError), transaction.atomic(), connection.cursor() as cursor:
        send(cursor)
        assert messages[0] == "BEGIN"
        raise ZeroDivisionError

    assert messages[-1] == "ROLLBACK"
    assert names() == []
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() != ("77s",)


def test_rows_in_chunks_are_read_in_and_outside_of_a_transaction(messages):
    add("one")
    assert [genre.name for genre in Genre.objects.iterator(chunk_size=1)] == ["one"]
    with transaction.atomic():
        add("two")
        found = [genre.name for genre in Genre.objects.select_for_update().iterator(chunk_size=1)]

    assert sorted(found) == ["one", "two"]


def test_a_level_of_isolation_that_is_set_is_asked_for(messages):
    connection.close()
    connection.settings_dict["OPTIONS"]["isolation_level"] = 3
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone() == ("serializable",)
    finally:
        connection.close()
        del connection.settings_dict["OPTIONS"]["isolation_level"]


def test_a_connection_that_dies_in_the_middle_leaves_nothing_and_is_replaced(messages):
    other = connection.copy()
    with pytest.raises(Error), transaction.atomic():  # noqa: PT012
        add("one")
        pid = connection.connection.info.backend_pid
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        other.close()
        with suppress(Error):
            add("two")
        add("three")

    add("four")
    assert names() == ["four"]
