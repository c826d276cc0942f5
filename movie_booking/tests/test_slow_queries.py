"""A statement that takes long is logged, without its values."""

import logging

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from movies.tests.factories import make_show

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture
def slow(caplog):
    """A function that returns the statements that were logged."""
    caplog.set_level(logging.WARNING, "movie_booking.slow_queries")
    return lambda: [record.fields["statement"] for record in caplog.records if "slow" in record.name]


@pytest.fixture
def at_once(settings):
    settings.SLOW_QUERY_SECONDS = 1e-9


def test_a_slow_statement_is_logged_without_its_values(slow, at_once, caplog):
    list(Booking.objects.filter(reason="s3cr3t")[:1])

    [statement] = slow()
    assert statement.startswith('SELECT "bookings_booking"."id", ')
    assert "s3cr3t" not in caplog.text
    [record] = caplog.records
    assert record.fields["seconds"] >= 0


def test_each_statement_of_a_booking_is_told_as_it_was_written(slow, settings):
    client, show = client_for(make_user()), make_show()
    settings.SLOW_QUERY_SECONDS = 1e-9

    assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).status_code == 201

    assert any(statement.startswith("WITH the_order AS ( INSERT INTO") for statement in slow())
    assert not any("EXECUTE" in statement for statement in slow())


@pytest.mark.usefixtures("real_transactions")
def test_a_commit_that_takes_long_is_logged(slow, at_once):
    with transaction.atomic():
        connection.cursor().execute("SELECT 1")

    assert slow() == ["SELECT 1", "COMMIT"]


def test_a_statement_that_fails_after_long_is_logged(slow, at_once):
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute("SELECT nothing")

    assert "SELECT nothing" in slow()


@pytest.mark.parametrize("seconds", [0, 60])
def test_what_is_fast_or_not_to_be_looked_at_is_not_logged(slow, settings, seconds):
    settings.SLOW_QUERY_SECONDS = seconds

    Booking.objects.count()

    assert slow() == []
