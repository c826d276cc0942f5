"""The last statement of a transaction goes along with COMMIT, and statements are prepared once."""

import re
from contextlib import suppress
from types import SimpleNamespace

import psycopg2
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from movie_booking.composed import ComposedQuery
from movie_booking.database import CommitUnanswered
from movie_booking.postgresql.transactions import Connection
from movie_booking.statements import Message, Statement, execute
from movie_booking.tests.wire import add, names, run
from movies.models import Genre

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]

RETURNED = "SELECT current_setting('movie_booking.returned')"


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
    assert (connection.connection.prepared, connection.connection.settings) == ({}, "")

    class ThroughPooler(Connection):
        info = SimpleNamespace(backend_pid=4711)

    pooled = psycopg2.connect(**connection.get_connection_params() | {"connection_factory": ThroughPooler})
    pooled.autocommit = True
    pooled.settle({"lock_timeout": "5s"})
    pooled.close()

    assert pooled.prepared is None
    assert pooled.settings == "SELECT set_config('lock_timeout', '5s', true); "
