"""What a standby says of seats is never older than what its client knows already."""

import pytest
from django.db import DEFAULT_DB_ALIAS
from rest_framework.test import APIClient

from accounts.tests.factories import client_for, make_user
from bookings import live, seat_map
from bookings.tests.factories import book, let_expire, make_order, move
from movie_booking.replica import REPLICA
from movie_booking.tests.server import wait_until
from movie_booking.tests.standby import get, seats_path, version
from movies.tests.factories import make_screen, make_show

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.usefixtures("standby", "watched"),
    pytest.mark.django_db(transaction=True, databases=[DEFAULT_DB_ALIAS, REPLICA]),
]


@pytest.mark.parametrize("part", ["", "availability/"])
def test_who_saw_a_version_gets_none_before_it(behind, part):
    show, _ = behind
    path = seats_path(show, part)
    assert [version(get(path)[0]) for _ in range(3)] == [1, 1, 1]  # the control: it is behind

    for query, headers in [
        ("?min_version=2", {}),
        ("", {"HTTP_IF_NONE_MATCH": f'"{show.pk}-0", W/"{show.pk}-2x", "{show.pk}-2"'}),
        ("", {"HTTP_IF_NONE_MATCH": f'"{show.pk}-3"'}),  # more than anybody has
        ("?min_version=9", {}),
    ]:
        response, served = get(path + query, **headers)
        assert "primary" in served
        assert response["ETag"] == f'"{show.pk}-2"'
        assert response.status_code == 304 if "-2" in str(headers) else version(response) == 2
    assert get(f"{path}?min_version=1")[1] == {"replica"}
    assert get(path, HTTP_IF_NONE_MATCH=f'"{show.pk}-1"')[0].status_code == 304


def test_a_booking_tells_the_version_that_has_it(behind):
    show, booking = behind

    found = get(f"{seats_path(show)}?min_version={booking['seats_version']}")[0].json()

    assert found["taken"]["booked"] == [1, 5]
    assert APIClient().get(seats_path(show)).json()["taken"]["booked"] == [1]  # the control
    # Who says who they are need not know of this.
    assert client_for(make_user()).get(seats_path(show)).json()["taken"]["booked"] == [1, 5]


def test_holds_that_are_over_do_not_stand_in_for_a_booking(in_step, standby):
    """They make the map of a standby newer than its row, and what a booking tells is that of the row."""
    show = make_show()
    let_expire(make_order(show, 1, 2))
    in_step()
    standby.pause()
    told = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).json()

    [old] = [get(seats_path(show))[0].json()]
    assert old["seats_version"] >= told["seats_version"]  # the control: it looks new
    assert old["taken"]["booked"] == []
    new = get(f"{seats_path(show)}?min_version={told['seats_version']}")[0].json()
    assert new["taken"]["booked"] == [5]


def test_a_layout_is_that_of_the_map_that_made_one_ask_for_it(in_step, standby):
    show = make_show(screen=make_screen(seat_plan="A oo"))
    in_step()
    before = get(seats_path(show, "layout/"))[0]
    standby.pause()
    move(show, screen=make_screen(cinema=show.cinema, seat_plan="X ooo"))
    seen = client_for(make_user()).get(seats_path(show)).json()

    assert get(seats_path(show, "layout/"))[0]["ETag"] == before["ETag"]  # the control
    for path in ("layout/", f"layout/?min_version={seen['seats_version']}", "?fields=layout"):
        after = get(seats_path(show, path), HTTP_IF_NONE_MATCH=before["ETag"])[0]
        assert after.status_code == 200
        assert after.json()["show_version"] == seen["show_version"] == 1


def first_event(show, query="", **headers):
    response = APIClient().get(seats_path(show, f"stream/{query}"), **headers)
    chunk = next(iter(response))
    response.close()
    return chunk


def test_a_stream_begins_no_earlier_than_its_client_knows(behind, monkeypatch):
    monkeypatch.setattr(live, "STREAM_SECONDS", 0)
    show, _ = behind

    assert b"id: 1\n" in first_event(show)  # the control
    assert b"id: 2\n" in first_event(show, "?min_version=2")
    assert b"id: 2\n" in first_event(show, HTTP_LAST_EVENT_ID="3")
    assert first_event(show, HTTP_LAST_EVENT_ID="2") == live.RETRY
    wait_until(lambda: not live.Channel.channels)


def test_a_stream_never_goes_back(behind, standby, in_step):
    show, _ = behind
    channel = live.Channel(show.pk)
    states = [seat_map.seat_map_state(show.pk, using=name) for name in (DEFAULT_DB_ALIAS, REPLICA)]
    assert [state.seats_version for state in states] == [2, 1]
    channel.version = 2

    channel._look_once()  # at the standby
    assert channel.version == 2
    standby.resume()
    book(show, 6)
    in_step()
    channel._look_once()
    assert channel.version == 3
