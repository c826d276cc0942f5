"""Orders: confirmed, extended and read, by the user who placed them."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Order, Status
from bookings.tests.api import assert_refused, post_to, read, statuses
from bookings.tests.factories import block, make_order
from bookings.tests.history import assert_history_consistent
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


# --- Confirming and extending ------------------------------------------------------------------


def test_confirming_books_the_seats_that_were_held():
    held = make_order(make_show(price=Decimal("9.50")), 5, 6)

    response = post_to(held, "confirm")

    assert response.status_code == 200
    answer = response.json()
    assert answer.pop("seats_version") == Show.objects.get().seats_version
    assert answer == read(held).json()
    assert (answer["reference"], answer["status"], answer["total"]) == (held.reference, "BOOKED", "19.00")
    assert (answer["expires_at"], answer["expires_in_seconds"]) == (None, None)
    assert statuses(held) == {5: "BOOKED", 6: "BOOKED"}
    assert not held.bookings.exclude(expires_at=None).exists()
    assert_history_consistent()


@pytest.mark.parametrize(
    ("verb", "body"),
    [("extend", {}), ("exchange", {"from": [5], "to": [6]}), ("confirm", {}), ("cancel", {}), (None, None)],
)
def test_a_reference_may_be_typed_in_any_case(verb, body):
    held = make_order(make_show(), 5)
    Booking.objects.update(expires_at=now() + timedelta(minutes=1))  # so that it can be extended
    client, path = client_for(held.user), f"/api/orders/{held.reference.lower()}/"

    response = client.post(f"{path}{verb}/", body) if verb else client.get(path)

    assert (response.status_code, response.data["reference"]) == (200, held.reference)


@pytest.mark.parametrize("typed", ["4NOCV8NK7I", "4noCV8NK7l", "4n0cv8nk7L", "4NoCV8NK71"])
@pytest.mark.parametrize("verb", ["confirm", "extend", "cancel", None])
def test_letters_that_look_like_digits_may_be_typed_for_them(typed, verb):
    held = make_order(make_show(), 5)
    Order.objects.update(reference="4N0CV8NK71")
    Booking.objects.update(expires_at=now() + timedelta(minutes=1))  # so that it can be extended
    client, path = client_for(held.user), f"/api/orders/{typed}/"

    response = client.post(f"{path}{verb}/", {}) if verb else client.get(path)

    assert (response.status_code, response.data["reference"]) == (200, "4N0CV8NK71")


def test_an_order_is_confirmed_once():
    booked = make_order(make_show(), 5, status=Status.BOOKED)

    assert_refused(post_to(booked, "confirm"), 409, "already_confirmed")


@pytest.mark.parametrize("verb", ["confirm", "extend", "cancel"])
def test_a_cancelled_order_cannot_be_confirmed_extended_or_cancelled(verb):
    held = make_order(make_show(), 5, 6)
    post_to(held, "cancel")

    assert_refused(post_to(held, verb), 409, "already_cancelled")
    assert statuses(held) == {5: "CANCELLED", 6: "CANCELLED"}


def test_of_an_order_cancelled_in_part_the_rest_is_confirmed():
    held = make_order(make_show(), 5, 6)
    post_to(held, "cancel", {"seat_numbers": [5]})

    assert post_to(held, "confirm").data["status"] == "BOOKED"
    assert statuses(held) == {5: "CANCELLED", 6: "BOOKED"}


@pytest.mark.parametrize(
    ("verb", "change", "code"),
    [
        ("confirm", {"starts_at": now() - timedelta(minutes=1)}, "show_started"),
        ("extend", {"starts_at": now() - timedelta(minutes=1)}, "show_started"),
        ("confirm", {"status": Show.Status.CANCELLED}, "show_cancelled"),
        ("extend", {"status": Show.Status.CANCELLED}, "show_cancelled"),
        ("cancel", {"status": Show.Status.CANCELLED}, "show_cancelled"),
    ],
)
def test_an_order_of_a_show_that_is_past_or_cancelled_stays_as_it_is(verb, change, code):
    held = make_order(make_show(), 5)
    Show.objects.update(**change)

    assert_refused(post_to(held, verb), 409, code)
    assert statuses(held) == {5: "HELD"}


@pytest.mark.parametrize("seat_numbers", [{}, {"seat_numbers": [5]}])
def test_a_hold_can_be_let_go_after_the_start_of_the_show(seat_numbers):
    held = make_order(make_show(), 5)
    Show.objects.update(starts_at=now() - timedelta(minutes=1))

    assert post_to(held, "cancel", seat_numbers).data["status"] == "CANCELLED"
    assert Show.objects.get().live_seats == 0


def test_a_hold_that_began_in_time_is_confirmed_after_the_end_of_sales():
    held = make_order(make_show(), 5)
    Show.objects.update(sales_cutoff_minutes=7 * 24 * 60)

    assert post_to(held, "confirm").status_code == 200


def test_extending_holds_the_seats_anew_but_never_beyond_the_cap():
    held = make_order(make_show(), 5, 6)

    def age(minutes, left):
        """As if the order had been placed so long ago, with so long to go."""
        Order.objects.update(created_at=now() - timedelta(minutes=minutes))
        Booking.objects.update(expires_at=now() + timedelta(minutes=left))

    age(9, left=1)
    extended = post_to(held, "extend")
    assert (extended.status_code, extended.data["status"]) == (200, "HELD")
    assert extended.data["expires_in_seconds"] in (599, 600)
    assert len(set(held.bookings.values_list("expires_at", flat=True))) == 1

    age(25, left=1)
    assert post_to(held, "extend").data["expires_in_seconds"] in (299, 300)
    assert_refused(post_to(held, "extend"), 409, "hold_limit_reached")
    assert post_to(held, "confirm").status_code == 200


def test_a_hold_that_is_as_long_as_it_may_be_is_not_extended(settings):
    settings.HOLD_MINUTES = settings.HOLD_CAP_MINUTES = 10

    assert_refused(post_to(make_order(make_show(), 5), "extend"), 409, "hold_limit_reached")


def test_only_a_hold_is_extended():
    booked = make_order(make_show(), 5, status=Status.BOOKED)

    assert_refused(post_to(booked, "extend"), 409, "not_held")


# --- Reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["", "confirm", "extend", "cancel", "exchange"])
@pytest.mark.parametrize("make_other", [make_user, lambda: make_user(is_staff=True, is_superuser=True)])
def test_another_users_order_is_not_found(verb, make_other):
    held, other = make_order(make_show(), 5), make_other()
    body = {"from": [5], "to": [6]} if verb == "exchange" else {}

    response = post_to(held, verb, body, user=other) if verb else read(held, user=other)

    assert_refused(response, 404, "not_found")
    assert statuses(held) == {5: "HELD"}


def test_the_list_has_the_users_own_orders_newest_first_with_their_bookings():
    user, show = make_user(), make_show()
    first = make_order(show, 1, 2, user=user)
    make_order(show, 3)
    second = make_order(show, 4, user=user, status=Status.BOOKED)

    answer = client_for(user).get("/api/orders/").json()

    assert (answer["count"], answer["next"], answer["previous"]) == (2, None, None)
    assert [(row["reference"], row["status"], len(row["bookings"])) for row in answer["results"]] == [
        (second.reference, "BOOKED", 1),
        (first.reference, "HELD", 2),
    ]
    assert answer["results"][0] == read(second).json()


def test_house_seats_are_not_among_the_orders_of_the_member_of_staff():
    staff, show = make_user(), make_show()
    block(show, "A1-A2", staff=staff)
    blocked = Order.objects.get()
    bought = make_order(show, 3, user=staff)

    assert [row["reference"] for row in client_for(staff).get("/api/orders/").data["results"]] == [
        bought.reference
    ]
    assert_refused(read(blocked), 404, "not_found")
    assert_refused(post_to(blocked, "cancel"), 404, "not_found")


def test_a_booking_made_at_once_is_an_order_of_one():
    user, show = make_user(), make_show()
    booking = client_for(user).post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).json()

    placed = read(Order.objects.get()).json()

    assert (placed["reference"], placed["status"]) == (booking["order"], "BOOKED")
    assert booking.pop("seats_version") == show.seats_version + 1
    assert placed["bookings"] == [booking]


@pytest.mark.parametrize("orders", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number_of_orders(orders, django_assert_num_queries):
    user = make_user()
    for seats in range(1, orders + 1):
        make_order(make_show(), *range(1, seats + 1), user=user)
    client = client_for(user)

    with django_assert_num_queries(4):  # the user, how many orders, the orders, their bookings
        client.get("/api/orders/")


@pytest.mark.parametrize("exchanged", [False, True])
def test_a_response_says_what_the_order_is_when_it_is_read_again(exchanged):
    """A service hands over the bookings as it left them: all there are, and as they are written."""
    show, user = make_show(), make_user()
    client = client_for(user)
    order = client.post("/api/orders/", {"show": show.pk, "seat_numbers": [2, 1]})
    path = f"/api/orders/{order.data['reference']}/"
    responses = [order]
    read = [client.get(path)]
    if exchanged:
        responses.append(client.post(f"{path}exchange/", {"from": [1], "to": [7]}))
        read.append(client.get(path))
    Booking.objects.filter(status="HELD").update(expires_at=now() + timedelta(minutes=1))
    for verb in ("extend", "confirm", "cancel"):
        responses.append(client.post(f"{path}{verb}/", {}))
        read.append(client.get(path))

    for response, again in zip(responses, read, strict=True):
        assert response.status_code in (200, 201), response.data
        one, other = (json.loads(each.content) for each in (response, again))
        assert one.pop("seats_version") > 0
        seconds = [each.pop("expires_in_seconds") or 0 for each in (one, other)]
        assert abs(seconds[0] - seconds[1]) <= 1
        assert one == other
