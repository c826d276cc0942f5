"""BEGIN goes along with the first statement, and every transaction is what Django thinks it is."""

import re
from contextlib import suppress
from io import StringIO

import pytest
from django.db import DatabaseError, Error, IntegrityError, connection, transaction
from psycopg2 import sql

from accounts.models import User
from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from bookings.tests.factories import book, make_order
from movie_booking.tests.wire import add, names, run
from movies.models import Genre
from movies.tests.factories import make_show
from movies.tests.machines import key_for, machine

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]


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


def test_a_guest_holds_in_as_many_as_a_user_and_confirms_in_one_less(messages):
    """As there is no user to read: what the address has of the show, and what it holds."""
    client, show = client_for(), make_show()
    body = {"show": show.pk, "seat_numbers": [5, 6], "guest": {"email": "ann@example.com"}}
    messages.clear()

    made = client.post("/api/orders/", body)

    assert made.status_code == 201
    assert len(messages) == 4, messages
    messages.clear()
    key = {"HTTP_ORDER_KEY": made.data["access_key"]}
    assert client.post(f"/api/orders/{made.data['reference']}/confirm/", {}, **key).status_code == 200
    assert len(messages) == 3, messages
    [booking, _] = Booking.objects.order_by("pk")
    assert booking.order.guest.email == "ann@example.com"


@pytest.mark.parametrize(("guest", "more"), [({}, 0), ({"email": "ann@example.com"}, 2)])
def test_a_machine_holds_and_confirms_in_as_many_as_a_user(messages, guest, more):
    """One less for a customer without an address, of whom there is nothing to count; and as for guests, one
    more for one with an address.
    """
    client, show = machine(key_for(sells=True)), make_show()
    client.get("/api/orders/")  # which notes that the key was used
    messages.clear()

    made = client.post("/api/orders/", {"show": show.pk, "seat_numbers": [5, 6], "guest": guest})

    assert made.status_code == 201
    assert len(messages) == 3 + more, messages
    messages.clear()
    assert client.post(f"/api/orders/{made.data['reference']}/confirm/", {}).status_code == 200
    assert len(messages) == 4, messages


def test_holding_takes_four(messages):
    client, show = client_for(make_user()), make_show()
    messages.clear()

    assert client.post("/api/orders/", {"show": show.pk, "seat_numbers": [1, 2]}).status_code == 201

    assert len(messages) == 4, messages


def test_a_refused_booking_is_rolled_back(messages):
    show, client = make_show(), client_for(make_user())
    book(show, 5)
    client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 4})  # from now on the statements are prepared
    messages.clear()

    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).status_code == 409

    assert [message.split()[0] for message in messages] == ["EXECUTE", "BEGIN;", "ROLLBACK"]
    assert Booking.objects.count() == 2


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
