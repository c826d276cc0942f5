"""A standby of the test database as its replica, and what is read there."""

import time
from contextlib import contextmanager
from http.client import HTTPConnection

import dj_database_url
import pytest
from django.conf import settings as django_settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.tests.factories import client_for, make_user
from benchmarks.replication import Standby
from bookings.tests.factories import book
from movie_booking import replica
from movie_booking.replica import REPLICA, Replica
from movie_booking.replica_settings import replica_settings
from movie_booking.settings import database_settings
from movie_booking.tests.server import database_url, running, wait_until
from movies.tests.factories import make_show


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


@contextmanager
def following(primary):
    standby = Standby(primary)
    try:
        yield standby
    finally:
        standby.close()


@pytest.fixture(scope="module")
def primary(django_db_setup, django_db_blocker):
    """The address of the test database."""
    with django_db_blocker.unblock():
        return database_url()


@pytest.fixture(scope="module")
def standby(primary):
    with following(primary) as standby, known_as_replica(standby.url(primary.rpartition("/")[2])):
        yield standby


@pytest.fixture
def watched(standby, monkeypatch, settings):
    """What this process knows of the standby. It looks when a test says so, and never else.

    The bound is wider than any test is slow.
    """
    settings.REPLICA_MAX_LAG_SECONDS = 300
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
def later(monkeypatch):
    """Have so many more seconds passed."""
    real, more = time.monotonic, []
    monkeypatch.setattr(replica.time, "monotonic", lambda: real() + sum(more))
    return more.append


@pytest.fixture
def behind(in_step, standby):
    """A show of which the standby knows all but the latest booking; and that booking's answer."""
    show = make_show()
    book(show, 1)
    in_step()
    standby.pause()
    answer = client_for(make_user()).post(f"/api/shows/{show.pk}/book/", {"seat_number": 5})
    return show, answer.json()


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


def assert_the_replica_serves_all(show):
    """What everyone may see is read there. Returns the answers by path."""
    answers = {}
    for path in public_paths(show):
        answers[path], served = get(path)
        assert (answers[path].status_code, served) == (200, {"replica"}), path
    return answers


def version(response):
    return response.json()["seats_version"]


def assert_nobody_is_held_up(standby, url, log, *, goes, returns):
    """A production server that reads at this address goes on answering while the standby is away."""
    path = seats_path(make_show())
    # By name, or as it stands if it goes through a pooler; and not by those who came before.
    asks_it = (
        "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'seat_map|seats_version'"
        " AND query_start > clock_timestamp() - interval '1 second' AND pid <> pg_backend_pid()"
    )

    def statuses(count):
        http = HTTPConnection("127.0.0.1", server.port, timeout=30)
        found = []
        for _ in range(count):
            http.request("GET", path)
            response = http.getresponse()
            response.read()
            found.append(response.status)
        http.close()
        return found

    def logged(text):
        return text in log.read_text()

    with running(log, DATABASE_REPLICA_URL=url, WEB_CONCURRENCY="1", LOG_LEVEL="WARNING") as server:
        wait_until(lambda: statuses(5) == [200] * 5 and standby.value(asks_it) > 0)
        goes()
        try:
            assert statuses(20) == [200] * 20
            wait_until(lambda: statuses(1) == [200] and logged("The replica is not used: it failed"))
        finally:
            returns()
        wait_until(lambda: statuses(1) == [200] and logged("The replica serves again"))
    assert not logged("Traceback")
