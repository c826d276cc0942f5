"""Reads from a standby: which go there, that none is older than what a client knows, and one that is away."""

import logging
import time
from contextlib import contextmanager
from http.client import HTTPConnection

import dj_database_url
import pytest
from django.conf import settings as django_settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.tests.factories import client_for, make_staff, make_user
from benchmarks.standby import Standby
from bookings import live, seat_map
from bookings.tests.factories import book, let_expire, make_order, move
from movie_booking import replica
from movie_booking.replica import REPLICA, Replica
from movie_booking.replica_settings import replica_settings
from movie_booking.settings import database_settings
from movie_booking.tests.server import Server, database_url, wait_until
from movies.models import MachineKey
from movies.services import make_key
from movies.tests.factories import browser_for, make_screen, make_show

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True, databases=[DEFAULT_DB_ALIAS, REPLICA]),
]


def as_replica(url):
    config = database_settings(dict(dj_database_url.parse(url)))
    return replica_settings(config, django_settings.DATABASES[DEFAULT_DB_ALIAS])


@contextmanager
def known_as_replica(url):
    """The database at this address is the replica, for the settings and for Django's connections."""
    django_settings.DATABASES[REPLICA] = as_replica(url)
    connections.settings = connections.configure_settings(django_settings.DATABASES)
    try:
        yield
    finally:
        if hasattr(connections._connections, REPLICA):
            connections[REPLICA].close()
            del connections[REPLICA]
        del django_settings.DATABASES[REPLICA]
        connections.settings = connections.configure_settings(django_settings.DATABASES)


@pytest.fixture(scope="module", autouse=True)
def standby(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        url = database_url()
    standby = Standby(url)
    try:
        with known_as_replica(standby.url(url.rpartition("/")[2])):
            yield standby
    finally:
        standby.close()


@pytest.fixture(autouse=True)
def watched(standby, monkeypatch):
    """What this process knows of the standby. It looks when a test says so, and never else."""
    watched = Replica()
    monkeypatch.setattr(replica, "replica", watched)
    monkeypatch.setattr(Replica, "watch", lambda self: None)
    monkeypatch.setattr(replica, "REPLAY_SECONDS", 0)
    yield watched
    standby.resume()


@pytest.fixture
def in_step(watched):
    """Have the standby replay all that was committed, and this process know it."""

    def in_step():
        now = time.monotonic()

        def has_it():
            watched.look()
            return watched.has_all_until >= now

        wait_until(has_it)

    return in_step


@pytest.fixture
def clock(monkeypatch):
    """Have so many more seconds passed."""
    real, more = time.monotonic, []
    monkeypatch.setattr(replica.time, "monotonic", lambda: real() + sum(more))
    return more.append


@contextmanager
def served_by():
    """A set that has, afterwards, the databases that were asked."""
    served = set()
    with CaptureQueriesContext(connections[DEFAULT_DB_ALIAS]) as primary:
        with CaptureQueriesContext(connections[REPLICA]) as standby:
            yield served
        served |= {name for name, asked in (("primary", primary), ("replica", standby)) if len(asked)}


def get(path, client=None, **headers):
    """The response, and which databases were asked for it."""
    with served_by() as served:
        response = (client or APIClient()).get(path, **headers)
    return response, served


def seats_path(show, part="availability/"):
    return f"/api/shows/{show.pk}/seats/{part}"


# --- Which reads go there -------------------------------------------------------------------------


def public_paths(show):
    return [
        "/api/movies/",
        "/api/movies/?search=inc&ordering=-title&page_size=1",
        f"/api/movies/{show.movie_id}/",
        f"/api/movies/{show.movie_id}/shows/",
        "/api/cinemas/",
        f"/api/cinemas/{show.screen.cinema_id}/",
        f"/api/screens/?cinema={show.screen.cinema_id}",
        f"/api/screens/{show.screen_id}/",
        "/api/shows/",
        "/api/shows/?upcoming=true",
        f"/api/shows/?upcoming=true&movie={show.movie_id}&min_available=1",
        f"/api/shows/{show.pk}/",
        seats_path(show, ""),
        seats_path(show, "?fields=layout"),
        seats_path(show, "layout/"),
        seats_path(show),
    ]


def test_what_everyone_may_see_is_read_there_and_says_the_same(in_step):
    show = make_show()
    book(show, 5)
    in_step()

    for path in public_paths(show):
        response, served = get(path)
        assert (response.status_code, served) == (200, {"replica"}), path
        with_token, served = get(path, client_for(make_user()))
        assert served == {"primary"}, path
        assert with_token.json() == response.json(), path


def test_an_unchanged_map_is_304_from_there(in_step):
    show = make_show()
    in_step()
    for part in ("", "availability/", "layout/?min_version=0"):
        etag = APIClient().get(seats_path(show, part))["ETag"]
        response, served = get(seats_path(show, part), HTTP_IF_NONE_MATCH=etag)
        # The tag of a layout says nothing of time: the primary compares it.
        assert (response.status_code, served) == (304, {"primary" if "layout" in part else "replica"})


def test_nothing_that_is_somebodys_is_read_there(in_step):
    user, staff = make_user(), make_user("root", is_staff=True, is_superuser=True)
    show = make_show()
    order = make_order(show, 1, user=user)
    secret = make_key(MachineKey(owner="Kiosk", reads_catalogue=True, all_cinemas=True), maker=staff)
    in_step()
    client, admin = client_for(user), browser_for(staff)

    with served_by() as served:
        assert client.get("/api/bookings/").status_code == 200
        assert client.get("/api/orders/").status_code == 200
        assert client.get(f"/api/orders/{order.reference}/").status_code == 200
        assert client.get("/api/me/").status_code == 200
        assert client.get(f"/api/limits/?show={show.pk}").status_code == 200
        assert client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 7}).status_code == 201
        assert client.post("/api/orders/", {"show": show.pk, "seat_numbers": [8]}).status_code == 201
        assert client.post(f"/api/orders/{order.reference}/confirm/", {}).status_code == 200
        assert APIClient().post("/api/login/", {"username": "x", "password": "y"}).status_code == 401
        assert APIClient().get("/api/bookings/").status_code == 401
        key = {"HTTP_AUTHORIZATION": f"Key {secret}"}
        assert APIClient().get("/api/shows/", **key).status_code == 200
        assert APIClient().get(seats_path(show), HTTP_ORDER_KEY="x").status_code == 200
        assert admin.get("/admin/movies/show/").status_code == 200
        assert admin.get(f"/admin/movies/show/{show.pk}/change/").status_code == 200
    assert served == {"primary"}


def test_staff_see_what_they_wrote_a_moment_ago(in_step, standby):
    show = make_show()
    in_step()
    standby.pause()
    client = client_for(make_staff("change_movie", "view_movie"))

    client.patch(f"/api/movies/{show.movie_id}/", {"title": "Metropolis"})

    path = f"/api/movies/{show.movie_id}/"
    assert client.get(path).json()["title"] == "Metropolis"
    assert APIClient().get(path).json()["title"] == "Inception"  # the control


def test_what_it_does_not_have_yet_is_read_from_the_primary(in_step, standby):
    make_show()
    in_step()
    standby.pause()
    show = make_show()

    for path in (f"/api/shows/{show.pk}/", f"/api/movies/{show.movie_id}/shows/", seats_path(show)):
        assert get(path)[0].status_code == 200, path
    assert get("/api/shows/987654/")[0].status_code == 404


def test_without_a_replica_only_the_primary_is_asked(watched, monkeypatch):
    show = make_show()
    monkeypatch.delitem(django_settings.DATABASES, REPLICA)
    monkeypatch.setattr(Replica, "may_answer", None)  # nor is it thought about

    for path in public_paths(show):
        response, served = get(path)
        assert (response.status_code, served) == (200, {"primary"}), path


# --- Never older than what a client knows ---------------------------------------------------------


@pytest.fixture
def behind(in_step, standby):
    """A show of which the standby knows all but the latest booking; and that booking's answer."""
    show = make_show()
    book(show, 1)
    in_step()
    standby.pause()
    answer = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 5})
    return show, answer.json()


def version(response):
    return response.json()["seats_version"]


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
    move(show, screen=make_screen(seat_plan="X ooo"))
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


# --- Within a bound -------------------------------------------------------------------------------


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, logger=replica.__name__)
    return lambda: [record.getMessage() for record in caplog.records if record.name == replica.__name__]


def test_beyond_the_bound_the_primary_serves_and_a_line_says_so(behind, watched, clock, said, standby):
    show, _ = behind
    assert get(seats_path(show))[1] == {"replica"}

    for _ in range(4):
        clock(2)
        watched.look()
    response, served = get(seats_path(show))

    assert (version(response), served) == (2, {"primary"})
    assert said() == ["The replica is not used: it is more than 5 seconds behind. The primary serves."]
    standby.resume()
    wait_until(lambda: (watched.look(), get(seats_path(show))[1] == {"replica"})[1])
    assert said()[1:] == ["The replica serves again."]


def test_a_bound_holds_between_two_looks_too(behind, clock):
    show, _ = behind
    clock(4)
    assert get(seats_path(show))[1] == {"replica"}
    clock(1.5)
    assert get(seats_path(show))[1] == {"primary"}


def test_a_primary_that_has_nothing_to_do_makes_it_no_older(in_step, watched, clock, said):
    show = make_show()
    in_step()
    for _ in range(100):
        clock(4)
        watched.look()
        assert watched.may_answer()
    assert get(seats_path(show))[1] == {"replica"}
    assert said() == []


def test_nothing_is_known_before_the_first_look_nor_after_a_long_time(in_step, watched, clock):
    assert not Replica().may_answer()
    in_step()
    assert watched.may_answer()
    clock(3600)
    assert not watched.may_answer()


def test_it_looks_for_as_long_as_anybody_asks(in_step, monkeypatch):
    monkeypatch.undo()  # with a thread
    monkeypatch.setattr(replica, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(replica, "IDLE_SECONDS", 1)
    watched = Replica()

    assert not watched.may_answer()
    wait_until(watched.may_answer)
    wait_until(lambda: not watched._is_watched)
    watched.has_all_until = 0
    wait_until(watched.may_answer)
    monkeypatch.setattr(replica, "IDLE_SECONDS", 0)
    wait_until(lambda: not watched._is_watched)


def test_one_that_is_no_standby_of_this_database_is_not_asked(watched, said):
    show = make_show()
    url = database_url()
    standby = django_settings.DATABASES[REPLICA]
    connections[REPLICA].close()
    del connections[REPLICA]
    with known_as_replica(url):
        watched.look()
        assert get(seats_path(show))[1] == {"primary"}
        assert said() == ["The replica is not used: it is no standby of DATABASE_URL. The primary serves."]
        # And a mistake could not write there.
        with pytest.raises(DatabaseError, match="read-only"), connections[REPLICA].cursor() as cursor:
            cursor.execute("UPDATE movies_show SET live_seats = 0")
    django_settings.DATABASES[REPLICA] = standby
    connections.settings = connections.configure_settings(django_settings.DATABASES)


@pytest.mark.kills_servers
def test_one_that_is_away_is_missed_by_nobody(in_step, watched, standby, said):
    show = make_show()
    in_step()
    assert get(seats_path(show))[1] == {"replica"}
    standby.stop()
    try:
        for path in public_paths(show):
            watched.has_all_until = time.monotonic()  # it was well a moment ago
            assert get(path)[0].status_code == 200
        assert get(seats_path(show))[1] == {"primary"}  # it is not tried any more
        watched.look()
        assert len(said()) <= 2
        assert said()[0].startswith("The replica is not used: it failed: ")
    finally:
        standby.start()
    in_step()
    assert get(seats_path(show))[1] == {"replica"}
    assert said()[-1] == "The replica serves again."


@pytest.mark.kills_servers
def test_one_that_hangs_holds_a_worker_up_for_a_second_at_most(standby, tmp_path):
    show = make_show()
    server = Server(
        tmp_path / "log",
        DATABASE_REPLICA_URL=standby.url(database_url().rpartition("/")[2]),
        WEB_CONCURRENCY="1",
        LOG_LEVEL="WARNING",
    )

    def statuses(count):
        http = HTTPConnection("127.0.0.1", server.port, timeout=30)
        found = []
        for _ in range(count):
            http.request("GET", seats_path(show))
            response = http.getresponse()
            response.read()
            found.append(response.status)
        http.close()
        return found

    asks_it = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%seat_map%' AND pid <> pg_backend_pid()"
    )

    def logged(text):
        return text in server.log.read_text()

    try:
        server.start()
        wait_until(lambda: statuses(5) == [200] * 5 and standby.value(asks_it) > 0)
        standby.freeze()
        assert statuses(20) == [200] * 20
        wait_until(lambda: statuses(1) == [200] and logged("The replica is not used: it failed"))
        standby.thaw()
        wait_until(lambda: statuses(1) == [200] and logged("The replica serves again"))
    finally:
        standby.thaw()
        server.kill()
    assert "Traceback" not in server.log.read_text()
