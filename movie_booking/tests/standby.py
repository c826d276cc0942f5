"""A standby of the test database as its replica, and what is read there."""

import time
from contextlib import contextmanager

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
from movie_booking.tests.server import database_url, wait_until
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


@pytest.fixture(scope="module")
def standby(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        url = database_url()
    standby = Standby(url)
    try:
        with known_as_replica(standby.url(url.rpartition("/")[2])):
            yield standby
    finally:
        standby.close()


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


def version(response):
    return response.json()["seats_version"]
