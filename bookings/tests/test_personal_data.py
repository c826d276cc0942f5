"""`me/export/`: all that is held of a user, and nothing of others."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group

from accounts.services import request_password_reset
from accounts.tests.factories import client_for, make_staff, make_user
from accounts.tests.test_passwords import log_in
from bookings import personal_data
from bookings.models import Status
from bookings.tests.factories import block, give_back, make_order
from movies.models import Movie
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


def export(user):
    response = client_for(user).get("/api/me/export/")
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'attachment; filename="account.json"'
    assert response["Cache-Control"] == "no-store"
    return response.json()


def test_it_has_all_that_is_held_of_a_customer():
    user, show = make_user("john", first_name="John"), make_show()
    log_in(user)
    request_password_reset(email="JOHN@example.com")
    order = make_order(show, 5, 6, user=user, status=Status.BOOKED)
    give_back(order.bookings.get(seat_number=6))
    client = client_for(user)
    client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 9}, HTTP_IDEMPOTENCY_KEY="my-key")

    data = export(user)

    assert list(data) == [
        *("exported_at", "account", "rights", "log_ins", "mails", "orders", "events", "requests", "changes"),
        "is_complete",
    ]
    assert data["account"] == client.get("/api/me/").json()
    assert data["rights"] == {
        "is_staff": False,
        "is_superuser": False,
        "groups": [],
        "permissions": [],
        "last_login": None,
    }
    assert [log_in["ended_at"] for log_in in data["log_ins"]] == [None]
    assert [mail["kind"] for mail in data["mails"]] == ["PASSWORD_RESET"]
    assert data["orders"] == client.get("/api/orders/").json()["results"]
    assert [(e["order"], e["seat_number"], e["to_status"], e["by_you"]) for e in data["events"][1:]] == [
        (order.reference, 6, "CANCELLED", True),
        (order.reference, 6, "BOOKED", True),
        (order.reference, 5, "BOOKED", True),
        (order.reference, 6, "HELD", True),
        (order.reference, 5, "HELD", True),
    ]
    assert [(each["key"], each["status"]) for each in data["requests"]] == [("my-key", 201)]
    assert (data["changes"], data["is_complete"]) == ([], True)


def test_it_has_nothing_of_others_and_no_secret():
    user, other, show = make_user(), make_user("someoneelse"), make_show()
    pair = log_in(user).data
    log_in(other)
    request_password_reset(email=other.email)
    make_order(show, 5, user=other)

    data = export(user)

    assert [len(data[name]) for name in ("log_ins", "mails", "orders", "events")] == [1, 0, 0, 0]
    told = str(data)
    for secret in ("someoneelse", user.password, pair["access"], pair["refresh"]):
        assert secret not in told


def test_a_member_of_staff_gets_roles_and_what_was_done_at_work():
    staff, show = make_staff("block_seats"), make_show()
    staff.groups.add(Group.objects.create(name="Front of house"))
    block(show, "A1", staff=staff)
    order = make_order(show, 5, status=Status.BOOKED)
    give_back(order.bookings.get(), user=staff)
    LogEntry.objects.log_actions(staff.pk, Movie.objects.all(), CHANGE, "Changed Title")

    data = export(staff)

    assert data["rights"]["groups"] == ["Front of house"]
    assert data["rights"]["permissions"] == ["block_seats"]
    newest = data["events"][0]
    assert (newest["order"], newest["to_status"]) == (order.reference, "CANCELLED")
    assert "BLOCKED" in {event["to_status"] for event in data["events"]}
    assert [change["change"] for change in data["changes"]] == ["Changed Title"]


def test_a_list_that_is_cut_off_says_so(monkeypatch):
    monkeypatch.setattr(personal_data, "MAX_ROWS", 2)
    user = make_user()
    for _ in range(2):
        log_in(user)
    assert export(user)["is_complete"]

    log_in(user)

    data = export(user)
    assert len(data["log_ins"]) == 2
    assert not data["is_complete"]


def test_its_queries_do_not_grow_with_what_is_held(django_assert_max_num_queries):
    user, show = make_user(), make_show()
    make_order(show, 1, 2, user=user)
    make_order(show, 5, user=user)

    with django_assert_max_num_queries(12):
        export(user)
