"""Headers that make no sense: refused where they matter, and ignored where they do not."""

import json
from base64 import urlsafe_b64encode
from io import BytesIO

import pytest
from django.conf import settings

from movie_booking.tests.endpoints import CHARSETS, refusal
from movie_booking.wsgi import application
from movies.tests.factories import make_movie

pytestmark = pytest.mark.django_db


def token_with_header(header):
    return urlsafe_b64encode(header).rstrip(b"=").decode() + ".e30.c2ln"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "not_authenticated"),
        ("nonsense", "bad_authorization_header"),
        ("Basic cm9vdDpyb290", "bad_authorization_header"),
        ("\xff\xfe", "bad_authorization_header"),
        ("Bearer", "bad_authorization_header"),
        ("Bearer a b", "bad_authorization_header"),
        ("bearer", "bad_authorization_header"),
        ("bearers nonsense", "bad_authorization_header"),
        ("Token nonsense", "bad_authorization_header"),
        ("bearer nonsense", "token_not_valid"),
        ("Bearer nonsense", "token_not_valid"),
        ("Bearer ..", "token_not_valid"),
        ("Bearer \xff.\xff.\xff", "token_not_valid"),
        ("Bearer " + "x" * 50_000, "token_not_valid"),
        ("Bearer " + token_with_header(b'{"alg":"none"}'), "token_not_valid"),
        ("Bearer " + token_with_header(b'{"alg":["HS256"]}'), "token_not_valid"),
        ("Bearer " + token_with_header(b'{"alg":"HS256","kid":5}'), "token_not_valid"),
        ("Bearer " + token_with_header(b"[" * 50_000), "token_not_valid"),
        ("Bearer " + token_with_header(b"9" * 5000), "token_not_valid"),
        ("Bearer " + token_with_header(b"\xff"), "token_not_valid"),
    ],
    ids=lambda value: value[:40] or "none",
)
@pytest.mark.parametrize(("method", "path"), [("GET", "me/"), ("GET", "bookings/"), ("POST", "movies/")])
def test_an_authorization_without_a_valid_token_is_refused(anonymous, method, path, header, code):
    response = anonymous.generic(method, f"/api/{path}", HTTP_AUTHORIZATION=header)

    assert refusal(response) == (401, code)
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    "accept",
    ["text/html", "application/xml", "nonsense", "*/", ";;,;", "\xff", "x" * 20_000, "text/html; a*=x'y'%41"],
    ids=lambda accept: accept[:30],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "movies/"), ("POST", "login/"), ("GET", "me/")])
def test_a_client_that_accepts_no_json_is_told_so_in_json(api, method, path, accept):
    response = api.generic(method, f"/api/{path}", HTTP_ACCEPT=accept)

    assert refusal(response) == (406, "not_acceptable")


def test_a_browser_gets_json(anonymous):
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

    response = anonymous.get("/api/movies/", HTTP_ACCEPT=accept)

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize(
    "accept",
    [
        "application/problem+json",
        "Application/Problem+JSON",
        "application/problem+json;q=0.1",
        " application/problem+json ; q=0.9",
        "application/problem+json; charset=utf-8",
        "text/html, application/problem+json;q=0.5",
        "application/problem+json;q=0.9, application/json;q=0.1, text/html",
        "application/json, application/problem+json",
    ],
)
def test_a_client_that_takes_problem_documents_takes_what_else_there_is(api, accept):
    found = api.get("/api/movies/", HTTP_ACCEPT=accept)
    missing = api.get("/api/movies/0/", HTTP_ACCEPT=accept)

    assert (found.status_code, found["Content-Type"]) == (200, "application/json")
    assert refusal(missing) == (404, "not_found")


@pytest.mark.parametrize("accept", ["application/problem+xml", "application/problem+jsonp", "problem+json"])
def test_what_only_looks_like_a_problem_document_is_not_acceptable(api, accept):
    assert refusal(api.get("/api/movies/", HTTP_ACCEPT=accept)) == (406, "not_acceptable")


@pytest.mark.parametrize("host", ["evil.example", "[", "a b", "\xff", "testserver/../x"])
@pytest.mark.parametrize("path", ["/api/movies/", "/api/nothing/"])
def test_an_unknown_host_is_refused(anonymous, host, path):
    assert refusal(anonymous.get(path, HTTP_HOST=host)) == (400, "parse_error")


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_COOKIE": "sessionid=\xff\x00; csrftoken=;;;=;"},
        {"HTTP_COOKIE": "a=b; " * 5000},
        {"HTTP_ACCEPT_LANGUAGE": "\xff" * 5000},
        {"HTTP_ACCEPT_LANGUAGE": "xx-" * 5000},
        {"HTTP_ACCEPT_ENCODING": "nonsense;q=nan"},
        {"HTTP_IF_NONE_MATCH": "\xff,,,"},
        {"HTTP_IF_MODIFIED_SINCE": "yesterday"},
        {"HTTP_X_FORWARDED_FOR": "\xff, nonsense"},
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
        {"HTTP_IDEMPOTENCY_KEY": "\xff"},
        {"HTTP_CONTENT_ENCODING": "gzip"},
        {"CONTENT_LENGTH": "nonsense"},
        {"CONTENT_LENGTH": "-5"},
    ],
    ids=lambda headers: f"{next(iter(headers))} {next(iter(headers.values()))[:20]!r}",
)
def test_other_headers_do_no_harm(anonymous, headers):
    response = anonymous.get("/api/movies/", **headers)

    assert response.status_code == 200
    assert b"evil.example" not in response.content


# --- Through WSGI itself: Django reads the Content-Type before its error handling begins ---------


def through_wsgi(path, query="", content_type=""):
    """Return what the application gives the web server: status, content type and body."""
    started = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.url_scheme": "http",
    }
    body = application(environ, lambda status, headers: started.extend((int(status[:3]), dict(headers))))
    status, headers = started
    return status, headers["Content-Type"], b"".join(body)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; a*=bogus'en'x",
        "application/json; charset*=utf-8''%00",
        "text/html; " + "a;" * 20_000,
    ],
    ids=lambda content_type: content_type[:40],
)
def test_a_content_type_that_django_cannot_read_is_no_server_error(content_type):
    status, kind, _ = through_wsgi("/api/nothing/", content_type=content_type)

    assert (status, kind) == (404, "application/problem+json")


@pytest.mark.usefixtures("real_transactions")  # a request that comes in closes old connections
@pytest.mark.parametrize("charset", CHARSETS)
def test_addresses_are_utf_8_whatever_else_the_header_says(charset):
    make_movie("Amélie", genres=["Comédie"])

    status, _, body = through_wsgi(
        "/api/movies/", "genre=Com%C3%A9die", f"application/json; charset={charset}"
    )

    assert (status, json.loads(body)["count"]) == (200, 1)


@pytest.mark.parametrize("content_type", ["", *(f"application/json; charset={name}" for name in CHARSETS)])
def test_too_many_parameters_are_refused_whatever_the_header_says(content_type):
    query = "&".join(f"a{number}=1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))

    status, kind, body = through_wsgi("/api/movies/", query, content_type)

    assert (status, kind) == (400, "application/problem+json")
    assert json.loads(body)["code"] == "parse_error"
