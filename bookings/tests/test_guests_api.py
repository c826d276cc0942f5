"""Who has no account buys without one: the key that the answer tells opens the order, and no other."""

import hashlib
import json
import logging
from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts.emails import counted_as
from accounts.tests.factories import client_for, make_user
from bookings import services
from bookings.access_keys import key_of
from bookings.models import Booking, BookingEvent, Guest, IdempotencyKey, Order
from bookings.services import GuestDetails
from bookings.tests.api import assert_refused
from bookings.tests.factories import let_expire, make_order, make_shows_of_one_movie
from bookings.tests.guests import ANN, make_seller, opened, order
from bookings.tests.history import assert_history_consistent
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


def test_a_guest_buys_and_the_key_opens_the_order():
    show = make_show()
    made = order(show, 5, 6)

    assert made.status_code == 201
    assert made.data["guest"] == ANN
    assert (made.data["status"], len(made.data["access_key"])) == ("HELD", 43)
    assert made["Location"].endswith(f"/api/orders/{made.data['reference']}/")
    client, path = opened(made)
    read = client.get(path)
    assert (read.status_code, read.data["guest"]) == (200, ANN)
    assert "access_key" not in read.data  # told once
    confirmed = client.post(f"{path}confirm/")
    assert (confirmed.status_code, confirmed.data["status"]) == (200, "BOOKED")
    assert client.get(f"{path}cancellation/").status_code == 200
    assert client.post(f"{path}exchange/", {"from": [5], "to": [7]}).status_code == 200
    cancelled = client.post(f"{path}cancel/", {"seat_numbers": [7]})
    given_back = [b for b in cancelled.data["bookings"] if b["seat_number"] == 7]
    assert [b["ended_by"] for b in given_back] == ["customer"]
    assert set(BookingEvent.objects.values_list("actor", "channel")) == {(None, "API")}
    assert_history_consistent()


def test_an_exchange_for_another_show_is_opened_by_the_same_key():
    here, there = make_shows_of_one_movie()
    client, path = opened(order(here, 5, 6))
    client.post(f"{path}confirm/")

    swapped = client.post(f"{path}exchange/", {"from": [5, 6], "to": [1, 2], "to_show": there.pk})

    assert swapped.status_code == 200, swapped.data
    assert client.get(f"/api/orders/{swapped.data['reference']}/").data["guest"] == ANN
    assert client.get(path).status_code == 200
    assert Guest.objects.count() == 1


def test_who_has_an_account_says_no_guest():
    show = make_show()
    response = order(show, 5, client=client_for(make_user()))

    assert_refused(response, 400, "invalid")
    assert response.data["error_codes"] == {"guest": ["incompatible"]}
    made = client_for(make_user()).post("/api/orders/", {"show": show.pk, "seat_numbers": [5]})
    assert made.data["guest"] is None
    assert "access_key" not in made.data


@pytest.mark.parametrize(
    ("guest", "code"),
    [
        ({}, "required"),
        ({"email": ""}, "blank"),
        ({"email": "ann"}, "invalid"),
        ({"email": '"x"@example.com'}, "quoted"),
        ({"email": "änn@example.com"}, "not_ascii"),
        ({"email": "ann@example.com", "telephone": "call me"}, "invalid"),
        ({"email": "ann@example.com", "name": "A" * 151}, "max_length"),
        ({"email": "ann@example.com", "age": 7}, "unknown"),
        ("ann@example.com", "invalid"),
        (None, "null"),
        ([], "invalid"),
    ],
)
def test_what_a_guest_says_must_be_of_use(guest, code):
    response = order(make_show(), 5, guest=guest)

    assert_refused(response, 400, "invalid")
    assert response.data["error_codes"]["guest"][0] == code
    assert not Guest.objects.exists()


def test_without_saying_who_one_is_nothing_is_sold_and_booking_at_once_is_for_accounts():
    show = make_show()

    assert_refused(
        client_for().post("/api/orders/", {"show": show.pk, "seat_numbers": [5]}), 401, "not_authenticated"
    )
    body = {"seat_number": 5, "guest": ANN}
    assert_refused(client_for().post(f"/api/shows/{show.pk}/book/", body), 401, "not_authenticated")
    single = order(show, 5, leave_single_seat=True)
    assert single.status_code == 401


def test_guests_can_be_turned_off_and_keep_what_they_bought(settings):
    show = make_show()
    client, path = opened(order(show, 5))
    settings.GUESTS = False

    assert_refused(order(show, 6), 403, "guests_off")
    assert client.post(f"{path}confirm/").status_code == 200
    assert client_for().get("/api/limits/").data["guests"] is None


def test_limits_say_how_long_guests_hold_and_they_do(settings):
    settings.GUEST_HOLD_MINUTES, settings.GUEST_HOLD_CAP_MINUTES = 2.0, 3.0
    assert client_for().get("/api/limits/").data["guests"] == {"hold_minutes": 2.0, "hold_cap_minutes": 3.0}

    made = order(make_show(), 5)
    client, path = opened(made)
    assert 110 <= made.data["expires_in_seconds"] <= 120
    Order.objects.update(created_at=now() - timedelta(minutes=2))
    Booking.objects.update(expires_at=now() + timedelta(seconds=10))
    assert client.post(f"{path}extend/").data["expires_in_seconds"] <= 60
    assert_refused(client.post(f"{path}extend/"), 409, "hold_limit_reached")


# --- Nobody learns of other orders ------------------------------------------------------------------

VERBS = [
    ("get", ""),
    ("get", "cancellation/"),
    ("post", "confirm/"),
    ("post", "extend/"),
    ("post", "cancel/"),
    ("post", "exchange/"),
]


@pytest.mark.parametrize(("method", "verb"), VERBS)
def test_no_other_key_and_no_account_opens_it(method, verb):
    show = make_show()
    guests, others, users = order(show, 1), order(show, 3), make_order(show, 5)
    walk_in = services.sell_seats(
        show.pk, services.SeatChoice([7]), guest=GuestDetails(email=ANN["email"]), actor=make_seller()
    )
    before = list(Booking.objects.order_by("pk").values())
    body = {"from": [1], "to": [9]} if verb == "exchange/" else {}
    key = guests.data["access_key"]
    strangers = [
        (guests.data["reference"], {"HTTP_ORDER_KEY": others.data["access_key"]}),
        (guests.data["reference"], {"HTTP_ORDER_KEY": ""}),
        (guests.data["reference"], {"HTTP_ORDER_KEY": key[:-1]}),
        (guests.data["reference"], {"HTTP_ORDER_KEY": hashlib.sha256(key.encode()).hexdigest()}),
        (guests.data["reference"], {"HTTP_ORDER_KEY": "none"}),
        (guests.data["reference"], client_for(make_user())._credentials),
        (guests.data["reference"], {**client_for(make_user())._credentials, "HTTP_ORDER_KEY": key}),
        (users.reference, {"HTTP_ORDER_KEY": key}),
        (walk_in.reference, {"HTTP_ORDER_KEY": key}),
        (walk_in.reference, {"HTTP_ORDER_KEY": ""}),
        ("0000000000", {"HTTP_ORDER_KEY": key}),
    ]
    for reference, headers in strangers:
        response = getattr(client_for(), method)(f"/api/orders/{reference}/{verb}", body, **headers)
        assert (response.status_code, response.data["detail"]) == (404, "Not found."), (reference, headers)
    response = getattr(client_for(), method)(f"/api/orders/{guests.data['reference']}/{verb}", body)
    assert response.status_code == 401
    assert list(Booking.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("key", [None, "wrong"])
def test_no_cache_keeps_an_order_of_a_guest(key):
    client, path = opened(order(make_show(), 5), key)

    assert client.get(path)["Cache-Control"] == "no-store"


def test_a_key_opens_no_list():
    client, _ = opened(order(make_show(), 5))

    for path in ("orders/", "bookings/", "my-bookings/", "me/"):
        assert client.get(f"/api/{path}").status_code == 401


def test_who_gives_another_ones_address_learns_nothing_of_what_they_have(settings):
    settings.MAX_SEATS_PER_SHOW, settings.MAX_HELD_ORDERS = 2, 2
    show, other = make_show(), make_show()
    order(show, 1, 2)
    order(other, 1)

    seats = order(show, 3)
    assert_refused(seats, 409, "too_many_seats")
    assert "have" not in seats.data
    holds = order(make_show(), 1)
    assert_refused(holds, 409, "too_many_holds")
    assert holds.data["orders"] == []
    taken = order(show, 1, guest={"email": "eve@example.com"})
    assert taken.data["seats"] == [{"seat_number": 1, "reason": "held"}]
    assert order(show, 1).data["seats"] == [{"seat_number": 1, "reason": "held"}]


def test_who_has_shown_the_key_is_told_what_is_theirs():
    show, other = make_shows_of_one_movie()
    made = order(show, 1, 2)
    client, path = opened(made)
    client.post(f"{path}exchange/", {"from": [2], "to": [4], "to_show": other.pk})

    response = client.post(f"{path}exchange/", {"from": [1], "to": [4], "to_show": other.pk})

    [seat] = response.data["seats"]
    assert (seat["reason"], seat["order"]) == ("held_by_you", Order.objects.latest("pk").reference)


# --- Limits by e-mail -------------------------------------------------------------------------------


def test_one_address_counts_as_one_in_any_case_and_across_orders(settings):
    settings.MAX_SEATS_PER_SHOW = 2
    show = make_show()
    assert order(show, 1).status_code == 201
    assert order(show, 2, guest={"email": "ANN@Example.com"}).status_code == 201

    assert_refused(order(show, 3), 409, "too_many_seats")
    assert order(show, 3, guest={"email": "ann+1@example.com"}).status_code == 201
    let_expire(*Order.objects.filter(guest__address="ann@example.com"))
    assert order(show, 4).status_code == 201


def test_spellings_count_as_one_if_asked_for(settings):
    settings.MAX_HELD_ORDERS, settings.EMAIL_SPELLINGS_AS_ONE = 1, True
    assert order(make_show(), 1, guest={"email": "a.nn@gmail.com"}).status_code == 201

    again = order(make_show(), 1, guest={"email": "Ann+cinema@googlemail.com"})

    assert_refused(again, 409, "too_many_holds")
    assert Guest.objects.get().email == "a.nn@gmail.com"


@pytest.mark.parametrize(
    ("email", "alone", "as_one"),
    [
        ("Ann@Example.com", "ann@example.com", "ann@example.com"),
        ("a.nn+x@example.com", "a.nn+x@example.com", "a.nn@example.com"),
        ("a.n.n+x@gmail.com", "a.n.n+x@gmail.com", "ann@gmail.com"),
        ("ann@GOOGLEMAIL.com", "ann@googlemail.com", "ann@gmail.com"),
        ("+x@example.com", "+x@example.com", "+x@example.com"),
        ("", "", ""),
    ],
)
def test_how_an_address_is_counted(email, alone, as_one):
    assert counted_as(email, spellings_as_one=False) == alone
    assert counted_as(email, spellings_as_one=True) == as_one


# --- Sent twice -------------------------------------------------------------------------------------


def test_a_repeated_request_gets_the_same_answer_with_the_same_key():
    show = make_show()
    first, again = order(show, 5, key="k"), order(show, 5, key="k")

    assert again["Idempotent-Replayed"] == "true"
    assert (again.status_code, again.data) == (201, {**first.data})
    assert Order.objects.count() == 1
    stored = IdempotencyKey.objects.get()
    over = json.loads(stored.body) | {"expires_at": (now() - timedelta(minutes=1)).isoformat()}
    IdempotencyKey.objects.update(body=json.dumps(over))
    let_expire(*Order.objects.all())
    expired = order(show, 5, key="k")
    assert (expired.data["status"], expired.data["access_key"]) == ("EXPIRED", first.data["access_key"])


def test_the_same_key_of_another_guest_or_for_something_else_tells_nothing():
    show = make_show()
    first = order(show, 5, key="k")

    other = order(show, 6, key="k", guest={"email": "eve@example.com"})
    assert (other.status_code, other.data["reference"] != first.data["reference"]) == (201, True)
    for body in ({"guest": {"email": ANN["email"]}}, {"show_version": 0}):
        refused = order(show, 5, key="k", **{"guest": ANN, **body})
        assert_refused(refused, 422, "idempotency_key_reused")
        assert first.data["access_key"] not in json.dumps(refused.data, default=str)


def test_verbs_of_a_guest_are_repeated_too_and_those_of_others_are_others():
    show = make_show()
    one, other = order(show, 1), order(show, 3)
    for made in (one, other):
        client, path = opened(made)
        answers = [client.post(f"{path}confirm/", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].data == answers[1].data
        assert answers[1]["Idempotent-Replayed"] == "true"
    assert IdempotencyKey.objects.filter(user=None).count() == 2


def test_the_key_is_stored_nowhere_and_logged_nowhere(caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.DEBUG)
    made = order(make_show(), 5, key="secret-key")
    key = made.data["access_key"]
    opened(made)[0].get(f"/api/orders/{made.data['reference']}/")
    opened(made, key + "x")[0].get(f"/api/orders/{made.data['reference']}/")

    stored = [
        str(list(model.objects.values())) for model in (Guest, Order, Booking, BookingEvent, IdempotencyKey)
    ]
    guest = Guest.objects.get()
    assert key not in "".join(stored)
    assert "secret-key" not in "".join(stored)
    assert guest.access_key_hash == hashlib.sha256(key.encode()).hexdigest()
    assert key_of(guest.access_salt) == key
    assert key not in caplog.text


def test_a_key_still_opens_when_the_secret_was_changed_and_a_repeated_answer_does_not_tell_a_wrong_one(
    settings,
):
    show = make_show()
    made = order(show, 5)
    settings.SECRET_KEY = "another secret, as after a leak of the first"

    client, path = opened(made)
    assert client.get(path).status_code == 200
