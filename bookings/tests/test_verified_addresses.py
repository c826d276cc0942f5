"""With VERIFY_EMAIL on, who takes seats has to have verified the e-mail address."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from bookings.tests.factories import make_order
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


def take_seats(client, show):
    return [
        client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1}),
        client.post("/api/orders/", {"show": show.pk, "seat_numbers": [5]}),
    ]


def test_it_is_not_asked_for_by_default():
    responses = take_seats(client_for(make_user()), make_show())

    assert [response.status_code for response in responses] == [201, 201]


@pytest.mark.parametrize("fields", [{}, {"is_staff": True, "is_superuser": True}])
def test_without_it_nobody_takes_seats(settings, fields):
    settings.VERIFY_EMAIL = True

    for response in take_seats(client_for(make_user(**fields)), make_show()):
        assert (response.status_code, response.data["code"]) == (403, "email_not_verified")
    assert Booking.objects.count() == 0


def test_who_has_verified_it_takes_seats_until_another_address_is_given(settings):
    settings.VERIFY_EMAIL = True
    user = make_user(email_verified_at=timezone.now())
    client = client_for(user)

    assert [each.status_code for each in take_seats(client, make_show())] == [201, 201]
    client.patch("/api/me/", {"email": "other@example.com"})
    assert [each.status_code for each in take_seats(client, make_show())] == [403, 403]


def test_it_keeps_nobody_from_what_is_held_already(settings):
    order = make_order(make_show(), 5, 6)
    settings.VERIFY_EMAIL = True
    client = client_for(order.user)

    for path, body in (
        ("extend", None),
        ("confirm", {}),
        ("exchange", {"from": [5], "to": [7]}),
        ("cancel", {}),
    ):
        response = client.post(f"/api/orders/{order.reference}/{path}/", body)
        assert response.status_code in (200, 409), path
        assert response.data.get("code") != "email_not_verified"


def test_it_takes_no_query(settings):
    client, show = client_for(make_user(email_verified_at=timezone.now())), make_show()
    statements = []
    for on in (True, False, True):
        settings.VERIFY_EMAIL = on
        with CaptureQueriesContext(connection) as asked:
            client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 999})
        statements.append(len(asked))

    assert statements[1] == statements[2]


def test_visitors_are_told_to_log_in_first(settings):
    settings.VERIFY_EMAIL = True

    assert [each.data["code"] for each in take_seats(client_for(), make_show())] == ["not_authenticated"] * 2
