"""A poll that repeats one is answered as Django would answer it, for as long as that is 304."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from itertools import count

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.factories import make_user
from bookings.models import Booking
from bookings.tests.factories import book, hold
from movie_booking.tests.metrics import TOKEN, Counted
from movie_booking.tests.server import headers_for, running, wait_until
from movie_booking.tests.test_http import connect, get, read_response
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = [
    pytest.mark.kills_servers,
    pytest.mark.about_http,
    pytest.mark.usefixtures("real_transactions"),
]

SHOP = "https://shop.example"
ROUTE = "/api/shows/{id}/seats/"
READS = 20  # an hour, of one address
numbers = count(1)


@contextmanager
def one_worker(log, **settings):
    """A server of which each connection leads to the worker that knows what it has answered."""
    given = {
        "WEB_CONCURRENCY": "1",
        "METRICS_TOKEN": TOKEN,
        "ACCESS_LOG": "all",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "INFO",
        "TRUSTED_PROXIES": "1",
        "CORS_ALLOWED_ORIGINS": SHOP,
        "THROTTLE_READ": f"{READS}/hour",
    }
    with running(log, **given | settings) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory, django_db_setup):
    with one_worker(tmp_path_factory.mktemp("again") / "log") as server:
        yield server


def metrics(server):
    with connect(server) as client, client.makefile("rb") as stream:
        client.sendall(get("/metrics", f"Authorization: Bearer {TOKEN}"))
        return read_response(stream)[2].decode()


@pytest.fixture
def counted(server):
    return Counted(lambda: metrics(server))


class Poller:
    """Sends one head again and again, by one connection. Each poller has an address of its own."""

    def __init__(self, server, path, *headers, method="GET", etag=None):
        address = f"X-Forwarded-For: 203.0.113.{next(numbers)}"
        self.client = connect(server)
        self.stream = self.client.makefile("rb")
        self.head = b""
        if etag is None:
            _, said, _ = self.send(get(path, address, *headers))
            etag = said["etag"]
        self.head = get(path, address, f"If-None-Match: {etag}", *headers).replace(b"GET", method.encode(), 1)

    def send(self, head):
        self.client.sendall(head)
        return read_response(self.stream)

    def __call__(self):
        return self.send(self.head)


@pytest.fixture
def poller(server):
    pollers = []

    def poller(path, *headers, **how):
        pollers.append(Poller(server, path, *headers, **how))
        return pollers[-1]

    yield poller
    for each in pollers:
        each.stream.close()
        each.client.close()


def told_apart(answer):
    """An answer without what is different in each."""
    status, headers, body = answer
    return (
        status,
        {name: said for name, said in headers.items() if name not in ("date", "x-request-id")},
        body,
    )


# --- The same answer ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "headers", "how"),
    [
        ("", [], {}),
        ("layout/", [], {}),
        ("availability/", [], {}),
        ("?fields=layout", [], {}),
        ("?fields=availability", [], {}),
        ("?min_version=1", [], {}),
        ("", [], {"method": "HEAD"}),
        ("", [], {"etag": "*"}),
        ("", [f"Origin: {SHOP}"], {}),
        ("", ["Cookie: city=Köln", "Authorization: Bearer nonsense"], {}),
        ("", ["Connection: keep-alive", "Accept: application/json"], {}),
    ],
)
def test_a_repetition_is_answered_as_what_it_repeats(poller, counted, path, headers, how):
    poll = poller(f"/api/shows/{make_show().pk}/seats/{path}", *headers, **how)

    first, *again = [poll() for _ in range(4)]

    assert first[0] == 304
    assert [told_apart(each) for each in again] == [told_apart(first)] * 3
    assert len({each[1]["x-request-id"] for each in [first, *again]}) == 4
    dates = [parsedate_to_datetime(each[1]["date"]).timestamp() for each in [first, *again]]
    assert all(abs(date - time.time()) < 60 for date in dates)
    route = ROUTE + (path if path.endswith("/") else "")
    method = how.get("method", "GET")
    assert counted("repeats_total") == 3
    assert counted("http_requests_total", route=route, method=method, status="304") == 4
    measured = counted("http_request_duration_seconds_count", route=route, method=method)
    assert measured == (4 if method == "HEAD" or "etag" in how else 5)  # with the one that told the ETag


def test_the_log_says_the_same_of_a_repetition(server, poller):
    poll = poller(f"/api/shows/{make_show().pk}/seats/")
    ids = [poll()[1]["x-request-id"] for _ in range(2)]

    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    first, again = (next(line for line in lines if line.get("request_id") == each) for each in ids)
    different = ("time", "request_id", "seconds")
    assert {name: said for name, said in again.items() if name not in different} == {
        name: said for name, said in first.items() if name not in different
    }
    assert (again["route"], again["status"]) == (ROUTE, 304)


def test_the_id_that_a_proxy_gives_is_that_of_the_answer(poller, counted):
    poll = poller(f"/api/shows/{make_show().pk}/seats/")

    for request_id in ("id-of-the-first", "id-of-the-second", "id-of-the-third"):
        answer = poll.send(poll.head.replace(b"\r\n\r\n", f"\r\nX-Request-Id: {request_id}\r\n\r\n".encode()))
        assert (answer[0], answer[1]["x-request-id"]) == (304, request_id)

    assert counted("repeats_total") == 2


# --- Until something has changed ---------------------------------------------------------------------


def cancel(show):
    Show.objects.filter(pk=show.pk).update(status=Show.Status.CANCELLED, seats_version=99)


def draft(show):
    Show.objects.filter(pk=show.pk).update(status=Show.Status.DRAFT)


def delete(show):
    Show.objects.filter(pk=show.pk).delete()


@pytest.mark.parametrize(
    ("change", "status"),
    [(lambda show: book(show, 5, user=make_user()), 200), (cancel, 200), (draft, 404), (delete, 404)],
)
def test_a_change_is_told_at_once(poller, counted, change, status):
    show = make_show()
    poll = poller(f"/api/shows/{show.pk}/seats/")
    assert [poll()[0] for _ in range(3)] == [304] * 3

    change(show)

    assert [poll()[0] for _ in range(2)] == [status] * 2
    assert counted("repeats_total") == 2


def test_a_hold_that_ends_is_told_though_nothing_is_written(poller):
    show = make_show()
    order = hold(show, 5, user=make_user())
    poll = poller(f"/api/shows/{show.pk}/seats/availability/")
    assert [poll()[0] for _ in range(2)] == [304] * 2

    Booking.objects.filter(order=order).update(expires_at=timezone.now() - timedelta(seconds=1))

    status, _, body = poll()
    assert (status, json.loads(body)["taken"]["held"]) == (200, [])


def test_who_bought_sees_it_whoever_else_is_polling(server, poller):
    """Buyers look for their seat in the words of before, while a crowd repeats the same all the time."""
    show, buyer = make_show(), make_user()
    polls = [poller(f"/api/shows/{show.pk}/seats/") for _ in range(6)]
    polls[0]()
    book_seat = json.dumps({"seat_number": 5}).encode()
    lines = [f"{name}: {said}" for name, said in headers_for(buyer).items()]
    request = get(f"/api/shows/{show.pk}/book/", *lines, f"Content-Length: {len(book_seat)}")
    with ThreadPoolExecutor(6) as crowd:
        going_on = [crowd.submit(lambda poll=poll: [poll()[0] for _ in range(15)]) for poll in polls[1:]]
        assert polls[0].send(request.replace(b"GET", b"POST", 1) + book_seat)[0] == 201
        assert polls[0]()[0] == 200
        assert all(set(each.result()) <= {304, 200} for each in going_on)


# --- What is counted, and what is not answered again -------------------------------------------------


def test_a_repetition_counts_like_any_other_request(poller):
    poll = poller(f"/api/shows/{make_show().pk}/seats/", etag="*")

    statuses = [poll()[0] for _ in range(READS + 2)]

    assert statuses == [304] * READS + [429] * 2


def test_one_that_finds_a_change_counts_once(poller):
    show = make_show()
    poll = poller(f"/api/shows/{show.pk}/seats/")
    assert [poll()[0] for _ in range(4)] == [304] * 4

    book(show, 5, user=make_user())

    other = poll.head.replace(b"If-None-Match", b"X-Other")
    status, headers, _ = poll()
    other_status, other_headers, _ = poll.send(other)
    assert (status, other_status) == (200, 200)
    left = [each["ratelimit"].split(";")[1] for each in (headers, other_headers)]
    assert left == [f"r={READS - 6}", f"r={READS - 7}"]
    assert headers["x-request-id"] != other_headers["x-request-id"]


@pytest.mark.parametrize(
    "more",
    [
        (b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\nabc"),
        (b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ],
)
def test_one_with_a_body_is_read_to_its_end(poller, counted, more):
    poll = poller(f"/api/shows/{make_show().pk}/seats/")
    head, body = poll.head.replace(*more).split(b"\r\n\r\n", 1)

    for _ in range(3):
        poll.client.sendall(head + b"\r\n\r\n")
        time.sleep(0.05)  # so that the body comes after what looks like all of it
        assert poll.send(body)[0] in (200, 304, 411)
    assert poll.send(get())[0] == 200

    assert counted("repeats_total") == 0


def test_requests_that_are_sent_at_once_are_all_answered(poller):
    poll = poller(f"/api/shows/{make_show().pk}/seats/")
    assert [poll()[0] for _ in range(2)] == [304] * 2

    for _ in range(3):
        poll.client.sendall(poll.head * 3)
        assert [read_response(poll.stream)[0] for _ in range(3)] == [304] * 3


@pytest.mark.parametrize("has_changed", [False, True])
def test_what_follows_a_head_is_not_part_of_it(poller, has_changed):
    """Also if it looks like what may be left out of one."""
    show = make_show()
    poll = poller(f"/api/shows/{show.pk}/seats/")
    assert [poll()[0] for _ in range(2)] == [304] * 2
    if has_changed:
        book(show, 5, user=make_user())

    assert poll.send(poll.head + b"X-Request-ID: smuggled-id\r\n\r\n")[0] == (200 if has_changed else 304)
    assert read_response(poll.stream)[0] == 400


def test_only_what_was_answered_with_304_is_known(poller, counted):
    poll = poller(f"/api/shows/{make_show().pk}/seats/")
    assert poll()[0] == 304

    assert [poll.send(get("/api/limits/"))[0] for _ in range(3)] == [200] * 3

    assert counted("repeats_total") == 0


def test_a_repetition_in_two_pieces_is_answered(poller):
    poll = poller(f"/api/shows/{make_show().pk}/seats/")
    assert poll()[0] == 304

    poll.client.sendall(poll.head[:30])
    time.sleep(0.05)

    assert poll.send(poll.head[30:])[0] == 304
    assert poll()[0] == 304


@pytest.mark.parametrize(
    ("version", "header", "said"),
    [
        ("1.1", "Connection: close", "close"),
        ("1.0", "X-Other: header", "close"),
        ("1.0", "Connection: keep-alive", "keep-alive"),
    ],
)
def test_one_that_ends_its_connection_or_is_of_http_1_0_is_not_known(
    server, poller, counted, version, header, said
):
    path = f"/api/shows/{make_show().pk}/seats/"
    etag = poller(path)()[1]["etag"]

    for _ in range(2):
        with connect(server) as client, client.makefile("rb") as stream:
            client.sendall(get(path, header, f"If-None-Match: {etag}", version=version))
            client.shutdown(socket.SHUT_WR)
            status, headers, _ = read_response(stream)
            assert (status, headers["connection"], stream.read()) == (304, said, b"")

    assert counted("repeats_total") == 0


# --- When things go wrong ----------------------------------------------------------------------------


@pytest.mark.postgres
def test_while_the_database_takes_its_time_django_answers(poller, counted):
    poll = poller(f"/api/shows/{make_show().pk}/seats/")
    assert poll()[0] == 304
    with ThreadPoolExecutor(1) as client:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE movies_show IN ACCESS EXCLUSIVE MODE")
            answer = client.submit(poll)
            time.sleep(1.5)
            assert not answer.done()
        assert answer.result()[0] == 304

    assert counted("repeats_total") == 0
    assert poll()[0] == 304
    assert counted("repeats_total") == 1


def test_a_server_that_is_about_to_stop_says_so(tmp_path):
    show = make_show()
    with one_worker(tmp_path / "log", DRAIN_SECONDS="3") as server:
        poll = Poller(server, f"/api/shows/{show.pk}/seats/")
        assert [poll()[1]["connection"] for _ in range(2)] == ["keep-alive"] * 2

        server.process.terminate()
        time.sleep(0.5)

        status, headers, _ = poll()
        assert (status, headers["connection"]) == (304, "close")
        assert poll.stream.read() == b""
        poll.client.close()
        wait_until(lambda: server.process.poll() is not None)


def test_a_client_that_has_gone_away_harms_nobody(server, poller):
    poll = poller(f"/api/shows/{make_show().pk}/seats/")
    assert poll()[0] == 304
    with connect(server) as gone:
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        gone.sendall(poll.head)

    assert poll()[0] == 304
