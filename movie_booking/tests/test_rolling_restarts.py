"""Two hosts behind HAProxy, restarted in turn while customers go on: nothing is cut."""

import json
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPException
from itertools import count
from threading import Event

import psutil
import pytest

from accounts.tests.factories import make_user
from bookings.models import Booking
from drills.haproxy import HAProxy
from movie_booking.tests.programs import require
from movie_booking.tests.server import PATIENCE, Server, call, headers_for, wait_until
from movies.tests.factories import make_show

pytestmark = [
    pytest.mark.about_http,
    pytest.mark.kills_servers,
    pytest.mark.needs("haproxy"),
    pytest.mark.usefixtures("real_transactions"),
]

CUSTOMERS = 3


@pytest.fixture
def hosts(tmp_path):
    """Both started at once, as that takes seconds."""
    hosts = [
        Server(tmp_path / f"log of {each}", DRAIN_SECONDS="2", THROTTLE="0", MAX_SEATS_PER_SHOW="6000")
        for each in ("one", "the other")
    ]
    with ExitStack() as stack, ThreadPoolExecutor(2) as starting:
        for host in hosts:
            stack.callback(host.kill)
        list(starting.map(Server.start, hosts))
        yield hosts


@pytest.fixture
def proxy(tmp_path, hosts):
    proxy = HAProxy(require("haproxy"), tmp_path / "haproxy", hosts=[host.port for host in hosts])
    proxy.start()
    yield proxy
    proxy.kill()


class Customer:
    """Reads and books by turns, by a connection that is kept, until told to stop."""

    def __init__(self, proxy, show, seats):
        self.show, self.seats = show, seats
        self.http = HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE)
        self.headers = headers_for(make_user())
        self.answers = Counter()

    def go_on(self, stop):
        for seat_number in self.seats:
            if stop.is_set():
                break
            self.ask("GET", "/api/shows/")
            self.ask("POST", f"/api/shows/{self.show.pk}/book/", {"seat_number": seat_number})
            time.sleep(0.05)
        self.http.close()

    def ask(self, method, path, body=None):
        try:
            self.http.request(method, path, body and json.dumps(body), self.headers)
            response = self.http.getresponse()
            response.read()
            self.answers[method, response.status] += 1
        except (OSError, HTTPException) as error:
            self.answers[method, repr(error)] += 1
            self.http.close()


def status_of(host, path):
    """What a host says of itself, and whether it goes on with the connection."""
    http = HTTPConnection("127.0.0.1", host.port, timeout=PATIENCE)
    http.request("GET", path, headers={"Host": "10.0.0.5"} if path.endswith("z") else {})
    response = http.getresponse()
    response.read()
    http.close()
    return response.status, response.headers["Connection"]


def has_ended(process):
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def restart(host, proxy):
    """As systemd does, if it is not told otherwise: SIGTERM to all processes, the workers too."""
    [housekeeping] = [
        child for child in psutil.Process(host.process.pid).children() if "housekeeping" in child.cmdline()
    ]
    wait_until(lambda: status_of(host, "/readyz") == (200, "keep-alive"))  # once house was kept
    os.killpg(host.process.pid, signal.SIGTERM)
    wait_until(lambda: status_of(host, "/readyz") == (503, "close"))
    assert [status_of(host, path) for path in ("/healthz", "/api/movies/")] == [(200, "close")] * 2
    wait_until(lambda: not proxy.has_in_service(host.port))
    assert host.process.poll() is None  # it serves on
    wait_until(lambda: has_ended(housekeeping))
    assert host.process.wait(timeout=PATIENCE) == 0
    host.start()
    wait_until(lambda: proxy.has_in_service(host.port))


def test_rolling_restarts_cut_nothing(hosts, proxy, tmp_path):
    for host in hosts:
        wait_until(lambda host=host: proxy.has_in_service(host.port))
    show, stop = make_show(total_seats=5000), Event()
    customers = [Customer(proxy, show, count(1 + place, CUSTOMERS)) for place in range(CUSTOMERS)]

    with ThreadPoolExecutor(CUSTOMERS) as crowd:
        asking = [crowd.submit(customer.go_on, stop) for customer in customers]
        try:
            for host in hosts:
                restart(host, proxy)
        finally:
            stop.set()
    for each in asking:
        each.result()

    answers = sum((customer.answers for customer in customers), Counter())
    assert set(answers) == {("GET", 200), ("POST", 201)}, answers
    assert Booking.objects.count() == answers["POST", 201] > 50
    while_none_is_ready_those_that_live_answer(hosts, tmp_path)


def while_none_is_ready_those_that_live_answer(hosts, tmp_path):
    """Rather than the proxy with a page of its own, which no client of the API understands."""
    ports = [host.port for host in hosts]
    proxy = HAProxy(require("haproxy"), tmp_path / "another", hosts=ports, ready="/api/nothing/")
    proxy.start()
    try:
        wait_until(lambda: not any(proxy.has_in_service(port) for port in ports))
        assert call(proxy, "GET", "/api/shows/0/").body["code"] == "not_found"
    finally:
        proxy.kill()
