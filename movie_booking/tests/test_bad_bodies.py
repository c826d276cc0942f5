"""Bodies that are no JSON object, of another type, or too large, are refused at every endpoint."""

import json
from gzip import compress

import pytest

from movie_booking.tests.endpoints import (
    CHARSETS,
    ENDPOINTS,
    MEBIBYTE,
    every_endpoint,
    problem,
    refusal,
    refused_fields,
)

pytestmark = pytest.mark.django_db

TAKES_IDEMPOTENCY_KEY = ["book a seat", "order seats", "cancel an order", "exchange seats"]


@every_endpoint
def test_a_valid_body_is_taken(send, body_of, name):
    assert send(name, body_of(name)).status_code in (200, 201, 202, 204)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'[{"seat_number": 5}]', id="a list of objects"),
        pytest.param(b"5", id="a number"),
        pytest.param(b"1e400", id="a number beyond floats"),
        pytest.param(b"true", id="a boolean"),
        pytest.param(b'"text"', id="a text"),
    ],
)
def test_a_body_that_is_no_object_is_invalid_at_every_endpoint(send, rows, body):
    before = rows()

    refusals = {name: refused_fields(send(name, body)) for name in ENDPOINTS}

    assert refusals == dict.fromkeys(ENDPOINTS, (400, "invalid", ["non_field_errors"]))
    assert rows() == before


@every_endpoint
def test_no_body_at_all_is_an_empty_change_or_invalid(send, rows, name):
    before = rows()

    response = send(name, b"")

    if name in ("cancel an order", "cancel a booking"):
        assert (response.status_code, response.json()["status"]) == (200, "CANCELLED")
        return
    if name.startswith("change"):
        assert response.status_code == 200
    elif name == "claim orders":  # all of an address, which is not verified
        assert refusal(response) == (403, "email_not_verified")
    else:
        assert refusal(response) == (400, "invalid")
        assert problem(response)["errors"]
    assert rows() == before


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b" ", id="blank"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"{'seat_number': 5}", id="the wrong quotes"),
        pytest.param(b'{"seat_number": 5,}', id="a comma too many"),
        pytest.param(b'{"seat_number": 5} 5', id="more than one value"),
        pytest.param(b'{"seat_number": NaN}', id="not a number"),
        pytest.param(b'{"seat_number": Infinity}', id="infinity"),
        pytest.param(b'{"seat_number": -Infinity}', id="minus infinity"),
        pytest.param(b'{"seat_number": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b'{"seat_number": "\xff"}', id="bytes that are no text"),
        pytest.param('{"seat_number": 5}'.encode("utf-16"), id="utf-16"),
        pytest.param(b'\xef\xbb\xbf{"seat_number": 5}', id="a byte order mark"),
        pytest.param(b'{"seat_number": "\\ud800"}', id="half a surrogate pair"),
        pytest.param(b'{"\\udfff": 5}', id="half a surrogate pair as a name"),
        pytest.param(b'{"a": [{"b": "\\ud83d"}]}', id="half a surrogate pair deep down"),
        pytest.param(b'{"a": "\x00"}', id="a control character"),
        pytest.param(b'{"seat_number": 5, "seat_number": 6}', id="a name twice"),
        pytest.param(b'{"a": {"b": 1, "c": 2, "b": 1}}', id="a name twice deep down"),
        pytest.param(b"seat_number=5", id="a form"),
    ],
)
def test_a_body_that_is_no_json_is_refused_at_every_endpoint(send, rows, body):
    before = rows()

    refusals = {name: refusal(send(name, body)) for name in ENDPOINTS}

    assert refusals == dict.fromkeys(ENDPOINTS, (400, "parse_error"))
    assert rows() == before


@pytest.mark.parametrize("depth", [50, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_json_that_is_nested_too_deeply_is_refused_at_every_endpoint(send, depth, opening, closing):
    body = opening * depth + b"1" + closing * depth

    refusals = {name: refusal(send(name, body)) for name in ENDPOINTS}

    assert refusals == dict.fromkeys(ENDPOINTS, (400, "too_deep"))


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "nonsense",
        "text/plain",
        "text/html",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/merge-patch+json",
        "application/json" + "x" * 20_000,
    ],
    ids=lambda content_type: content_type[:40] or "none",
)
def test_a_body_of_another_type_is_refused_at_every_endpoint(send, body_of, rows, content_type):
    before = rows()

    refusals = {name: refusal(send(name, body_of(name), content_type)) for name in ENDPOINTS}

    assert refusals == dict.fromkeys(ENDPOINTS, (415, "unsupported_media_type"))
    assert rows() == before


@pytest.mark.parametrize(
    "encoding", ["gzip", "x-gzip", "GZIP", "br", "deflate", "zstd", "nonsense", "\xff", "gzip, identity", ";"]
)
def test_a_body_with_a_content_encoding_is_refused_at_every_endpoint(send, body_of, rows, encoding):
    before = rows()

    responses = {
        name: send(name, compress(json.dumps(body_of(name)).encode()), HTTP_CONTENT_ENCODING=encoding)
        for name in ENDPOINTS
    }

    assert {name: refusal(response) for name, response in responses.items()} == dict.fromkeys(
        ENDPOINTS, (415, "unsupported_content_encoding")
    )
    assert {response["Accept-Encoding"] for response in responses.values()} == {"identity"}
    assert rows() == before


@pytest.mark.parametrize("encoding", ["", "identity", "Identity", " identity , identity "])
def test_a_body_that_says_it_is_not_encoded_is_taken(send, encoding):
    movie = {"title": "Dune", "duration_minutes": 155}

    assert send("add a movie", movie, HTTP_CONTENT_ENCODING=encoding).status_code == 201


@pytest.mark.parametrize("charset", CHARSETS)
def test_json_is_utf_8_whatever_else_the_header_says(send, charset):
    movie = {"title": "Amélie", "duration_minutes": 122}

    response = send("add a movie", movie, f"application/json; charset={charset}")

    assert (response.status_code, response.json()["title"]) == (201, "Amélie")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/api/login/", "/api/movies/", "/api/nothing/here/", "/api/", "/api/bookings/1/cancel/"]
)
@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain"]
)
def test_a_body_of_more_than_a_mebibyte_is_too_large_at_any_address(anonymous, path, content_type, method):
    response = anonymous.generic(method, path, b" " * (MEBIBYTE + 1), content_type=content_type)

    assert refusal(response) == (413, "body_too_large")


def test_a_body_of_a_mebibyte_is_read(anonymous):
    body = json.dumps({"username": "root", "password": "x"}).encode().rjust(MEBIBYTE)

    response = anonymous.generic("POST", "/api/login/", body, content_type="application/json")

    assert refusal(response) == (401, "no_active_account")


@pytest.mark.parametrize("name", TAKES_IDEMPOTENCY_KEY)
@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "parse_error"),
        (b"null", "application/json", 400, "invalid"),
        (b'{"seat_number": NaN}', "application/json", 400, "parse_error"),
        (b'{"seat_number": "\\ud800"}', "application/json", 400, "parse_error"),
        (b"[" * 900 + b"]" * 900, "application/json", 400, "too_deep"),
        (b"seat_number=5", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'"' + b"x" * MEBIBYTE, "application/json", 413, "body_too_large"),
    ],
    ids=["cut off", "null", "NaN", "half a pair", "deep", "a form", "large"],
)
def test_a_bad_body_is_refused_with_an_idempotency_key_too_and_the_key_stays_unused(
    send, rows, name, body, content_type, status, code
):
    before = rows()

    response = send(name, body, content_type, HTTP_IDEMPOTENCY_KEY="k")

    assert refusal(response) == (status, code)
    assert rows() == before


@pytest.mark.parametrize("body", [b"{", b"null", b"[" * 900 + b"]" * 900, b'{"a": 1e400}'])
@pytest.mark.parametrize("headers", [{}, {"HTTP_IDEMPOTENCY_KEY": "k"}], ids=["", "with a key"])
def test_a_route_without_a_body_is_not_harmed_by_one(api, ids, headers, body):
    url = f"/api/orders/{ids['order']}/extend/"

    response = api.generic("POST", url, body, content_type="application/json", **headers)

    assert response.status_code in ((200, 400) if headers else (200,))
