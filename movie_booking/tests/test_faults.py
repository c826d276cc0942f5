"""When the database fails: an answer that a client can act on, and nothing written."""

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


class PostgresError(Exception):
    def __init__(self, pgcode):
        self.pgcode = pgcode


def caused_by(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (caused_by(OperationalError("lock timeout"), PostgresError("55P03")), 503, "busy"),
        (caused_by(OperationalError("deadlock detected"), PostgresError("40P01")), 503, "busy"),
        (OperationalError("database is locked"), 503, "busy"),
        (OperationalError("server closed the connection unexpectedly"), 503, "unavailable"),
        (InterfaceError("connection already closed"), 503, "unavailable"),
        (IntegrityError("violates foreign key constraint"), 409, "conflict"),
        (ZeroDivisionError("a bug"), 500, "server_error"),
    ],
)
def test_a_failing_insert_is_a_problem_document_and_books_nothing(error, status, code):
    show, client = make_show(), client_for(make_user())

    def fail_on_insert(execute, sql, params, many, context):
        if "INSERT INTO" in sql:
            raise error
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail_on_insert):
        response = client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1})

    show.refresh_from_db()
    assert (response.status_code, response.data["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert response.headers.get("Retry-After") == ("1" if status == 503 else None)
    assert "violates" not in response.content.decode()
    assert (Booking.objects.count(), show.live_seats) == (0, 0)
