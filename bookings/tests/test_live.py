"""`seats/stream/`: the seats of a show as they change, for as many as watch it by one look a second."""

import json
import threading

import pytest
from django.db import DatabaseError
from django.test import override_settings

from accounts.tests.factories import client_for
from bookings import live, seat_map
from bookings.live import Channel
from bookings.tests.api import assert_refused
from bookings.tests.factories import book, let_expire, make_order
from movie_booking.streams import closing
from movie_booking.tests.server import wait_until
from movies.tests.factories import make_show


@pytest.fixture
def quick(real_transactions, monkeypatch):
    """Looks a hundred times a second, and is over with the test."""
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.01)
    yield
    wait_until(lambda: not [each for each in threading.enumerate() if each.name.startswith("seats of")])
    assert (Channel.channels, Channel.watching) == ({}, 0)


def watch(show, **headers):
    """The response, and its events without beats: (id, data) of each."""
    response = client_for().get(f"/api/shows/{show.pk}/seats/stream/", **headers)
    return response, events_in(iter(response))


def events_in(chunks):
    for chunk in chunks:
        for block in chunk.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "data" in fields:
                assert fields["event"] == "seats"
                yield int(fields["id"]), json.loads(fields["data"])


def availability(show):
    return client_for().get(f"/api/shows/{show.pk}/seats/availability/").json()


@pytest.mark.usefixtures("quick")
def test_the_seats_come_at_once_and_whenever_they_have_changed():
    show = make_show()
    response, events = watch(show)

    assert (response.status_code, response["Content-Type"]) == (200, "text/event-stream")
    assert (response["Cache-Control"], response["X-Accel-Buffering"]) == ("no-store", "no")
    assert next(events) == (0, availability(show))
    book(show, 5)
    assert next(events) == (1, availability(show))
    order = make_order(show, 6)
    assert next(events) == (2, availability(show))
    let_expire(order)
    assert next(events) == (3, availability(show))
    response.close()


@pytest.mark.usefixtures("quick")
def test_what_is_known_is_not_told_again():
    show = make_show()
    book(show, 5)
    response, events = watch(show, HTTP_LAST_EVENT_ID="1")

    book(show, 6)

    version, data = next(events)
    assert (version, data["taken"]["booked"]) == (2, [5, 6])
    response.close()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("known", ["", "0", "7", "x", "-1", "9" * 30, "\xff"])
def test_any_other_version_is_as_good_as_none(known):
    show = make_show()
    book(show, 5)
    response, events = watch(show, HTTP_LAST_EVENT_ID=known)

    assert next(events)[0] == 1
    book(show, 6)
    assert next(events)[0] == 2
    response.close()


@pytest.mark.usefixtures("quick")
def test_however_many_watch_there_is_one_look(monkeypatch):
    show, other = make_show(), make_show()
    watching = [watch(each) for each in (show, show, show, other)]
    for _, events in watching:
        next(events)
    looked, look = [], Channel._look_once

    def look_and_count(channel):
        looked.append(threading.current_thread())
        look(channel)

    monkeypatch.setattr(Channel, "_look_once", look_and_count)
    wait_until(lambda: len(looked) > 20)
    assert len(set(looked)) == 2
    assert Channel.watching == 4

    book(show, 5)

    assert [next(events)[0] for _, events in watching[:3]] == [1, 1, 1]
    for response, _ in watching:
        response.close()


@pytest.mark.usefixtures("quick")
def test_whoever_reads_slowly_gets_the_newest():
    show = make_show()
    response, events = watch(show)
    next(events)
    channel = Channel.channels[show.pk]
    for seat_number in (5, 6, 7):
        book(show, seat_number)
    wait_until(lambda: channel.version == 3)

    assert next(events)[0] == 3
    response.close()


@pytest.mark.usefixtures("quick")
def test_an_outage_is_slept_over(monkeypatch):
    show = make_show()
    response, events = watch(show)
    next(events)
    failed, state = [], seat_map.seat_map_state

    def fail_three_times(*args, **kwargs):
        if len(failed) < 3:
            failed.append(1)
            raise DatabaseError
        return state(*args, **kwargs)

    monkeypatch.setattr(seat_map, "seat_map_state", fail_three_times)
    book(show, 5)

    assert next(events)[0] == 1
    assert len(failed) == 3
    response.close()


@pytest.mark.usefixtures("quick")
def test_a_stream_ends_with_its_show():
    show = make_show()
    response, events = watch(show)
    next(events)

    show.delete()

    assert list(events) == []
    response.close()


@pytest.mark.usefixtures("quick")
def test_and_with_its_time_and_with_its_server(monkeypatch):
    show = make_show()
    response, events = watch(show)
    next(events)
    closing.set()
    try:
        assert list(events) == []
    finally:
        closing.clear()
    response.close()

    monkeypatch.setattr(live, "STREAM_SECONDS", 0)
    response, events = watch(show)
    assert [version for version, _ in events] == [0]
    response.close()


@pytest.mark.usefixtures("quick")
def test_something_comes_though_nothing_happens(monkeypatch):
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.01)
    response = client_for().get(f"/api/shows/{make_show().pk}/seats/stream/")
    chunks = iter(response)

    next(chunks)

    assert next(chunks) == live.BEAT
    response.close()


@pytest.mark.usefixtures("quick")
def test_too_many_are_told_to_poll():
    show = make_show()
    with override_settings(MAX_WATCHERS=1):
        response, events = watch(show)
        next(events)
        refused = client_for().get(f"/api/shows/{show.pk}/seats/stream/")
        response.close()

        assert_refused(refused, 503, "busy")
        assert refused["Retry-After"] == "30"
        response, _ = watch(show)
        assert response.status_code == 200
        response.close()


@pytest.mark.django_db
def test_drafts_and_shows_that_there_are_not_have_none():
    for show_id in (make_show(status="DRAFT").pk, 987654, 2**63):
        assert_refused(client_for().get(f"/api/shows/{show_id}/seats/stream/"), 404, "not_found")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accept", "status"),
    [("text/event-stream", 200), ("*/*", 200), ("application/json", 406), ("text/html", 406)],
)
def test_who_takes_no_events_is_told_so(accept, status):
    response = client_for().get(f"/api/shows/{make_show().pk}/seats/stream/", HTTP_ACCEPT=accept)

    assert response.status_code == status
    response.close()
