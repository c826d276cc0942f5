"""Indexes of large tables are built while the system goes on, in both directions, and after a failure too."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import make_user
from bookings.models import Booking
from bookings.tests.factories import book
from movie_booking.tests.migrations import migrate_to_latest, models_at, once
from movies.tests.factories import make_show

BEFORE = [("accounts", "0004_unquoted_email"), ("bookings", "0013_exchanged_orders")]
TABLES = ("accounts_user", "bookings_booking", "bookings_bookingevent", "bookings_order")
NEW = {
    "booking_by_canceller",
    "booking_by_creation",
    "booking_event_by_time",
    "order_by_creation",
    "order_by_guest",
    "order_by_machine",
    "order_by_seller",
    "user_by_joining",
    "user_inactive",
    "user_staff",
    "user_superusers",
}
FORMER = {"bookings_booking_cancelled_by_id_6d3a47c3"}
BEGINNINGS = {f"user_by_beginning_of_{name}" for name in ("username", "email", "first_name", "last_name")}


@pytest.fixture
def before(transactional_db):
    with models_at(BEFORE):
        yield


def migrate_once():
    once("indexes", migrate_to_latest)


def indexes():
    with connection.cursor() as cursor:
        return {
            name
            for table in TABLES
            for name, details in connection.introspection.get_constraints(cursor, table).items()
            if details["index"]
        }


def expected():
    return NEW | (BEGINNINGS if connection.vendor == "postgresql" else set())


def test_indexes_come_and_go_and_one_that_held_nothing_goes_and_comes(before):
    old = indexes()
    migrate_once()
    new = indexes()

    assert (new - old, old - new) == (expected(), FORMER)
    with models_at(BEFORE):
        assert indexes() == old


@pytest.mark.usefixtures("before")
def test_bookings_go_on_after_it():
    migrate_once()
    booking = book(make_show(), 1, user=make_user())

    assert Booking.objects.get() == booking


@pytest.mark.postgres
@pytest.mark.usefixtures("before")
def test_no_index_keeps_writers_out_while_it_is_built():
    with CaptureQueriesContext(connection) as asked:
        migrate_to_latest()

    statements = [query["sql"] for query in asked if query["sql"].startswith("CREATE INDEX")]
    built = [sql for sql in statements if re.search(r' ON "?(\w+)', sql)[1] in TABLES]  # others are new
    assert len(built) == len(NEW | BEGINNINGS)
    assert [sql for sql in built if not sql.startswith("CREATE INDEX CONCURRENTLY")] == []


@pytest.mark.postgres
@pytest.mark.usefixtures("before")
def test_an_index_that_was_left_unfinished_is_built_anew():
    with connection.cursor() as cursor:  # as a migration leaves it that was stopped
        cursor.execute("CREATE INDEX booking_by_creation ON bookings_booking (id)")
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'booking_by_creation'::regclass"
        )

    migrate_to_latest()

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
        assert cursor.fetchone() == (0,)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("5s",)
    assert indexes() >= NEW
