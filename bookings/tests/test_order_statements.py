"""What a sale costs the database, from BEGIN to COMMIT: other buyers wait for the lock meanwhile."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import client_for, make_user
from bookings.tests.factories import make_order
from movies.tests.factories import make_show

pytestmark = pytest.mark.usefixtures("real_transactions")


@pytest.fixture
def statements():
    """Send a request as a user and return its statements after the one that reads the user."""

    def statements(user, path, body):
        client = client_for(user)
        with CaptureQueriesContext(connection) as captured:
            response = client.post(f"/api/{path}", body)
        assert response.status_code in (200, 201), response.data
        first, *rest = [query["sql"] for query in captured]
        assert 'FROM "accounts_user"' in first
        return rest

    return statements


@pytest.mark.postgres
def test_one_booking_takes_six_statements_at_most(statements):
    show = make_show()
    make_order(show, 1, 2)

    found = statements(make_user(), f"shows/{show.pk}/book/", {"seat_number": 5})

    assert len(found) <= 6, found
    assert (found[0], found[-1]) == ("BEGIN", "COMMIT")
    assert "FOR NO KEY UPDATE" in found[1]


def test_an_order_of_six_seats_takes_as_many_statements_as_one_of_two(statements):
    counts = {}
    for seats in (2, 6):
        user = make_user()
        first, others = list(range(1, seats + 1)), list(range(11, seats + 11))
        placed = make_order(make_show(), *first, user=user)
        path = f"orders/{placed.reference}"
        counts[seats] = [
            len(statements(user, *request))
            for request in (
                ("orders/", {"show": make_show().pk, "seat_numbers": first}),
                ("orders/", {"show": make_show().pk, "best_available": seats}),
                (f"{path}/confirm/", {}),
                (f"{path}/exchange/", {"from": first, "to": others}),
                (f"{path}/cancel/", {}),
            )
        ]

    assert counts[6] == counts[2]
