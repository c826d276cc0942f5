"""Streams of seats by the production server, with all that hang on them."""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest
from django.db import connection, transaction

from bookings.tests.factories import book
from movie_booking.tests.server import PATIENCE, other_connections, wait_until
from movies.tests.factories import make_show

pytestmark = [
    pytest.mark.kills_servers,
    pytest.mark.postgres,
    pytest.mark.usefixtures("real_transactions"),
]


def open_stream(server, show, method="GET"):
    http = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    http.request(method, f"/api/shows/{show.pk}/seats/stream/", headers={"Accept": "text/event-stream"})
    return http, http.getresponse()


def next_version(response):
    while line := response.readline():
        if line.startswith(b"id: "):
            return int(line.removeprefix(b"id: "))
    return None


def test_many_watch_a_server_that_goes_on_answering_and_stops_at_once(server):
    show = make_show()
    streams = [open_stream(server, show) for _ in range(100)]
    assert {next_version(response) for _, response in streams} == {0}

    book(show, 5)

    assert {next_version(response) for _, response in streams} == {1}
    http, response = open_stream(server, show, method="HEAD")
    assert (response.status, response.read()) == (200, b"")
    http.request("GET", f"/api/shows/{show.pk}/")  # by the same connection
    again = http.getresponse()
    assert (again.status, json.loads(again.read())["id"]) == (200, show.pk)
    server.process.terminate()
    assert {next_version(response) for _, response in streams} == {None}  # ended, and not cut off
    assert server.process.wait(timeout=PATIENCE) == 0
    for opened, response in [*streams, (http, again)]:
        response.close()
        opened.close()


def test_streams_keep_no_connection_of_the_database(server):
    """Each worker has twelve of them. All these streams want one at once, and then have none.

    Each is of another show: those of one would ask together.
    """
    shows = [make_show() for _ in range(60)]
    with ThreadPoolExecutor(60) as crowd:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK movies_show IN ACCESS EXCLUSIVE MODE")
            opened = [crowd.submit(open_stream, server, show) for show in shows]
            wait_until(lambda: other_connections("wait_event_type = 'Lock'") >= 12)
        streams = [each.result() for each in opened]

    assert {response.status for _, response in streams} == {200}
    assert {next_version(response) for _, response in streams} == {0}
    for http, response in streams:
        response.close()
        http.close()


@pytest.mark.parametrize("server", [{"MAX_WATCHERS": "5", "WEB_CONCURRENCY": "1"}], indirect=True)
def test_whoever_hangs_up_makes_room_for_another(server):
    show = make_show()
    streams = [open_stream(server, show) for _ in range(5)]
    for _, response in streams:
        next_version(response)
    http, response = open_stream(server, show)
    assert response.status == 503
    http.close()
    for http, response in streams:
        response.close()
        http.close()

    def there_is_room():
        book_and_forget()  # what is sent shows the server that nobody listens
        http, response = open_stream(server, show)
        http.close()
        return response.status == 200

    seats = iter(range(1, 50))

    def book_and_forget():
        book(show, next(seats))

    wait_until(there_is_room, pause=0.5)
