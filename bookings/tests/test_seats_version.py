"""`seats_version` orders two answers about the seats of a show: it goes up whenever the map changes."""

from datetime import timedelta
from threading import Event

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Status
from bookings.services import (
    cancel_order,
    confirm_order,
    exchange_seats,
    expire_holds,
    extend_order,
    inventory,
)
from bookings.tests.factories import book, by, let_expire, make_order, make_shows_of_one_movie
from movie_booking.tests.concurrency import run_concurrently
from movie_booking.tests.server import wait_until
from movies.tests.factories import make_show


def read(show):
    """Version, ETag and taken seats of each form of the map, which are all of one moment here."""
    client = client_for()
    availability, whole = (client.get(f"/api/shows/{show.pk}/seats/{part}") for part in ("availability/", ""))
    assert availability["ETag"] == whole["ETag"]
    assert availability.json()["seats_version"] == whole.json()["seats_version"]
    return availability.json()["seats_version"], availability["ETag"], availability.json()["taken"]


@pytest.mark.django_db
def test_an_expiry_raises_it_before_anybody_writes_it_down():
    show = make_show()
    orders = [make_order(show, 1, 2), make_order(show, 3)]
    book(show, 4)
    before, etag, _ = read(show)

    let_expire(orders[0])
    once, etag_once, taken = read(show)
    let_expire(orders[1])
    twice, etag_twice, _ = read(show)

    assert before < once < twice
    assert len({etag, etag_once, etag_twice}) == 3
    assert taken == {"held": [3], "booked": [4], "blocked": []}
    assert expire_holds() == 3
    assert read(show)[:2] == (twice, etag_twice)


@pytest.mark.django_db
def test_the_next_buyer_of_an_expired_seat_raises_it_beyond_that():
    show = make_show()
    let_expire(make_order(show, 1, 2), make_order(show, 3))
    before, *_ = read(show)

    book(show, 1)

    assert read(show)[0] > before


@pytest.mark.django_db
def test_a_known_map_is_not_known_once_a_hold_is_over():
    show = make_show()
    order = make_order(show, 1)
    client, path = client_for(), f"/api/shows/{show.pk}/seats/availability/"
    _, etag, _ = read(show)
    assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 304

    let_expire(order)

    assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 200


def ask(user, path, body, key=""):
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return client_for(user).post(f"/api/{path}/", body, **headers).json()


@pytest.mark.django_db
def test_the_answer_to_what_changes_seats_tells_it():
    show, other = make_shows_of_one_movie()
    user = make_user()

    booking = ask(user, f"shows/{show.pk}/book", {"seat_number": 9})
    assert booking["seats_version"] == read(show)[0]
    given_back = ask(user, f"bookings/{booking['id']}/cancel", {})
    assert given_back["seats_version"] == read(show)[0] > booking["seats_version"]
    order = ask(user, "orders", {"show": show.pk, "seat_numbers": [1, 2]}, key="k")
    assert order["seats_version"] == read(show)[0] > given_back["seats_version"]
    path = f"orders/{order['reference']}"
    for verb, body in [
        ("extend", {}),
        ("exchange", {"from": [1], "to": [3]}),
        ("confirm", {}),
        ("cancel", {"seat_numbers": [2]}),
    ]:
        changed = ask(user, f"{path}/{verb}", body)
        assert changed["seats_version"] == read(show)[0], verb
        assert changed["seats_version"] > order["seats_version"], verb
    moved = ask(user, f"{path}/exchange", {"from": [3], "to": [1], "to_show": other.pk})
    assert moved["seats_version"] == read(other)[0] == 1
    # What only reads does not: it would be another whenever anybody buys.
    assert "seats_version" not in client_for(user).get(f"/api/{path}/").json()
    assert "seats_version" not in client_for(user).get(f"/api/bookings/{booking['id']}/").json()
    again = ask(user, "orders", {"show": show.pk, "seat_numbers": [1, 2]}, key="k")
    assert again["seats_version"] == order["seats_version"]


VERBS = {
    "confirm": lambda order: confirm_order(order, actor=by(order.user)),
    "cancel": lambda order: cancel_order(order, actor=by(order.user)),
    "extend": extend_order,
    "exchange": lambda order: exchange_seats(order, actor=by(order.user), from_seats=[1], to_seats=[5]),
}


def versions_around_a_late_commit(verb):
    """What is read before, while a change that was made in time is committed too late, and after it."""
    show = make_show()
    order = make_order(show, 1, 2)
    is_done, is_read = Event(), Event()
    seen = [read(show)]
    until = timezone.now() + timedelta(milliseconds=500)
    Booking.objects.filter(order=order, status=Status.HELD).update(expires_at=until)

    def change_in_time():
        with transaction.atomic():
            VERBS[verb](order)
            is_done.set()
            assert is_read.wait(timeout=30)

    def read_too_late():
        try:
            assert is_done.wait(timeout=30)
            wait_until(lambda: timezone.now() > until)
            seen.append(read(show))
        finally:
            is_read.set()

    changed, late = run_concurrently(change_in_time, read_too_late)
    assert (changed, late) == (None, None)
    seen.append(read(show))
    return seen


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
@pytest.mark.parametrize("verb", VERBS)
def test_it_never_goes_back_nor_stays_though_a_change_is_committed_after_the_end_of_the_hold(verb):
    before, late, after = versions_around_a_late_commit(verb)

    assert late[2]["held"] == []  # it saw the hold as over
    assert before[0] < late[0] < after[0]


@pytest.mark.postgres
@pytest.mark.usefixtures("real_transactions")
def test_without_counting_the_holds_two_maps_would_have_one_version(monkeypatch):
    """The control."""
    monkeypatch.setattr(inventory, "_versions_of_holds", lambda bookings: 0)

    _, late, after = versions_around_a_late_commit("confirm")

    assert after[0] <= late[0]
    assert after[2] != late[2]
