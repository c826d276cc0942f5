"""Holds end by themselves: it takes no sweeper for the seats to be free."""

import re
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from itertools import count

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.models import Booking, BookingEvent, Status
from bookings.services import cancel_order, confirm_order, exchange_seats, extend_order
from bookings.tests.api import assert_refused, post_to
from bookings.tests.factories import book, by, call_off, let_expire, make_order
from bookings.tests.history import assert_history_consistent
from bookings.tests.locks import before_locking
from movie_booking.errors import DomainError
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


def get_map(show, query="", **headers):
    return client_for().get(f"/api/shows/{show.pk}/seats/{query}", **headers)


def taken(show):
    return get_map(show, "?fields=availability").json()["taken"]


def statuses():
    return list(Booking.objects.order_by("id").values_list("seat_number", "status"))


def expire_holds():
    output = StringIO()
    call_command("expire_holds", stdout=output)
    return output.getvalue()


@pytest.fixture
def show():
    return make_show(total_seats=20)


@pytest.fixture
def expired(show):
    """An order of seats 5 and 6 whose time is over, and whose rows still say HELD."""
    order = make_order(show, 5, 6)
    let_expire(order)
    return order


def test_the_map_never_shows_an_expired_hold_as_taken_and_counts_it_as_free(show):
    book(show, 1)
    held = make_order(show, 5, 6)
    make_order(show, 8)
    assert taken(show) == {"held": [5, 6, 8], "booked": [1], "blocked": []}

    let_expire(held)

    availability, whole = get_map(show, "?fields=availability").json(), get_map(show).json()
    assert availability["taken"] == {"held": [8], "booked": [1], "blocked": []}
    assert availability["available_seats"] == whole["available_seats"] == 18
    seats = [seat for row in whole["rows"] for seat in row["seats"]]
    assert [seat["seat_number"] for seat in seats if seat["status"] != "available"] == [1, 8]


@pytest.mark.parametrize("query", ["", "?fields=availability"])
def test_the_tag_of_the_map_changes_by_expiry_alone(show, query, django_assert_num_queries):
    first, second = make_order(show, 5), make_order(show, 6)
    tags = [get_map(show, query)["ETag"]]

    for order in (first, second):
        let_expire(order)
        version = Show.objects.values_list("seats_version", flat=True).get()

        assert get_map(show, query, HTTP_IF_NONE_MATCH=tags[-1]).status_code == 200
        tags.append(get_map(show, query)["ETag"])
        with django_assert_num_queries(1):
            assert get_map(show, query, HTTP_IF_NONE_MATCH=tags[-1]).status_code == 304
        assert Show.objects.values_list("seats_version", flat=True).get() == version == 2
    assert len(set(tags)) == 3


def test_the_tag_of_the_layout_does_not(show):
    held = make_order(show, 5)
    tag = get_map(show, "?fields=layout")["ETag"]

    let_expire(held)

    assert get_map(show, "?fields=layout", HTTP_IF_NONE_MATCH=tag).status_code == 304


@pytest.mark.parametrize("endpoint", ["book", "order", "best available", "block", "exchange"])
def test_the_next_buyer_gets_the_seat_at_once(show, expired, endpoint):
    buyer = make_user()
    client = client_for(buyer)
    if endpoint == "exchange":
        own = make_order(show, 9, user=buyer)
    requests = {
        "book": lambda: client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}),
        "order": lambda: client.post("/api/orders/", {"show": show.pk, "seat_numbers": [5, 4]}),
        "best available": lambda: client.post("/api/orders/", {"show": show.pk, "best_available": 10}),
        "block": lambda: client_for(make_staff("block_seats")).post(
            f"/api/shows/{show.pk}/block/", {"seats": "A5"}
        ),
        "exchange": lambda: client.post(f"/api/orders/{own.reference}/exchange/", {"from": [9], "to": [5]}),
    }
    if endpoint == "best available":  # ten together are the row of seats 1 to 10
        make_order(show, 11, 12)

    response = requests[endpoint]()

    assert response.status_code in (200, 201)
    [event] = BookingEvent.objects.filter(booking__order=expired, seat_number=5, from_status="HELD")
    assert (event.to_status, event.channel, event.actor) == ("EXPIRED", "EXPIRY", None)
    assert Booking.objects.live().filter(seat_number=5).get().order != expired
    assert_history_consistent()


@pytest.mark.parametrize("verb", ["confirm", "extend", "cancel", "exchange"])
@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize("sold", [False, True])
def test_no_change_of_an_order_whose_hold_expired_is_accepted(show, expired, verb, swept, sold):
    if sold:
        book(show, 5)
    if swept:
        expire_holds()
    before = statuses()

    response = post_to(expired, verb, {"from": [5], "to": [7]} if verb == "exchange" else {})

    assert_refused(response, 409, "hold_expired")
    assert statuses() == before


@pytest.mark.parametrize(("method", "path"), [("post", "cancel"), ("get", "cancellation")])
def test_a_booking_on_hold_that_expired_can_be_neither_cancelled_nor_quoted(expired, method, path):
    client = client_for(expired.user)

    response = getattr(client, method)(f"/api/bookings/{expired.bookings.first().pk}/{path}/")

    assert_refused(response, 409, "hold_expired")


@pytest.mark.parametrize("swept", [False, True])
def test_an_expired_order_says_so_everywhere(expired, swept):
    if swept:
        expire_holds()
    client = client_for(expired.user)

    order = client.get(f"/api/orders/{expired.reference}/").json()

    assert (order["status"], order["total"]) == ("EXPIRED", "0.00")
    assert (order["expires_at"], order["expires_in_seconds"]) == (None, None)
    assert {booking["status"] for booking in order["bookings"]} == {"EXPIRED"}
    assert client.get("/api/orders/").json()["results"] == [order]


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize("page", ["order", "booking", "list", "filtered list"])
def test_the_admin_says_that_a_hold_expired(admin_client, expired, swept, page):
    if swept:
        expire_holds()
    booking = expired.bookings.first()
    path = {
        "order": f"/admin/bookings/order/{expired.pk}/change/",
        "booking": f"/admin/bookings/booking/{booking.pk}/change/",
        "list": "/admin/bookings/booking/",
        "filtered list": "/admin/bookings/booking/?status=EXPIRED",
    }[page]

    html = admin_client.get(path).content.decode()

    assert ">Expired<" in html
    assert re.findall(r'class="field-status_now[^"]*">\s*(?:<p>)?Held', html) == []


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize(
    ("query", "seats"), [("", [6, 5]), ("?status=EXPIRED", [6, 5]), ("?status=HELD", [])]
)
def test_the_list_of_bookings_says_that_they_expired(expired, query, seats, swept):
    if swept:
        expire_holds()

    rows = client_for(expired.user).get(f"/api/bookings/{query}").json()["results"]

    assert [(row["seat_number"], row["status"]) for row in rows] == [(seat, "EXPIRED") for seat in seats]


def test_seats_released_before_the_rest_expired_leave_an_expired_order(show):
    held = make_order(show, 5, 6)
    client = client_for(held.user)
    client.post(f"/api/orders/{held.reference}/cancel/", {"seat_numbers": [5]})
    let_expire(held)

    order = client.get(f"/api/orders/{held.reference}/").data

    assert order["status"] == "EXPIRED"
    assert [booking["status"] for booking in order["bookings"]] == ["CANCELLED", "EXPIRED"]


def test_the_command_frees_what_has_expired_and_a_second_run_nothing(show):
    orders = make_order(show, 5, 6), make_order(make_show(), 1)
    make_order(show, 8)
    make_order(show, 9, status=Status.BOOKED)
    let_expire(*orders)

    assert expire_holds() == "Holds expired: 3.\n"
    after = statuses(), list(Show.objects.order_by("id").values()), BookingEvent.objects.count()
    assert after[0] == [(5, "EXPIRED"), (6, "EXPIRED"), (1, "EXPIRED"), (8, "HELD"), (9, "BOOKED")]
    show.refresh_from_db()
    assert show.live_seats == 2
    assert_history_consistent()

    assert expire_holds() == "Holds expired: 0.\n"
    assert (statuses(), list(Show.objects.order_by("id").values()), BookingEvent.objects.count()) == after


def test_a_hold_is_over_at_the_moment_until_which_it_was_given(show, monkeypatch):
    order = make_order(show, 1)
    until = order.bookings.get().expires_at

    monkeypatch.setattr(timezone, "now", lambda: until - timedelta(microseconds=1))
    assert expire_holds() == "Holds expired: 0.\n"
    monkeypatch.setattr(timezone, "now", lambda: until)
    assert expire_holds() == "Holds expired: 1.\n"


def test_lists_count_an_expired_hold_as_taken_until_it_is_freed(show, expired):
    def available():
        return client_for().get(f"/api/shows/{show.pk}/").data["available_seats"]

    assert available() == 18
    expire_holds()
    assert available() == 20


def test_the_command_frees_holds_of_shows_that_have_begun_too(show, expired):
    Show.objects.update(starts_at=now())

    expire_holds()

    assert set(statuses()) == {(5, "EXPIRED"), (6, "EXPIRED")}


@pytest.mark.parametrize("holds", [1, 5])
def test_freeing_costs_the_same_queries_for_any_number_of_holds_of_a_show(
    show, holds, django_assert_num_queries
):
    let_expire(*(make_order(show, 2 * n + 1, 2 * n + 2) for n in range(holds)))

    # Which shows; savepoint, lock, which seats are occupied, the holds, and release; holds, events, count,
    # which PostgreSQL takes as one.
    with django_assert_num_queries(7 if connection.vendor == "postgresql" else 9):
        expire_holds()


def test_a_show_that_is_busy_does_not_keep_the_command_from_the_others(monkeypatch):
    busy, others = make_show(), [make_show(), make_show()]
    let_expire(*(make_order(show, 5) for show in (busy, *others)))

    def time_out_if_busy(show_id):
        if show_id == busy.pk:
            raise OperationalError("database is locked")

    before_locking(monkeypatch, time_out_if_busy)

    with pytest.raises(OperationalError):
        expire_holds()

    assert statuses() == [(5, "HELD"), (5, "EXPIRED"), (5, "EXPIRED")]


@pytest.mark.parametrize("ticks", range(1, 9))
@pytest.mark.parametrize(
    "change",
    [
        lambda order: exchange_seats(order, actor=by(order.user), from_seats=[5], to_seats=[7]),
        lambda order: confirm_order(order, actor=by(order.user)),
        lambda order: cancel_order(order, actor=by(order.user)),
        extend_order,
        lambda order: book(order.show, 5),
        lambda order: call_off(order.show, "Flood"),
    ],
    ids=["exchange", "confirm", "cancel", "extend", "book", "cancel_show"],
)
def test_a_hold_that_ends_in_the_middle_of_a_change_leaves_a_consistent_history(
    show, change, ticks, monkeypatch
):
    """Each look at the clock finds it a second later than the one before."""
    order = make_order(show, 5, 6)
    start = now()
    Booking.objects.update(expires_at=start + timedelta(seconds=ticks))
    later = count(1)
    monkeypatch.setattr(timezone, "now", lambda: start + timedelta(seconds=next(later)))

    with suppress(DomainError):
        change(order)

    assert_history_consistent()
    monkeypatch.undo()
    show.refresh_from_db()
    if show.status == Show.Status.CANCELLED:
        assert not Booking.objects.in_seat_index().exists()
