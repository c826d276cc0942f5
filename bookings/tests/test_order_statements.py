"""What a sale costs the database, from BEGIN to COMMIT: other buyers wait for the lock meanwhile."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Status
from bookings.tests.factories import make_order, make_shows_of_one_movie
from movie_booking.tests.statements import send_statements_as_they_are
from movies.tests.factories import make_show

pytestmark = pytest.mark.usefixtures("real_transactions")


@pytest.fixture
def statements():
    """Send a request as a user and return its statements after the one that reads the user."""

    def statements(user, path, body):
        client = client_for(user)
        send_statements_as_they_are()
        with CaptureQueriesContext(connection) as captured:
            response = client.post(f"/api/{path}", body)
        assert response.status_code in (200, 201), response.data
        first, *rest = [query["sql"] for query in captured]
        assert 'FROM "accounts_user"' in first
        return rest

    return statements


@pytest.mark.postgres
def test_one_booking_takes_two_messages_after_that(statements):
    show = make_show()
    make_order(show, 1, 2)

    found = statements(make_user(), f"shows/{show.pk}/book/", {"seat_number": 5})

    begin, lock, write = found
    assert begin == "BEGIN"
    assert lock.startswith("BEGIN; SELECT")
    assert "FOR NO KEY UPDATE; SELECT" in lock
    assert "; COMMIT; SELECT current_setting" in write


# The lock with the bookings of the order, the change, and as statements of their own the counts of an
# extension, and on SQLite the counts and events of a change of seats.
@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("confirm", {}),
        ("cancel", {}),
        ("cancel", {"seat_numbers": [1]}),
        ("cancel one", {}),
        ("extend", {}),
    ],
)
def test_a_change_of_an_order_does_not_read_which_seats_are_occupied(statements, verb, body):
    order = make_order(make_show(), 1, 2)
    Booking.objects.update(expires_at=now() + timedelta(minutes=1))  # so that it can be extended
    one = order.bookings.first()
    path = f"bookings/{one.pk}/cancel/" if verb == "cancel one" else f"orders/{order.reference}/{verb}/"

    found = under_lock(statements(order.user, path, body))

    steps = 1 if verb == "extend" else 2 if connection.vendor == "sqlite" else 0
    assert len(found) == 2 + steps, found
    assert not any(map(OCCUPYING.search, found)), found


@pytest.mark.parametrize("to_another_show", [False, True])
def test_an_exchange_reads_which_seats_are_occupied_once(statements, to_another_show):
    show, other = make_shows_of_one_movie()
    order = make_order(show, 1, 2, status=Status.BOOKED)
    to_show = other if to_another_show else show

    found = statements(
        order.user,
        f"orders/{order.reference}/exchange/",
        {"from": [1], "to_show": to_show.pk, "to": [5]},
    )

    reads = [statement for statement in under_lock(found) if OCCUPYING.search(statement)]
    assert len(reads) == 1, found


# How the inventory asks for the rows that `one_live_booking_per_seat` counts.
OCCUPYING = re.compile(r'"status" IN \(\'HELD\', \'BOOKED\', \'BLOCKED\'\)')


def under_lock(statements):
    """Those between BEGIN and COMMIT: other buyers wait meanwhile."""
    begin = next(n for n, statement in enumerate(statements) if statement.startswith("BEGIN"))
    end = next(n for n, statement in enumerate(statements) if "COMMIT" in statement)
    return [statement for statement in statements[begin + 1 : end + 1] if statement != "COMMIT"]


def test_an_order_of_six_seats_takes_as_many_statements_as_one_of_two(statements):
    counts = {}
    for seats in (2, 6):
        user = make_user()
        first, others = list(range(1, seats + 1)), list(range(11, seats + 11))
        show, other = make_shows_of_one_movie()
        placed = make_order(show, *first, user=user)
        path = f"orders/{placed.reference}"
        counts[seats] = [
            len(statements(user, *request))
            for request in (
                ("orders/", {"show": make_show().pk, "seat_numbers": first}),
                ("orders/", {"show": make_show().pk, "best_available": seats}),
                (f"{path}/confirm/", {}),
                (f"{path}/exchange/", {"from": first, "to": others}),
                (f"{path}/exchange/", {"from": others[1:], "to_show": other.pk, "to": first[1:]}),
                (f"{path}/cancel/", {}),
            )
        ]

    assert counts[6] == counts[2]
