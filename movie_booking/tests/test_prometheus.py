"""A real Prometheus reads a real server of two workers: all of the dashboard has numbers, the right ones."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.db import transaction

from accounts.tests.factories import make_user
from movie_booking.metrics_files import PREFIX
from movie_booking.tests.metrics import TOKEN, samples
from movie_booking.tests.prometheus_server import PrometheusServer
from movie_booking.tests.server import call, is_show_lock_awaited, wait_until
from movie_booking.tests.test_watching import queries
from movies.models import Show
from movies.tests.factories import make_show

SETTINGS = {
    "METRICS_TOKEN": TOKEN,
    "DATABASE_CONNECTIONS": "3",
    "MAX_WAITING_PER_SHOW": "1",
    "SWEEP_SECONDS": "1",
    "METRICS_PROCESS": "worker2",  # of whoever started this server, and not for what it starts
}
pytestmark = [
    pytest.mark.kills_servers,
    pytest.mark.postgres,
    pytest.mark.usefixtures("real_transactions"),
    pytest.mark.parametrize("server", [SETTINGS], indirect=True),
]


@contextmanager
def prometheus_reading(server, folder):
    prometheus = PrometheusServer(folder, token=TOKEN, port=server.port)
    try:
        yield prometheus
    finally:
        prometheus.kill()


def page(server):
    http = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        http.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}", "Host": "10.0.0.5"})
        return samples(http.getresponse().read().decode())
    finally:
        http.close()


def number(server, name, **labels):
    return page(server).get((f"movie_booking_{name}", frozenset(labels.items())), 0)


def sell(server, show, user, *seats):
    """Book these seats, and return the statuses of the answers."""
    path = f"/api/shows/{show.pk}/book/"
    return [call(server, "POST", path, {"seat_number": seat}, user).status for seat in seats]


def have_buyers_wait(server, show, user, seats):
    """Send a crowd while the show is locked: some wait for the lock, some in line, and some are sent away."""
    with ThreadPoolExecutor(len(seats)) as buyers:
        with transaction.atomic():
            Show.objects.lock(show.pk)
            answers = [buyers.submit(sell, server, show, user, seat) for seat in seats]
            wait_until(is_show_lock_awaited)
            wait_until(lambda: any(answer.done() for answer in answers))
        return [status for answer in answers for status in answer.result()]


@pytest.mark.needs("prometheus")
def test_prometheus_reads_what_all_workers_count_whatever_becomes_of_them(server, tmp_path):
    """One server for all of it, as each takes seconds to start."""
    show, user = make_show(total_seats=50), make_user()
    with prometheus_reading(server, tmp_path / "prometheus") as prometheus:
        statuses = sell(server, show, user, 1, 2, 2) + have_buyers_wait(server, show, user, range(11, 23))
        held = call(server, "POST", "/api/orders/", {"show": show.pk, "seat_numbers": [41]}, user)
        call(server, "GET", "/api/nothing/")
        assert held.status == 201
        assert {409, 503} <= set(statuses)

        # Of the dashboard, filled in as Grafana does it.
        asked = {
            title: query.replace("$instance", ".*").replace("$__rate_interval", "5m").replace("[1h]", "[5m]")
            for title, query in queries()
            if title != "Workers were started"  # none was, after the first
        }
        seats = iter(range(24, 41))

        def all_have_numbers():
            statuses.extend(sell(server, show, user, next(seats, 1)))  # a rate takes two looks at something
            return not without_number(prometheus, asked)

        wait_until(all_have_numbers, pause=0.5)
        sold = statuses.count(201)
        wait_until(lambda: prometheus.query("movie_booking_seats_taken") == [sold + 1])
        wait_until(lambda: prometheus.query('sum(movie_booking_seats_total{after="booked"})') == [sold])
        refused = 'sum(movie_booking_order_requests_total{operation="bookSeat", outcome="busy"})'
        assert prometheus.query(refused) == [statuses.count(503)]

    server.workers()[0].kill()
    wait_until(lambda: number(server, "worker_starts_total") == 3)
    wait_until(lambda: number(server, "workers") == 2)
    assert number(server, "seats_total", before="free", after="booked", channel="api") == sold
    assert number(server, "database_connections_limit") == 2 * 3

    [folder] = folders_of(server)
    server.process.terminate()
    server.process.wait()
    assert not folder.exists()


def without_number(prometheus, asked):
    """Which of these queries have had no number yet. Those that have are asked no more."""
    for title in [*asked]:
        if prometheus.query(asked[title]):
            del asked[title]
    return asked


def folders_of(server):
    """Where the workers of a server keep what they count."""
    files = {Path(file.path).parent for worker in server.workers() for file in worker.open_files()}
    return [folder for folder in files if folder.name.startswith(PREFIX)]
