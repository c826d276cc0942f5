"""Pages of other origins: they read the API if CORS_ALLOWED_ORIGINS names them, and whatever it answers."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

from accounts.tests.factories import client_for, make_user
from movies.tests.factories import make_show

SHOP, PREVIEW, EVIL = "https://shop.example", "http://localhost:3000", "https://evil.example"
ALLOW = "Access-Control-Allow-Origin"


@pytest.fixture(autouse=True)
def allowed_origins(settings):
    settings.CORS_ALLOWED_ORIGINS = [SHOP, PREVIEW]


def ask(path, method="POST", origin=SHOP, **extra):
    """Return the answer to what a browser asks before it sends such a request from that origin."""
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return Client().options(
        path, headers=headers | {"Access-Control-Request-Headers": "authorization"}, **extra
    )


def words(response, header):
    return {word.strip().lower() for word in response[header].split(",")}


# --- Preflights: these tests reach no database, and would fail if anything asked it ----------------


@pytest.mark.parametrize("origin", [SHOP, PREVIEW])
@pytest.mark.parametrize("path", ["/api/orders/", "/api/shows/1/book/", "/api/nothing/", "/api/"])
def test_a_preflight_is_answered_before_anything_else(path, origin):
    response = ask(path, origin=origin)

    assert (response.status_code, response[ALLOW], response.content) == (200, origin, b"")
    assert words(response, "Access-Control-Allow-Methods") >= {"get", "post", "put", "patch", "delete"}
    assert words(response, "Access-Control-Allow-Headers") >= {
        *("authorization", "content-type", "idempotency-key", "if-match", "if-none-match"),
    }
    assert int(response["Access-Control-Max-Age"]) == 7200
    assert (response["Cache-Control"], words(response, "Vary")) == ("no-store", {"origin"})
    assert "Access-Control-Allow-Credentials" not in response


@pytest.mark.parametrize(
    "origin", [EVIL, "null", "https://shop.example.evil.example", "http://shop.example", "["]
)
def test_any_other_origin_is_allowed_nothing(origin):
    assert ALLOW not in ask("/api/orders/", origin=origin)


@pytest.mark.parametrize("path", ["/admin/login/", "/swagger/", "/picker/", "/static/admin/css/base.css"])
def test_no_page_is_for_other_origins(path):
    assert ALLOW not in ask(path)


def test_without_the_setting_no_origin_is_allowed(settings):
    settings.CORS_ALLOWED_ORIGINS = []

    response = ask("/api/orders/")

    assert (response.status_code, response["Allow"]) == (204, "GET, POST, HEAD, OPTIONS")
    assert not [header for header in response.headers if header.lower().startswith("access-control")]


def test_no_browser_is_led_to_send_a_token_over_plain_http(settings):
    settings.SECURE_SSL_REDIRECT = True

    assert [ask(path).status_code for path in ("/api/orders/", "/openapi.json")] == [403, 301]
    assert [ask(path, secure=True).status_code for path in ("/api/orders/", "/openapi.json")] == [200, 200]


def test_options_that_are_no_preflight_still_name_the_methods():
    response = Client().options("/api/orders/", headers={"Origin": SHOP})

    assert (response.status_code, response["Allow"], response[ALLOW]) == (
        204,
        "GET, POST, HEAD, OPTIONS",
        SHOP,
    )


# --- Answers -------------------------------------------------------------------------------------


def from_shop(client, method, path, body=None, **headers):
    headers = {"Origin": SHOP} | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic(method, path, body or b"", content_type="application/json", headers=headers)


@pytest.mark.django_db
def test_a_page_reads_every_answer_whatever_its_status(settings):
    settings.API_MAX_BODY_BYTES = 1024
    show, user = make_show(), client_for(make_user())
    seats, book = f"/api/shows/{show.pk}/seats/", f"/api/shows/{show.pk}/book/"
    visitor = Client()
    etag = from_shop(visitor, "GET", seats)["ETag"]

    answers = [
        from_shop(visitor, "GET", "/api/movies/"),
        from_shop(user, "POST", book, b'{"seat_number": 5}', Idempotency_Key="1"),
        from_shop(visitor, "GET", f"{seats}availability/", If_None_Match="*"),
        from_shop(user, "POST", book, b"{"),
        from_shop(visitor, "GET", "/api/me/"),
        from_shop(visitor, "GET", "/api/nothing/"),
        from_shop(visitor, "DELETE", "/api/limits/"),
        from_shop(visitor, "GET", "/api/movies/", Accept="text/html"),
        from_shop(user, "POST", book, b'{"seat_number": 5}'),
        from_shop(visitor, "POST", "/api/login/", b" " * 2000),
        from_shop(visitor, "POST", "/api/login/", b"{}", Content_Encoding="gzip"),
        from_shop(visitor, "GET", "/api/movies/", Host="evil.example"),
    ]

    assert [(answer.status_code, answer.get(ALLOW)) for answer in answers] == [
        (status, SHOP) for status in (200, 201, 304, 400, 401, 404, 405, 406, 409, 413, 415, 400)
    ]
    assert etag
    assert words(answers[1], "Access-Control-Expose-Headers") >= {
        *("etag", "location", "retry-after", "ratelimit", "ratelimit-policy", "idempotent-replayed"),
    }
    assert words(answers[0], "Vary") == {"origin", "authorization"}


@pytest.mark.django_db
def test_a_page_reads_what_was_refused_over_plain_http_and_the_seats_as_they_change(settings):
    stream = from_shop(Client(), "GET", f"/api/shows/{make_show().pk}/seats/stream/")
    assert (stream.status_code, stream[ALLOW]) == (200, SHOP)
    stream.close()

    settings.SECURE_SSL_REDIRECT = True
    refused = from_shop(Client(), "POST", "/api/login/", b"{}")
    assert (refused.status_code, refused[ALLOW]) == (403, SHOP)


@pytest.mark.parametrize(
    ("problem", "status"), [(OperationalError("the server is gone"), 503), (ZeroDivisionError(), 500)]
)
@pytest.mark.django_db
def test_a_page_reads_that_the_database_is_away_and_that_we_made_a_mistake(monkeypatch, problem, status):
    def fail(*args):
        raise problem

    client = Client(raise_request_exception=False)
    monkeypatch.setattr(connection, "cursor", fail)

    response = from_shop(client, "GET", "/api/movies/")

    assert (response.status_code, response[ALLOW]) == (status, SHOP)


@pytest.mark.parametrize("document", ["/swagger.json", "/openapi.json"])
def test_the_documents_may_be_read_too(document):
    assert ask(document, "GET")[ALLOW] == SHOP
    assert Client().get(document, headers={"Origin": SHOP})[ALLOW] == SHOP
