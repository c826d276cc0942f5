"""Seats chosen on the map of a show as it was before are not sold for others of the same numbers."""

from datetime import timedelta

import pytest

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking, Status
from bookings.tests.api import assert_refused, iso, post_to
from bookings.tests.factories import change, make_order, move
from movies.tests.factories import make_screen, make_show

pytestmark = pytest.mark.django_db

PARTS = ("", "layout/", "availability/")


def versions(show):
    client = client_for()
    told = {client.get(f"/api/shows/{show.pk}/seats/{part}").json()["show_version"] for part in PARTS}
    return told | {client.get(f"/api/shows/{show.pk}/").json()["version"]}


def take(how, show, user, **fields):
    client = client_for(user)
    if how == "book":
        return client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 1, **fields})
    if how == "hold":
        return client.post("/api/orders/", {"show": show.pk, "seat_numbers": [1], **fields})
    if how == "best":
        return client.post("/api/orders/", {"show": show.pk, "best_available": 1, **fields})
    if how == "swap":
        order = make_order(make_show(movie=show.movie), 5, user=user, status=Status.BOOKED)
        return post_to(order, "exchange", {"from": [5], "to_show": show.pk, "to": [1], **fields})
    order = make_order(show, 2, user=user, status=Status.BOOKED)
    return post_to(order, "exchange", {"from": [2], "to": [1], **fields})


WAYS = ["book", "hold", "best", "exchange", "swap"]


@pytest.fixture
def show():
    return make_show(screen=make_screen(seat_plan="A ooo"))


@pytest.mark.parametrize("how", WAYS)
def test_the_version_that_the_map_tells_is_taken(show, how):
    assert versions(show) == {0}
    move(show, screen=make_screen(cinema=show.cinema, seat_plan="P ooo"))
    [version] = versions(show)

    assert version == 1
    assert take(how, show, make_user(), show_version=version).status_code in (200, 201)


@pytest.mark.parametrize("how", WAYS)
def test_another_is_refused_and_what_changed_is_told(show, how):
    user, screen = make_user(), make_screen(cinema=show.cinema, seat_plan="P ooo", name="Screen 9")
    before = show.screen
    move(show, screen=screen)

    response = take(how, show, user, show_version=0)

    assert_refused(response, 409, "show_changed")
    assert response.json()["show_version"] == 1
    assert response.json()["changes"]["screen_name"] == {"old": before.name, "new": "Screen 9"}
    assert not Booking.objects.filter(show=show, seat_number=1).exists()


def test_several_changes_are_told_as_one(show):
    first = show.starts_at
    change(show, starts_at=first + timedelta(hours=1))
    last = change(show, starts_at=first + timedelta(hours=2)).starts_at

    changes = take("hold", show, make_user(), show_version=0).json()["changes"]

    assert changes["starts_at"] == {"old": iso(first), "new": iso(last)}
    assert take("hold", show, make_user(), show_version=1).json()["changes"]["starts_at"]["new"] == iso(last)


@pytest.mark.parametrize("how", WAYS)
def test_nor_is_one_taken_that_there_never_was(show, how):
    response = take(how, show, make_user(), show_version=7)

    assert_refused(response, 409, "show_changed")
    assert response.json()["changes"] == {}


@pytest.mark.parametrize("how", WAYS)
def test_whoever_names_none_asks_for_the_number(show, how):
    move(show, screen=make_screen(cinema=show.cinema, seat_plan="P ooo"))

    assert take(how, show, make_user()).status_code in (200, 201)


def test_the_layout_is_another_once_the_show_has_changed(show):
    client, path = client_for(), f"/api/shows/{show.pk}/seats/layout/"
    etag = client.get(path)["ETag"]
    change(show, starts_at=show.starts_at + timedelta(hours=1))

    assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 200
