"""The production server: slow clients hold up no others, and a worker that is killed is replaced."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psutil
import pytest
from django.db import transaction

from accounts.tests.factories import make_user
from bookings.models import Booking, Status
from bookings.tests.factories import make_order
from movie_booking.tests.server import (
    call,
    headers_for,
    is_show_lock_awaited,
    wait_until,
)
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = [
    pytest.mark.kills_servers,
    pytest.mark.about_http,
    pytest.mark.usefixtures("real_transactions"),
]

MEBIBYTE = 1024 * 1024


def test_one_process_does_beside_the_server_what_is_to_be_done_again_and_again(server):
    beside = [
        child.cmdline()[1:]
        for child in psutil.Process(server.process.pid).children()
        if "manage.py" in child.cmdline()
    ]

    assert beside == [["manage.py", "housekeeping", "--beside", str(server.process.pid)]]


def send(server, method, path, body, **headers):
    """Send these bytes as a request, and return the connection."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{k}: {v}" for k, v in headers.items())]
    client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    client.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    return client


def test_requests_that_never_end_hold_up_no_others(server):
    """More of them than workers, and than any pool of threads would have."""
    with ExitStack() as phones:
        for _ in range(50):
            half = send(server, "POST", "/api/login/", b'{"username', **{"Content-Length": 1000})
            phones.enter_context(half)
        time.sleep(0.2)

        assert [call(server, "GET", "/api/movies/").status for _ in range(8)] == [200] * 8


@pytest.mark.parametrize("server", [{"API_MAX_BODY_BYTES": str(5 * MEBIBYTE)}], indirect=True)
@pytest.mark.parametrize(
    ("size", "status", "code"),
    [(3 * MEBIBYTE, 401, "no_active_account"), (5 * MEBIBYTE + 1, 413, "body_too_large")],
)
def test_a_body_comes_through_whole_up_to_the_limit_that_is_set(server, size, status, code):
    """Django's own limit of 2.5 MiB does not cut it: without its end, the body would be a parse_error."""
    body = json.dumps({"username": "john", "password": "wrong"}).rjust(size)

    response = call(server, "POST", "/api/login/", body)

    assert (response.status, response.body["code"]) == (status, code)


def test_a_request_that_breaks_off_does_nothing(server):
    """An order is cancelled whole by a request with an empty body. A body that is lost is not empty."""
    user = make_user()
    order = make_order(make_show(), 5, 6, user=user, status=Status.BOOKED)
    path, headers = f"/api/orders/{order.reference}/cancel/", headers_for(user)

    for body, framing in (
        (b"", {"Content-Length": 23}),
        (b'{"seat_numbers"', {"Content-Length": 23}),
        (b"", {"Transfer-Encoding": "chunked"}),
        (b'17\r\n{"seat_nu', {"Transfer-Encoding": "chunked"}),
    ):
        send(server, "POST", path, body, **headers, **framing).close()
    time.sleep(0.5)
    assert call(server, "GET", "/api/movies/").status == 200
    assert Booking.objects.filter(status=Status.BOOKED).count() == 2

    whole = b'14\r\n{"seat_numbers":[5]}\r\n0\r\n\r\n'
    with send(server, "POST", path, whole, **headers, **{"Transfer-Encoding": "chunked"}) as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert Booking.objects.filter(status=Status.BOOKED).count() == 1


def test_workers_that_are_killed_again_and_again_are_replaced(server):
    """Granian alone gives up when one dies within seconds of its start."""
    for _ in range(3):
        old = set(server.workers())
        server.kill_workers()
        wait_until(lambda old=old: len(set(server.workers()) - old) == 2)

    wait_until(server.responds)


@pytest.mark.postgres
def test_what_is_being_worked_on_when_the_server_is_told_to_stop_is_finished(server):
    show, user = make_show(), make_user()
    with ThreadPoolExecutor(1) as client:
        with transaction.atomic():
            Show.objects.lock(show.pk)
            answer = client.submit(
                call, server, "POST", f"/api/shows/{show.pk}/book/", {"seat_number": 5}, user
            )
            wait_until(is_show_lock_awaited)
            server.process.terminate()
            time.sleep(0.5)
        assert answer.result().status == 201

    assert server.process.wait(timeout=60) == 0
    assert not psutil.pid_exists(server.process.pid)


def test_nothing_is_left_of_a_server_that_was_killed(server):
    workers = server.workers()
    assert len(workers) == 2

    server.process.kill()

    psutil.wait_procs(workers, timeout=60)
    assert not any(worker.is_running() for worker in workers)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))
