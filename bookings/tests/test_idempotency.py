"""A request that is sent again with its Idempotency-Key gets the first response, and happens once."""

from datetime import timedelta
from functools import partial
from io import StringIO
from threading import Event

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_user
from bookings.idempotency import Asker, StoredResponse, run_once
from bookings.models import Booking, IdempotencyKey, Order
from bookings.tests.api import post_to
from bookings.tests.factories import let_expire, make_order
from bookings.tests.history import db_snapshot
from movie_booking.tests.concurrency import run_concurrently
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


def send(user, path, body, key):
    return client_for(user).post(f"/api/{path}", body, HTTP_IDEMPOTENCY_KEY=key)


def book(user, show, key, seat_number=5):
    return send(user, f"shows/{show.pk}/book/", {"seat_number": seat_number}, key)


def assert_replayed(again, first):
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Content-Type"] == first["Content-Type"] == "application/json"
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first


def assert_refused(response, status, code):
    assert (response.status_code, response.data["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert "Idempotent-Replayed" not in response


@pytest.mark.parametrize(
    "endpoint", ["book", "order", "confirm", "cancel", "cancel part", "exchange", "cancel one"]
)
def test_the_second_of_two_equal_requests_gets_the_same_response_and_changes_nothing(endpoint):
    user, show = make_user(), make_show()
    order = make_order(show, 1, 2, user=user)
    path = f"orders/{order.reference}"
    request = {
        "book": (f"shows/{show.pk}/book/", {"seat_number": 5}),
        "order": ("orders/", {"show": show.pk, "best_available": 3}),
        "confirm": (f"{path}/confirm/", {}),
        "cancel": (f"{path}/cancel/", {}),
        "cancel part": (f"{path}/cancel/", {"seat_numbers": [2]}),
        "exchange": (f"{path}/exchange/", {"from": [1], "to": [5]}),
        "cancel one": (f"bookings/{order.bookings.first().pk}/cancel/", {}),
    }[endpoint]
    before = db_snapshot()

    first = send(user, *request, "k")
    after = db_snapshot()
    again = send(user, *request, "k")

    assert first.status_code == (201 if endpoint in ("book", "order") else 200)
    assert after != before
    assert_replayed(again, first)
    assert db_snapshot() == after


def test_the_response_to_a_key_is_that_of_a_request_without_one():
    user, show = make_user(), make_show()

    keyed = book(user, show, "k").json()
    own = client_for(user).get(f"/api/bookings/{keyed['id']}/").json()

    assert keyed == {**own, "seats_version": 1}


def test_a_replay_is_the_first_response_whatever_happened_since():
    user, show = make_user(), make_show()
    first = book(user, show, "k")
    client_for(user).post(f"/api/bookings/{first.data['id']}/cancel/")
    Show.objects.update(starts_at=now() - timedelta(hours=1))

    assert_replayed(book(user, show, "k"), first)


@pytest.mark.parametrize("typed", ["4n0cv8nk71", "4NOCV8NK7I", "4nocv8nk7l"])
def test_a_reference_typed_in_another_way_is_the_same_order(typed):
    order = make_order(make_show(), 5)
    Order.objects.update(reference="4N0CV8NK71")

    first = send(order.user, "orders/4N0CV8NK71/confirm/", {}, "k")
    again = send(order.user, f"orders/{typed}/confirm/", {}, "k")

    assert first.status_code == 200
    assert_replayed(again, first)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("shows/{show}/book/", {"seat_number": 6}),
        ("shows/{show}/book/", {"seat_number": 5, "leave_single_seat": False}),
        ("shows/{show}/book/", {"seat_number": 5.0}),
        ("shows/{show}/book/", {}),
        ("shows/{other}/book/", {"seat_number": 5}),
        ("orders/", {"seat_number": 5}),
        ("bookings/{booking}/cancel/", {"seat_number": 5}),
    ],
)
def test_a_key_is_for_one_request_only(path, body):
    user, show, other = make_user(), make_show(), make_show()
    booking = book(user, show, "k").data["id"]
    before = db_snapshot()

    response = send(user, path.format(show=show.pk, other=other.pk, booking=booking), body, "k")

    assert_refused(response, 422, "idempotency_key_reused")
    assert db_snapshot() == before


def test_how_a_body_is_written_makes_no_difference():
    user, show = make_user(), make_show()
    client = client_for(user)

    def order(body):
        return client.generic(
            "POST", "/api/orders/", body % show.pk, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k"
        )

    first = order('{"show": %d, "seat_numbers": [5, 6]}')

    assert first.status_code == 201
    assert_replayed(order('{ "seat_numbers":[5,6],\n"show":%d }'), first)
    assert_refused(order('{"show": %d, "seat_numbers": [6, 5]}'), 422, "idempotency_key_reused")


def test_the_keys_of_two_users_have_nothing_to_do_with_each_other():
    show, (jane, john) = make_show(), (make_user(), make_user())
    booked = book(jane, show, "k", 5)

    other = book(john, show, "k", 6)

    assert other.status_code == 201
    assert "Idempotent-Replayed" not in other
    assert_replayed(book(jane, show, "k", 5), booked)
    assert_replayed(book(john, show, "k", 6), other)


@pytest.mark.parametrize(
    ("sent", "same"),
    [
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", '"8e03978e-40d5-43dd-bc93-6894a57f9324"'),
        ("a,b;c=d/e", ' "a,b;c=d/e"'),
        ("x" * 255, f'"{"x" * 255}"'),
        ("'", '"\'"'),
    ],
)
def test_a_key_is_the_same_bare_and_in_quotes(sent, same):
    user, show = make_user(), make_show()

    first = book(user, show, sent)

    assert first.status_code == 201
    assert_replayed(book(user, show, same), first)


@pytest.mark.parametrize("key", ['" "', '"two words"', "!", "~"])
def test_other_valid_keys(key):
    user, show = make_user(), make_show()

    first = book(user, show, key)
    assert first.status_code == 201
    assert_replayed(book(user, show, key), first)


@pytest.mark.parametrize(
    "key",
    [
        *("", " ", '""', '"', '"open', 'open"', '"a" "b"', 'a"b', "two words", "a\\b", '"a\\"b"', "a\tb"),
        *("\x00", "a\x7f", "\xe9", "\xff", "x" * 256, f'"{"x" * 256}"', "x" * 50_000),
    ],
    ids=lambda key: repr(key)[:20],
)
@pytest.mark.parametrize("path", ["shows/1/book/", "orders/", "orders/X/confirm/", "bookings/1/cancel/"])
def test_a_key_that_cannot_be_one_is_invalid(path, key):
    response = send(make_user(), path, {}, key)

    assert_refused(response, 400, "invalid")
    assert response.data["errors"] == {
        "Idempotency-Key": ["Send 1 to 255 visible ASCII characters, bare or in double quotes."]
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"seat_number": "5"}, "invalid"),
        ({"seat_number": 51}, "no_such_seat"),
        ({"seat_number": 5}, "seat_taken"),
    ],
)
def test_a_refusal_is_not_kept_so_the_client_can_try_again(body, code):
    user, show = make_user(), make_show(total_seats=50)
    taken = make_order(show, 5)

    refused = send(user, f"shows/{show.pk}/book/", body, "k")

    assert refused.data["code"] == code
    assert IdempotencyKey.objects.count() == 0
    client_for(taken.user).post(f"/api/orders/{taken.reference}/cancel/")
    booked = book(user, show, "k")
    assert booked.status_code == 201
    assert_replayed(book(user, show, "k"), booked)


def test_a_refused_retry_with_another_body_leaves_the_first_response_in_place():
    user, show = make_user(), make_show()
    first = book(user, show, "k", 5)

    assert_refused(book(user, show, "k", 6), 422, "idempotency_key_reused")
    assert_replayed(book(user, show, "k", 5), first)


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_a_retry_while_the_first_request_is_processed_is_told_when_to_come_again():
    user, show = make_user(), make_show()
    working, refused = Event(), Event()

    def work():
        working.set()
        assert refused.wait(timeout=10)
        return StoredResponse(201, "{}")

    def send_again():
        assert working.wait(timeout=10)
        before = db_snapshot()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            return book(user, show, "k"), db_snapshot() == before
        finally:
            refused.set()

    first, (again, nothing_changed) = run_concurrently(
        partial(run_once, asker=Asker(user.pk, ("k",)), fingerprint="the first", work=work), send_again
    )

    assert first == StoredResponse(201, "{}")
    assert_refused(again, 409, "in_progress")
    assert again["Retry-After"] == "1"
    assert nothing_changed
    assert Booking.objects.count() == 0


def test_a_key_without_a_login_is_refused():
    response = client_for().post("/api/orders/", {}, HTTP_IDEMPOTENCY_KEY="k")

    assert_refused(response, 401, "not_authenticated")


# --- For how long ------------------------------------------------------------------------------


def age(**time):
    assert IdempotencyKey.objects.update(created_at=now() - timedelta(**time))


def purge():
    output = StringIO()
    call_command("purge_idempotency_keys", stdout=output)
    return output.getvalue()


def test_a_response_is_kept_for_a_day_and_then_the_key_is_as_good_as_new():
    user, show = make_user(), make_show()
    first = book(user, show, "k", 5)

    age(hours=23, minutes=59)
    assert_replayed(book(user, show, "k", 5), first)
    age(hours=24, minutes=1)
    second = book(user, show, "k", 6)

    assert second.status_code == 201
    assert_replayed(book(user, show, "k", 6), second)
    assert_refused(book(user, show, "k", 5), 422, "idempotency_key_reused")


def test_a_key_past_its_time_whose_request_is_refused_stays_free():
    user, show = make_user(), make_show()
    book(user, show, "k", 5)
    age(hours=25)

    assert_refused(book(user, show, "k", 5), 409, "seat_taken")
    assert book(user, show, "k", 6).status_code == 201


def test_the_command_forgets_what_is_older_and_nothing_else(settings):
    settings.IDEMPOTENCY_HOURS = 2
    user, show = make_user(), make_show()
    old = book(user, show, "old", 5)
    age(hours=2, minutes=1)
    new = book(user, show, "new", 6)

    assert purge() == "Responses deleted: 1.\n"
    assert purge() == "Responses deleted: 0.\n"
    assert_replayed(book(user, show, "new", 6), new)
    assert_refused(book(user, show, "old", 5), 409, "seat_taken")
    assert Booking.objects.get(pk=old.data["id"]).status == "BOOKED"


# --- A hold that has gone on since ------------------------------------------------------------------


def hold_twice(then):
    """The first answer to a hold, what then happened to it, and the answer to the same request again."""
    show, user = make_show(), make_user()
    client = client_for(user)
    body = {"show": show.pk, "seat_numbers": [5]}
    first = client.post("/api/orders/", body, HTTP_IDEMPOTENCY_KEY="k")
    assert first.status_code == 201
    then(Order.objects.get())
    again = client.post("/api/orders/", body, HTTP_IDEMPOTENCY_KEY="k")
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert Booking.objects.count() == 1
    return client, first.json(), again.json()


@pytest.fixture
def once_its_time_is_over(monkeypatch):
    later = now() + timedelta(minutes=11)
    monkeypatch.setattr("bookings.views.orders.now", lambda: later)


@pytest.mark.usefixtures("once_its_time_is_over")
def test_the_replay_of_a_hold_that_has_expired_since_says_so():
    client, first, again = hold_twice(let_expire)

    assert (first["status"], again["status"]) == ("HELD", "EXPIRED")
    assert [booking["status"] for booking in again["bookings"]] == ["EXPIRED"]
    assert (again["expires_at"], again["expires_in_seconds"]) == (None, None)
    assert again == client.get(f"/api/orders/{first['reference']}/").json()


@pytest.mark.usefixtures("once_its_time_is_over")
@pytest.mark.parametrize(
    ("verb", "status"), [("confirm", "BOOKED"), ("cancel", "CANCELLED"), ("extend", "HELD")]
)
def test_what_became_of_a_hold_in_time_is_told_once_the_time_is_over(verb, status):
    def carry_on(order):
        order.bookings.update(expires_at=now() + timedelta(minutes=5))
        assert post_to(order, verb).status_code == 200

    _, first, again = hold_twice(carry_on)

    assert again["status"] == status
    assert again["reference"] == first["reference"]


def test_until_then_it_is_told_as_it_was():
    _, first, again = hold_twice(lambda order: post_to(order, "confirm"))

    assert again == first
