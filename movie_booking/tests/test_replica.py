"""Reads from a standby: which go there, how old they may be, and what happens when it is away."""

import logging
import time

import pytest
from django.conf import settings as django_settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from rest_framework.test import APIClient

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.tests.factories import book, make_order
from movie_booking import replica
from movie_booking.replica import REPLICA, Replica
from movie_booking.tests.server import database_url, wait_until
from movie_booking.tests.standby import (
    assert_nobody_is_held_up,
    assert_the_replica_serves_all,
    get,
    known_as_replica,
    public_paths,
    seats_path,
    served_by,
    version,
)
from movies.models import MachineKey
from movies.services import make_key
from movies.tests.factories import browser_for, make_show

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.usefixtures("standby", "watched"),
    pytest.mark.django_db(transaction=True, databases=[DEFAULT_DB_ALIAS, REPLICA]),
]


# --- Which reads go there -------------------------------------------------------------------------


def test_what_everyone_may_see_is_read_there_and_says_the_same(in_step):
    show = make_show()
    book(show, 5)
    in_step()

    for path, response in assert_the_replica_serves_all(show).items():
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


def test_without_a_replica_only_the_primary_is_asked(monkeypatch):
    show = make_show()
    monkeypatch.setattr(replica, "exists", lambda: False)
    monkeypatch.setattr(Replica, "may_answer", None)  # nor is it thought about

    for path in public_paths(show):
        response, served = get(path)
        assert (response.status_code, served) == (200, {"primary"}), path


# --- Within a bound -------------------------------------------------------------------------------


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, logger=replica.__name__)
    return lambda: [record.getMessage() for record in caplog.records if record.name == replica.__name__]


def test_beyond_the_bound_the_primary_serves_and_a_line_says_so(behind, watched, later, said, standby):
    show, _ = behind
    assert get(seats_path(show))[1] == {"replica"}

    for _ in range(4):
        later(100)
        watched.look()
    response, served = get(seats_path(show))

    assert (version(response), served) == (2, {"primary"})
    assert said() == ["The replica is not used: it is more than 300 seconds behind. The primary serves."]
    standby.resume()
    wait_until(lambda: (watched.look(), get(seats_path(show))[1] == {"replica"})[1])
    assert said()[1:] == ["The replica serves again."]


def test_a_bound_holds_between_two_looks_too(behind, later):
    show, _ = behind
    later(200)
    assert get(seats_path(show))[1] == {"replica"}
    later(110)
    assert get(seats_path(show))[1] == {"primary"}


def test_a_primary_that_has_nothing_to_do_makes_it_no_older(in_step, watched, later, said):
    show = make_show()
    in_step()
    for _ in range(20):
        later(200)
        in_step()
        assert watched.may_answer()
    assert get(seats_path(show))[1] == {"replica"}
    assert said() == []


def test_nothing_is_known_before_the_first_look_nor_after_a_long_time(in_step, watched, later):
    assert not Replica().may_answer()
    in_step()
    assert watched.may_answer()
    later(3600)
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
def test_one_that_hangs_holds_nobody_up_for_long(standby, tmp_path):
    url = standby.url(database_url().rpartition("/")[2])
    assert_nobody_is_held_up(standby, url, tmp_path / "log", goes=standby.freeze, returns=standby.thaw)
