"""What the production server makes of HTTP, byte by byte."""

import json
import re
import socket
import time
from contextlib import ExitStack
from urllib.parse import urlencode

import pytest

from accounts.hashers import Argon2idHasher
from accounts.tests.factories import make_user
from bookings.models import Booking, Order
from movie_booking.tests.server import call, headers_for, running
from movies.tests.factories import make_movie, make_show

pytestmark = [
    pytest.mark.kills_servers,
    pytest.mark.about_http,
    pytest.mark.usefixtures("real_transactions"),
]

SHOP = "https://shop.example"
CREDENTIALS = b'{"username": "john", "password": "wrong"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory, django_db_setup):
    log = tmp_path_factory.mktemp("http") / "log"
    with running(log, ALLOWED_HOSTS="localhost,127.0.0.1", CORS_ALLOWED_ORIGINS=SHOP) as server:
        yield server


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def head(line, *headers):
    return b"\r\n".join(
        [line.encode(), *(h if isinstance(h, bytes) else h.encode() for h in headers), b"", b""]
    )


def get(path="/api/movies/", *headers, version="1.1", host="localhost"):
    return head(f"GET {path} HTTP/{version}", f"Host: {host}", *headers)


def read_response(stream):
    """Return status, headers and body of one response from a file of the socket; None at its end."""
    line = stream.readline()
    if not line:
        return None
    headers = {}
    while (header := stream.readline().strip()) != b"":
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return int(line.split()[1]), headers, stream.read(int(headers.get("content-length", 0)))


def exchange(server, *messages, end=False):
    """Send these bytes, and return the first response to them."""
    with connect(server) as client:
        for message in messages:
            client.sendall(message)
        if end:
            client.shutdown(socket.SHUT_WR)
        return read_response(client.makefile("rb"))


# --- Connections ----------------------------------------------------------------------------------


def test_a_connection_serves_one_request_after_the_other(server):
    with connect(server) as client, client.makefile("rb") as stream:
        for _ in range(3):
            client.sendall(get())
            assert read_response(stream)[0] == 200


def test_requests_sent_without_waiting_are_answered_in_their_order(server):
    with connect(server) as client, client.makefile("rb") as stream:
        client.sendall(get() + get("/api/nothing/") + get("/api/me/") + get("/api/shows/"))

        assert [read_response(stream)[0] for _ in range(4)] == [200, 404, 401, 200]


def test_http_1_0_gets_an_answer_and_the_end(server):
    with connect(server) as client, client.makefile("rb") as stream:
        client.sendall(get(version="1.0"))

        assert read_response(stream)[0] == 200
        assert stream.read() == b""


def test_a_client_that_asks_for_the_end_gets_it(server):
    with connect(server) as client, client.makefile("rb") as stream:
        client.sendall(get("/api/movies/", "Connection: close"))

        assert read_response(stream)[0] == 200
        assert stream.read() == b""


def test_a_client_that_has_said_all_is_still_answered(server):
    assert exchange(server, get(), end=True)[0] == 200


def test_an_answer_to_head_has_no_body_nor_a_line_in_the_log(server):
    logged = server.log.read_bytes()
    with connect(server) as client, client.makefile("rb") as stream:
        client.sendall(head("HEAD /api/movies/ HTTP/1.1", "Host: localhost") + get("/api/nothing/"))
        assert stream.readline().startswith(b"HTTP/1.1 200 ")
        while stream.readline().strip():
            pass

        assert read_response(stream)[0] == 404
    assert server.log.read_bytes() == logged


@pytest.mark.parametrize(
    "nonsense",
    [
        b"nonsense\r\n\r\n",
        b"GET /api/movies/ HTTP/9.9\r\n\r\n",
        b"GET /api/movies/ HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # TLS, spoken to a port that does not
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",  # HTTP/2, which a proxy speaks for us
        head("GET /api/movies/ HTTP/1.1", "Host: localhost", "X: " + "x" * 100_000),
        head("GET /api/movies/?" + "x" * 100_000 + " HTTP/1.1", "Host: localhost"),
        head("POST /api/login/ HTTP/1.1", "Host: localhost", "Content-Length: 5", "Content-Length: 6"),
        head("POST /api/login/ HTTP/1.1", "Host: localhost", "Content-Length: -1"),
        head(
            "POST /api/login/ HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked", "Content-Length: 5"
        ),
        head("POST /api/login/ HTTP/1.1", "Host: localhost", "Transfer-Encoding: identity, nonsense"),
    ],
    ids=lambda sent: repr(sent[:40]),
)
def test_what_is_no_http_is_refused_and_harms_nobody(server, nonsense):
    answer = exchange(server, nonsense)

    if answer is not None:
        status, headers, body = answer
        assert 400 <= status < 500
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(body)["request_id"] == headers["x-request-id"]
    assert call(server, "GET", "/api/movies/").status == 200


def test_of_what_cannot_be_read_the_log_says_who_sent_it_and_nothing_that_was_sent(server):
    before = len(server.log.read_text())

    exchange(server, head("GET /api/movies/?token=s3cr3t HTTP/1.1", "Host: localhost", "Order-Key s3cr3t"))

    [line] = map(json.loads, server.log.read_text()[before:].splitlines())
    assert (line["logger"], line["level"]) == ("gunicorn.error", "WARNING")
    assert line["message"] == "A request from 127.0.0.1 was refused: InvalidHeader"
    assert re.fullmatch("[0-9a-f]{32}", line["request_id"])
    assert "s3cr3t" not in server.log.read_text()


def test_every_answer_of_the_server_says_the_id_of_its_request(server):
    with connect(server) as client, client.makefile("rb") as stream:
        client.sendall(get() + get("/api/nothing/") + get("/static/nothing.css") + get("/favicon.ico"))
        ids = [read_response(stream)[1]["x-request-id"] for _ in range(4)]

    assert len(set(ids)) == 4


@pytest.mark.parametrize("path", ["/api/movies/", "/admin/"])
@pytest.mark.parametrize(
    "headers",
    [
        ["X: " + "x" * 17_000],
        ["X: " + "x" * 1_000_000],
        [f"X{number}: " + "x" * 200 for number in range(85)],
        [f"X{number}: x" for number in range(200)],
        ["Cookie: session=" + "x" * 17_000],
    ],
    ids=["one", "a very long one", "many that are too much", "too many", "a cookie"],
)
def test_headers_that_are_too_much_are_refused(server, path, headers):
    status, answered, body = exchange(server, get(path, *headers))

    assert (status, json.loads(body)["code"]) == (431, "headers_too_large")
    assert (answered["content-type"], answered["connection"]) == ("application/problem+json", "close")
    assert (answered["cache-control"], answered["x-content-type-options"]) == ("no-store", "nosniff")
    assert call(server, "GET", "/api/movies/").status == 200


@pytest.mark.parametrize("headers", [["X: " + "x" * 16_000], [f"X{n}: " + "x" * 150 for n in range(95)]])
def test_sixteen_kibibytes_of_headers_are_read(server, headers):
    assert exchange(server, get("/api/movies/", *headers))[0] == 200


def test_headers_that_never_end_are_refused_before_their_end(server):
    with connect(server) as client, client.makefile("rb") as stream:
        client.sendall(b"GET /api/movies/ HTTP/1.1\r\n" + b"X: x\r\n" * 4000)

        assert read_response(stream)[0] == 431


def test_an_address_that_is_too_long_is_refused(server):
    status, _, body = exchange(server, get("/api/movies/?search=" + "x" * 8190))

    assert (status, json.loads(body)["code"]) == (414, "address_too_long")


@pytest.mark.parametrize(
    "path", ["/api/movies/", "/api/nothing/", "/admin/login/", "/nothing", "/favicon.ico"]
)
def test_no_answer_says_what_serves_it(server, path):
    _, headers, body = exchange(server, get(path))

    assert not {"server", "x-powered-by", "via"} & set(headers)
    assert headers["x-content-type-options"] == "nosniff"
    assert not re.search(rb"gunicorn|django/|python/|werkzeug", body, re.IGNORECASE)


def test_a_page_of_another_origin_reads_what_is_refused_outside_of_django(server):
    sent = post("/api/login/", "Transfer-Encoding: chunked", f"Origin: {SHOP}"), b"zz\r\n{}\r\n0\r\n\r\n"

    status, headers, _ = exchange(server, *sent)

    assert (status, headers["access-control-allow-origin"], headers["cache-control"]) == (
        400,
        SHOP,
        "no-store",
    )


# --- Headers and addresses ------------------------------------------------------------------------


def test_a_key_beyond_ascii_is_refused_and_not_overlooked(server):
    """Dropped, as some servers do it, the header would be missing, and the second try a second order."""
    show, user = make_show(), make_user()
    body = json.dumps({"show": show.pk, "seat_numbers": [5]}).encode()
    lines = [f"{name}: {value}" for name, value in headers_for(user).items()]
    request = head(
        "POST /api/orders/ HTTP/1.1",
        "Host: localhost",
        *lines,
        "Idempotency-Key: order–42",
        f"Content-Length: {len(body)}",
    )

    status, _, answer = exchange(server, request, body)

    assert (status, json.loads(answer)["code"]) == (400, "invalid")
    assert not Order.objects.exists()


def test_a_version_beyond_ascii_is_another_version(server):
    """Overlooked, the header would be missing, and what somebody else wrote would be written over."""
    movie, staff = make_movie("Dune"), make_user(is_staff=True, is_superuser=True)
    body = json.dumps({"title": "Alien"}).encode()
    lines = [f"{name}: {value}" for name, value in headers_for(staff).items()]
    request = head(
        f"PATCH /api/movies/{movie.pk}/ HTTP/1.1",
        "Host: localhost",
        *lines,
        'If-Match: "für–Anna"',
        f"Content-Length: {len(body)}",
    )

    status, _, answer = exchange(server, request, body)

    assert (status, json.loads(answer)["code"]) == (412, "precondition_failed")
    movie.refresh_from_db()
    assert movie.title == "Dune"


@pytest.mark.parametrize("other", ["city=Köln", "city=K\xf6ln".encode("latin-1")], ids=["utf-8", "latin-1"])
def test_a_cookie_beyond_ascii_leaves_the_others_where_they_are(server, other):
    """Staff stay logged in, whatever other cookies the cinema's site has set."""
    anna = make_user("anna", is_staff=True)
    # As the server does it; the tests themselves take something quicker.
    anna.password = Argon2idHasher().encode("a good password", "a salt of some length")
    anna.save()
    token = "x" * 32
    form = urlencode(
        {"csrfmiddlewaretoken": token, "username": "anna", "password": "a good password", "next": "/admin/"}
    ).encode()
    cookie = b"Cookie: csrftoken=%s; %s" % (
        token.encode(),
        other if isinstance(other, bytes) else other.encode(),
    )
    lines = ("Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}", cookie)

    status, headers, _ = exchange(
        server, head("POST /admin/login/ HTTP/1.1", "Host: localhost", *lines), form
    )

    assert (status, headers["location"]) == (302, "/admin/")


@pytest.mark.parametrize("query", ["千と千尋", "%E5%8D%83%E3%81%A8"], ids=["as it is", "encoded"])
def test_a_search_beyond_ascii_finds(server, query):
    make_movie("千と千尋の神隠し")
    make_movie("Inception")

    status, _, body = exchange(server, get(f"/api/movies/?search={query}"))

    assert (status, json.loads(body)["count"]) == (200, 1)


@pytest.mark.parametrize("host", ["evil.example", "", "K\xf6ln", "localhost, evil.example"])
def test_another_host_is_refused(server, host):
    assert exchange(server, head("GET /api/movies/ HTTP/1.1", f"Host: {host}".encode("latin-1")))[0] == 400


def test_what_only_a_proxy_may_say_is_not_believed(server):
    """Without BEHIND_HTTPS_PROXY, a client that claims HTTPS or a prefix is one like any other."""
    make_movie()
    claims = (
        *("X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-Prefix: /evil"),
        *("Script-Name: /evil", "SCRIPT_NAME: /evil", "X-Script-Name: /evil", "X_Forwarded_Proto: https"),
    )
    status, _, body = exchange(server, get("/api/movies/?page_size=1", *claims))
    assert status == 200
    assert b"evil" not in body
    assert b"https" not in body


# --- Bodies ---------------------------------------------------------------------------------------


def post(path, *headers, **fields):
    return head(f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers)


def chunks(body, size):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_body_in_chunks_is_read(server, size):
    status, _, body = exchange(
        server, post("/api/login/", "Transfer-Encoding: chunked"), chunks(CREDENTIALS, size)
    )

    assert (status, json.loads(body)["code"]) == (401, "no_active_account")


@pytest.mark.parametrize(
    "sent", [b"zz\r\n{}\r\n0\r\n\r\n", b"5\r\n{}\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n", b"\r\n\r\n"]
)
def test_chunks_that_make_no_sense_are_refused(server, sent):
    with connect(server) as client, client.makefile("rb") as stream:
        client.sendall(post("/api/login/", "Transfer-Encoding: chunked") + sent + get())
        client.shutdown(socket.SHUT_WR)
        status, _, body = read_response(stream)

        assert (status, json.loads(body)["code"]) == (400, "parse_error")
        assert stream.read() == b""  # what comes next may be the rest of it, and is no request


@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_a_body_that_is_too_large_is_refused_however_it_comes(server, framing):
    large = b" " * (2 * 1024 * 1024)
    if framing == "chunked":
        sent = post("/api/login/", "Transfer-Encoding: chunked"), chunks(large, 100_000)
    else:
        sent = post("/api/login/", f"Content-Length: {len(large)}"), large

    status, _, body = exchange(server, *sent)

    assert (status, json.loads(body)["code"]) == (413, "body_too_large")


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(server):
    with connect(server) as client, client.makefile("rb") as stream:
        client.sendall(post("/api/login/", f"Content-Length: {len(CREDENTIALS)}", "Expect: 100-continue"))
        assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
        stream.readline()
        client.sendall(CREDENTIALS)

        assert read_response(stream)[0] == 401


def test_two_hundred_broken_clients_hold_up_no_others(server):
    """Their headers do not end, or their bodies, or they do not read what they are sent."""
    half_a_header = b"GET /api/movies/ HTTP/1.1\r\nHost: local"
    half_a_body = post("/api/login/", "Content-Length: 1000") + b'{"username'
    half_a_chunk = post("/api/login/", "Transfer-Encoding: chunked") + b'3e8\r\n{"username'
    unread = get(f"/api/shows/{make_show(total_seats=6000).pk}/seats/") * 8
    with ExitStack() as phones:
        for sent in [half_a_header, half_a_body, half_a_chunk] * 65 + [unread] * 5:
            phones.enter_context(connect(server)).sendall(sent)
        time.sleep(0.5)

        assert [call(server, "GET", "/api/movies/").status for _ in range(8)] == [200] * 8
    assert call(server, "GET", "/api/movies/").status == 200
    assert not Booking.objects.exists()
