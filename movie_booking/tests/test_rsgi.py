"""What granian hands over, and what Django gets of it."""

import asyncio
from types import SimpleNamespace

import pytest

from movie_booking import rsgi

BODY = b'{"username": "john"}'


class Connection:
    """Granian's side of a request: a body in pieces, and at the end silence if it is not all there."""

    def __init__(self, *pieces, hangs=False):
        self.pieces, self.hangs, self.answered = pieces, hangs, None

    async def __aiter__(self):
        for piece in self.pieces:
            yield piece
        if self.hangs:
            await asyncio.sleep(60)

    def response_bytes(self, *answer):
        self.answered = answer


def request(*headers, method="POST", path="/api/login/", **fields):
    known = dict(headers)
    found = SimpleNamespace(items=lambda: list(headers), get=lambda name: known.get(name))
    return SimpleNamespace(
        method=method,
        path=path,
        headers=found,
        http_version="1.1",
        scheme="http",
        server="127.0.0.1:8000",
        client="10.0.0.7:4711",
        **{"query_string": "", **fields},
    )


@pytest.fixture
def asked(monkeypatch):
    """The environs with which Django was asked; it says yes to all."""
    environs = []

    def ask(environ):
        environs.append(environ)
        return rsgi.ServerResponse(200, [("X", "y")], b"yes")

    monkeypatch.setattr(rsgi, "call_django", ask)
    return environs


def serve(scope, connection):
    asyncio.run(rsgi.application.__rsgi__(scope, connection))
    return connection.answered


def test_django_gets_a_request_when_it_is_all_there(asked):
    scope = request(("content-length", "20"), ("content-type", "application/json"), query_string="a=%C3%A9")

    assert serve(scope, Connection(BODY[:5], BODY[5:])) == (200, [("X", "y")], b"yes")

    [environ] = asked
    assert environ.pop("wsgi.input").read() == BODY
    assert {name: environ[name] for name in environ if not name.startswith("wsgi.")} == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/api/login/",
        "QUERY_STRING": "a=%C3%A9",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "10.0.0.7",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": "20",
    }


@pytest.mark.parametrize("length", ["21", "33554433"])
def test_what_breaks_off_does_not_reach_django(asked, length):
    status, _, body = serve(request(("content-length", length)), Connection(BODY))

    assert (status, body, asked) == (400, b"", [])


def test_what_does_not_arrive_in_time_is_told_so(asked, monkeypatch):
    monkeypatch.setattr(rsgi, "BODY_SECONDS", 0.01)

    status, headers, body = serve(request(("content-length", "99")), Connection(BODY, hangs=True))

    assert (status, asked) == (408, [])
    assert {("Content-Type", "application/problem+json"), ("Connection", "close")} <= set(headers)
    assert b'"code": "request_timeout"' in body


def test_of_what_is_too_large_no_more_is_kept_than_is_needed_to_refuse_it(asked, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    piece, pieces = b"x" * 60, 50

    serve(request(("content-length", "3000")), Connection(*[piece] * pieces))

    [environ] = asked
    assert 100 < len(environ["wsgi.input"].read()) < 200
    assert environ["CONTENT_LENGTH"] == "3000"


def test_a_client_that_never_stops_sending_is_cut_off(asked, settings):
    settings.API_DRAINED_BYTES = 1000

    serve(request(("content-length", "999999")), Connection(*[b"x" * 600] * 2, hangs=True))

    assert len(asked) == 1


def test_a_body_of_unknown_length_is_not_read(asked):
    serve(request(("transfer-encoding", "chunked")), Connection(BODY, hangs=True))

    [environ] = asked
    assert (environ["HTTP_TRANSFER_ENCODING"], environ["CONTENT_LENGTH"]) == ("chunked", "")
    assert environ["wsgi.input"].read() == b""


def test_headers_are_joined_and_none_passes_for_another(asked):
    headers = [
        *(("x-a", "1"), ("x-a", "2"), ("cookie", "a=1"), ("cookie", "b=2")),
        *(("x-forwarded-proto", "http"), ("x_forwarded_proto", "https")),
    ]

    serve(request(*headers, method="GET", path="/api/é/"), Connection())

    [environ] = asked
    assert (environ["HTTP_X_A"], environ["HTTP_COOKIE"]) == ("1,2", "a=1; b=2")
    assert environ["HTTP_X_FORWARDED_PROTO"] == "http"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/api/é/"


@pytest.mark.django_db
def test_django_answers():
    environ = rsgi.environ_of(request(("host", "localhost"), method="HEAD", path="/api/nothing/"), b"")

    answer = rsgi.call_django(environ)

    assert answer.status == 404
    assert ("Content-Type", "application/problem+json") in answer.headers


@pytest.mark.parametrize("path", ["/api/login/", "/api/orders/AAAAAAAAAA/cancel/", "/api/nothing/"])
def test_a_body_of_unknown_length_is_refused_whatever_the_server(client, path):
    response = client.post(
        path, b"{}", content_type="application/json", headers={"Transfer-Encoding": "chunked"}
    )

    assert (response.status_code, response["Content-Type"]) == (411, "application/problem+json")
    assert response.json()["code"] == "length_required"
