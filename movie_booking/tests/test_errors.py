"""Whatever a client sends, it gets an answer that says what was wrong: never a server error."""

import json
from base64 import urlsafe_b64encode
from io import BytesIO
from itertools import product
from typing import Any, NamedTuple

import pytest
from django.test import Client
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.models import User
from accounts.tests.factories import PASSWORD, make_user
from bookings.models import Booking, BookingEvent, IdempotencyKey, Order, Status
from bookings.tests.factories import block, make_order
from movie_booking.wsgi import application
from movies.models import Cinema, Movie, Screen, Show
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

HUGE = 10**30
MEBIBYTE = 1024 * 1024


def assert_problem(response, status, code):
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), (
        response.content
    )
    problem = json.loads(response.content)
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:problem-type:movie-booking:{code}"
    assert problem["title"] == code.replace("_", " ").capitalize()
    assert problem["detail"]
    return problem


class Endpoint(NamedTuple):
    """A route that takes a body, and a body that is in order. {names} stand for rows of the house."""

    method: str
    path: str
    body: dict[str, Any]


ENDPOINTS = {
    "sign up": Endpoint(
        "POST", "/api/signup/", {"username": "jane", "password": PASSWORD, "email": "jane@example.com"}
    ),
    "log in": Endpoint("POST", "/api/login/", {"username": "root", "password": PASSWORD}),
    "refresh": Endpoint("POST", "/api/token/refresh/", {"refresh": "{refresh}"}),
    "log out": Endpoint("POST", "/api/logout/", {"refresh": "{refresh}"}),
    "change me": Endpoint(
        "PATCH", "/api/me/", {"email": "new@example.com", "first_name": "J", "last_name": "D"}
    ),
    "add a movie": Endpoint(
        "POST",
        "/api/movies/",
        {
            "title": "Dune",
            "description": "Sand.",
            "duration_minutes": 155,
            "language": "English",
            "genres": ["Sci-Fi"],
            "certificate": "12A",
            "release_date": "2021-10-22",
            "poster_url": "https://example.com/dune.jpg",
        },
    ),
    "change a movie": Endpoint("PATCH", "/api/movies/{movie}/", {"title": "Dune", "duration_minutes": 155}),
    "replace a movie": Endpoint("PUT", "/api/movies/{movie}/", {"title": "Dune", "duration_minutes": 155}),
    "add a cinema": Endpoint(
        "POST", "/api/cinemas/", {"name": "Rex", "address": "1 Main St", "time_zone": "UTC"}
    ),
    "change a cinema": Endpoint("PATCH", "/api/cinemas/{cinema}/", {"name": "Rex", "time_zone": "UTC"}),
    "add a screen": Endpoint(
        "POST", "/api/screens/", {"cinema": "{cinema}", "name": "Screen A", "total_seats": 50}
    ),
    "change a screen": Endpoint("PATCH", "/api/screens/{screen}/", {"name": "Screen A", "total_seats": 50}),
    "draw a screen": Endpoint(
        "POST", "/api/screens/", {"cinema": "{cinema}", "name": "Screen A", "seat_plan": "A oo_PP\nB WC_SS"}
    ),
    "change a drawing": Endpoint("PATCH", "/api/screens/{screen}/", {"seat_plan": "A oo_PP\nB WC_SS"}),
    "schedule a show": Endpoint(
        "POST",
        "/api/shows/",
        {
            "movie": "{movie}",
            "screen": "{screen}",
            "starts_at": "2031-01-01T20:00:00Z",
            "total_seats": 40,
            "price": "9.50",
            "premium_price": "12.50",
            "sofa_price": "12.50",
            "wheelchair_price": "9.50",
            "companion_price": "0.00",
            "status": "DRAFT",
            "sales_open_at": "2030-12-01T09:00:00Z",
            "sales_cutoff_minutes": 30,
        },
    ),
    "change a show": Endpoint(
        "PATCH",
        "/api/shows/{show}/",
        {
            "starts_at": "2031-01-02T20:00:00Z",
            "price": "9.50",
            "premium_price": "12.50",
            "status": "ON_SALE",
            "sales_open_at": "2030-12-01T09:00:00Z",
            "sales_cutoff_minutes": 30,
        },
    ),
    "book a seat": Endpoint("POST", "/api/shows/{show}/book/", {"seat_number": 5}),
    "block seats": Endpoint("POST", "/api/shows/{show}/block/", {"seats": "A1-A3, B2", "reason": "Press"}),
    "free seats": Endpoint("POST", "/api/shows/{show}/free/", {"seats": "E10"}),
    "order seats": Endpoint("POST", "/api/orders/", {"show": "{show}", "seat_numbers": [5, 6]}),
    "order the best": Endpoint(
        "POST",
        "/api/orders/",
        {"show": "{show}", "best_available": 2, "kind": "standard", "adjacent": "required"},
    ),
    "cancel an order": Endpoint("POST", "/api/orders/{order}/cancel/", {"seat_numbers": [31]}),
    "exchange seats": Endpoint("POST", "/api/orders/{order}/exchange/", {"from": [31, 32], "to": [33, 34]}),
    "cancel a show": Endpoint("POST", "/api/shows/{show}/cancel/", {"reason": "No heating"}),
}
# Where leaving a field out means the default, or to leave it as it is.
OPTIONAL = {
    "add a movie": {"description", "language", "genres", "certificate", "release_date", "poster_url"},
    "add a cinema": {"address", "time_zone"},
    "schedule a show": ENDPOINTS["schedule a show"].body.keys() - {"movie", "screen", "starts_at"},
    "block seats": {"reason"},
    "order the best": {"kind", "adjacent"},
    "cancel an order": {"seat_numbers"},
}
# Where null is a value: nobody knows the date, it goes on sale at once, the kind has no price of its own.
NULLABLE = {
    "release_date",
    "sales_open_at",
    "premium_price",
    "sofa_price",
    "wheelchair_price",
    "companion_price",
}
# What no field takes, but a price of a half.
NO_GOOD = ["\x00", "a\x00b", True, HUGE, -HUGE, -1, 0.5, {}, {"pk": 1}, [[]], [{}], [None]]
FIELDS = [(name, field) for name, endpoint in ENDPOINTS.items() for field in endpoint.body]
CHARSETS = ["utf-8", "UTF-8", "utf-16", "latin-1", "rot13", "hex", "idna", "bogus", '"', "\xff"]
LISTS = ["movies", "cinemas", "screens", "shows", "bookings", "my-bookings", "orders"]
every_endpoint = pytest.mark.parametrize("name", ENDPOINTS)
every_field = pytest.mark.parametrize(
    ("name", "field"), FIELDS, ids=[f"{name}: {field}" for name, field in FIELDS]
)


@pytest.fixture
def root():
    return make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def client(root):
    """Django's client, which sends what it is told to, with the token of a superuser."""
    return Client(HTTP_AUTHORIZATION=f"Bearer {RefreshToken.for_user(root).access_token}")


@pytest.fixture
def anonymous():
    return Client()


@pytest.fixture
def ids(root):
    screen = make_screen(cinema=make_cinema(), total_seats=50)
    show = make_show(screen=screen)
    block(show, "E10", staff=root)
    return {
        "movie": show.movie_id,
        "cinema": screen.cinema_id,
        "screen": screen.pk,
        "show": show.pk,
        "order": make_order(show, 31, 32, user=root).reference,
        "refresh": str(RefreshToken.for_user(root)),
    }


@pytest.fixture
def body_of(ids):
    def body_of(name):
        def fill(value):
            return ids[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value

        return {field: fill(value) for field, value in ENDPOINTS[name].body.items()}

    return body_of


@pytest.fixture
def send(client, ids):
    """Send a body to an endpoint: bytes as they are, anything else as JSON."""

    def send(name, body, content_type="application/json"):
        endpoint = ENDPOINTS[name]
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.generic(endpoint.method, endpoint.path.format(**ids), data, content_type=content_type)

    return send


@pytest.fixture
def rows(ids):
    """What is in the database, to see that a refusal wrote nothing."""

    def rows():
        return {
            model: list(model.objects.order_by("pk").values())
            for model in (User, Movie, Cinema, Screen, Show, Order, Booking, BookingEvent, IdempotencyKey)
        }

    return rows


# --- Bodies ------------------------------------------------------------------------------------


@every_endpoint
def test_a_body_that_is_in_order_is_taken(send, body_of, name):
    assert send(name, body_of(name)).status_code in (200, 201, 204)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'[{"seat_number": 5}]', id="a list of objects"),
        pytest.param(b"5", id="a number"),
        pytest.param(b"1e400", id="a number beyond floats"),
        pytest.param(b"true", id="a truth"),
        pytest.param(b'"text"', id="a text"),
    ],
)
def test_a_body_that_is_no_object_is_invalid_at_every_endpoint(send, rows, body):
    before = rows()

    for name in ENDPOINTS:
        assert assert_problem(send(name, body), 400, "invalid")["errors"].keys() == {"non_field_errors"}
    assert rows() == before


@every_endpoint
def test_no_body_at_all_is_a_change_of_nothing_or_invalid(send, rows, name):
    before = rows()

    response = send(name, b"")

    if name == "cancel an order":
        assert (response.status_code, response.json()["status"]) == (200, "CANCELLED")
        return
    if name.startswith("change"):
        assert response.status_code == 200
    else:
        assert assert_problem(response, 400, "invalid")["errors"]
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

    for name in ENDPOINTS:
        assert_problem(send(name, body), 400, "parse_error")
    assert rows() == before


@pytest.mark.parametrize("depth", [50, 900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_json_that_is_nested_too_deeply_is_refused_at_every_endpoint(send, depth, opening, closing):
    for name in ENDPOINTS:
        assert_problem(send(name, opening * depth + b"1" + closing * depth), 400, "too_deep")


@every_endpoint
def test_a_value_that_is_no_good_is_refused_and_the_field_named(send, body_of, rows, name):
    before = rows()
    for field, value in product(ENDPOINTS[name].body, NO_GOOD):
        if field.endswith("price") and value == 0.5:
            continue

        response = send(name, {**body_of(name), field: value})

        if field == "seat_number" and value == HUGE:
            assert_problem(response, 400, "no_such_seat")
        elif (name.split()[0], field, value) == ("order", "show", HUGE):
            assert_problem(response, 404, "not_found")
        else:
            assert assert_problem(response, 400, "invalid")["errors"].keys() == {field}
    assert rows() == before


@every_endpoint
def test_a_text_of_ten_thousand_letters_is_refused(send, body_of, rows, name):
    before = rows()
    for field in ENDPOINTS[name].body:
        response = send(name, {**body_of(name), field: "x" * 10_000})

        if name in ("log in", "refresh", "log out"):  # it may be as long as it likes: it opens nothing
            assert_problem(response, 401, "no_active_account" if name == "log in" else "token_not_valid")
        else:
            assert assert_problem(response, 400, "invalid")["errors"].keys() == {field}
    assert rows() == before


@every_endpoint
def test_null_is_refused_where_it_means_nothing(send, body_of, rows, name):
    before = rows()
    for field in ENDPOINTS[name].body.keys() - NULLABLE:
        response = send(name, {**body_of(name), field: None})

        problem = assert_problem(response, 400, "invalid")
        assert problem["errors"] == {field: ["This field may not be null."]}
    assert rows() == before


@every_field
def test_a_missing_field_is_named(send, body_of, name, field):
    body = body_of(name)
    del body[field]

    response = send(name, body)

    if name.startswith("change") or field in OPTIONAL.get(name, ()):
        assert response.status_code in (200, 201)
    elif name.startswith("order") and field != "show":
        errors = assert_problem(response, 400, "invalid")["errors"]
        assert errors.keys() == {"seat_numbers", "best_available"}
    elif field in ("seat_plan", "total_seats"):
        errors = assert_problem(response, 400, "invalid")["errors"]
        assert errors == {"seat_plan": ["Draw the seat plan, or give the number of seats."]}
    else:
        assert assert_problem(response, 400, "invalid")["errors"] == {field: ["This field is required."]}


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "A o\x00",
        "\t",
        "A\tx",
        "A o\to",
        "\x1b[31m",
        "\N{CLAPPER BOARD}",
        "A \N{CLAPPER BOARD}",
        "\N{FULLWIDTH LATIN CAPITAL LETTER A} o",
        "A \N{ARABIC-INDIC DIGIT ONE}",
        "A o\N{COMBINING ACUTE ACCENT}",
        "\N{ZERO WIDTH NO-BREAK SPACE}A o",
        "\N{RIGHT-TO-LEFT OVERRIDE}A1",
        "A o\u2028B o",
        "A o\x0bB o",
        "A-",
        "A1-A999999999",
        ",".join(["A1"] * 100_000),
        "A " + "o" * 1_000_000,
        "A o\n" * 200_000,
        "\n" * 500_000 + "A",
        "A oo\nB oo\n" + "_" * 1_000_000,
    ],
    ids=lambda text: f"{text[:12]!a} {len(text)}",
)
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("draw a screen", "seat_plan"),
        ("change a drawing", "seat_plan"),
        ("block seats", "seats"),
        ("free seats", "seats"),
    ],
)
def test_what_draws_no_room_and_names_no_seat_is_invalid(send, body_of, rows, name, field, text):
    before = rows()

    response = send(name, {**body_of(name), field: text})

    # Too long for a field, or in order as a text, but no seat of this show.
    code = json.loads(response.content)["code"]
    assert code in (("invalid",) if field == "seat_plan" else ("invalid", "no_such_seat"))
    assert assert_problem(response, 400, code)["errors"].keys() == {field}
    assert rows() == before


@pytest.mark.parametrize("name", ["block seats", "cancel a show"])
@pytest.mark.parametrize("reason", ["\N{CLAPPER BOARD}" * 200, "\N{RIGHT-TO-LEFT OVERRIDE}'\"><b>", "=1+1"])
def test_a_reason_is_any_text_of_a_line(send, body_of, name, reason):
    assert send(name, {**body_of(name), "reason": reason}).status_code == 200
    assert reason in (*Booking.objects.values_list("reason", flat=True), Show.objects.get().cancel_reason)


@pytest.mark.parametrize("name", ["block seats", "cancel a show"])
@pytest.mark.parametrize(
    "reason", ["a\x00", "x" * 201, "\N{CLAPPER BOARD}" * 80_000], ids=["NUL", "long", "emoji"]
)
def test_a_reason_of_more_than_a_line_is_invalid(send, body_of, rows, name, reason):
    before = rows()

    response = send(name, {**body_of(name), "reason": reason})

    assert assert_problem(response, 400, "invalid")["errors"].keys() == {"reason"}
    assert rows() == before


@pytest.mark.parametrize("name", ["schedule a show", "change a show"])
def test_prices_and_moments_at_the_edge_of_what_can_be_written_are_refused(send, body_of, rows, name):
    prices = ["NaN", "sNaN", "Infinity", "-Infinity", "-0.01", "0.001", "1e30", "1e-30", "1e999999999", "1,5"]
    moments = [
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00",
        "1894-12-31T23:59:59Z",
        "3000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "2031-02-30T00:00:00Z",
        "2031-01-01T25:00:00Z",
        1924992000,
        "",
    ]
    before = rows()
    for field in ENDPOINTS[name].body:
        for value in prices * field.endswith("price") + moments * field.endswith("_at"):
            if (field, value) == ("sales_open_at", ""):
                continue

            response = send(name, {**body_of(name), field: value})

            assert assert_problem(response, 400, "invalid")["errors"].keys() == {field}, value
    assert rows() == before


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
def test_a_body_of_another_kind_is_refused_at_every_endpoint(send, body_of, rows, content_type):
    before = rows()

    for name in ENDPOINTS:
        assert_problem(send(name, body_of(name), content_type), 415, "unsupported_media_type")
    assert rows() == before


@pytest.mark.parametrize("charset", CHARSETS)
def test_json_is_utf_8_whatever_else_the_header_says(send, charset):
    movie = {"title": "Amélie", "duration_minutes": 122}

    response = send("add a movie", movie, f"application/json; charset={charset}")

    assert (response.status_code, response.json()["title"]) == (201, "Amélie")


@pytest.mark.parametrize(
    "path", ["/api/login/", "/api/movies/", "/api/nothing/here/", "/api/", "/api/bookings/1/cancel/"]
)
@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain"]
)
def test_a_body_of_more_than_a_mebibyte_is_too_large_wherever_it_is_sent(client, path, content_type):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        response = client.generic(method, path, b" " * (MEBIBYTE + 1), content_type=content_type)

        assert_problem(response, 413, "body_too_large")


def test_a_body_of_a_mebibyte_is_read(client):
    body = json.dumps({"username": "root", "password": "x"}).encode()

    response = client.generic("POST", "/api/login/", body.ljust(MEBIBYTE), content_type="application/json")

    assert_problem(response, 401, "no_active_account")


IDEMPOTENCY_ERRORS = ["book a seat", "order seats", "cancel an order", "exchange seats"]


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
def test_a_body_is_refused_with_an_idempotency_key_too_and_the_key_is_free(
    client, ids, rows, body, content_type, status, code
):
    before = rows()
    for name in IDEMPOTENCY_ERRORS:
        path = ENDPOINTS[name].path.format(**ids)
        response = client.generic("POST", path, body, content_type=content_type, HTTP_IDEMPOTENCY_KEY="k")

        assert_problem(response, status, code)
    assert rows() == before


def test_what_takes_no_body_is_not_harmed_by_one(client, ids, root):
    booking = make_order(Show.objects.get(pk=ids["show"]), 21, user=root, status=Status.BOOKED).bookings.get()
    hostile = (b"{", b"null", b"[" * 900 + b"]" * 900, b'{"a": 1e400}')
    for path in (f"orders/{ids['order']}/confirm/", f"bookings/{booking.pk}/cancel/"):
        for number, body in enumerate(hostile):
            response = client.generic(
                "POST",
                f"/api/{path}",
                body,
                content_type="application/json",
                HTTP_IDEMPOTENCY_KEY=f"k{number}",
            )

            assert response.status_code < 500, body
        again = client.generic("POST", f"/api/{path}", b"{", content_type="application/json")
        assert again.status_code == 409


# --- Addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((method, f"{model}/{{}}/") for model in ("movies", "cinemas", "screens", "shows")
          for method in ("GET", "PUT", "PATCH", "DELETE")),
        ("GET", "movies/{}/shows/"),
        ("GET", "shows/{}/seats/"),
        *(("POST", f"shows/{{}}/{action}/") for action in ("book", "block", "free", "cancel")),
        ("GET", "bookings/{}/"),
        ("POST", "bookings/{}/cancel/"),
        ("GET", "bookings/{}/cancellation/"),
        ("GET", "orders/{}/"),
        *(("POST", f"orders/{{}}/{action}/") for action in ("confirm", "extend", "cancel", "exchange")),
    ],
)  # fmt: skip
def test_a_row_that_is_not_there_is_not_found(client, method, path):
    body = {
        "orders/{}/cancel/": b"{}",
        "orders/{}/exchange/": b'{"from": [5], "to": [7]}',
    }.get(path, b'{"seat_number": 5, "seats": "A1", "reason": "Press"}')
    for row in (0, 999_999, 2**63 - 1, 2**63, 10**19 - 1, 10**19, HUGE, "9" * 5000):
        url = f"/api/{path.format(row)}"

        response = client.generic(method, url, body, content_type="application/json")

        assert_problem(response, 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "nothing/",
        "movies",
        "movies/abc/",
        "movies/-1/",
        "movies/1.0/",
        "movies/1.json",
        "movies.json",
        "movies/%D9%A1/",  # an Arabic one
        "movies/%00/",
        "movies/%ff%fe/",
        "movies/%ED%A0%80/",  # half a surrogate pair
        "movies/1/%0A",
        "movies/../../etc/passwd",
        "movies//",
        "shows/1/book",
        "bookings/%F0%9F%8E%AC/",
        "bookings/x/cancellation/",
        "orders",
        "orders/AB-CD/",
        "orders/%00/confirm/",
        "orders/%D9%A1/",
        "orders/" + "A" * 21 + "/",
        "orders/1/nothing/",
        "x" * 5000,
    ],
    ids=lambda path: path[:40] or "nothing",
)
def test_there_is_nothing_at_an_unknown_address(client, path):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "NONSENSE"):
        response = client.generic(method, f"/api/{path}", b"{}", content_type="application/json")

        problem = assert_problem(response, 404, "not_found")
        assert problem["detail"].startswith("There is nothing at this address.")


@pytest.mark.parametrize(("path", "hinted"), [("movies", True), ("nothing/", False)])
def test_who_forgets_the_slash_is_told(anonymous, path, hinted):
    problem = assert_problem(anonymous.get(f"/api/{path}"), 404, "not_found")

    assert problem["detail"].endswith("Routes end in a slash.") == hinted


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("signup/", {"POST"}),
        ("login/", {"POST"}),
        ("token/refresh/", {"POST"}),
        ("logout/", {"POST"}),
        ("me/", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("movies/", {"GET", "HEAD", "POST"}),
        ("movies/{movie}/", {"GET", "HEAD", "PUT", "PATCH", "DELETE"}),
        ("movies/{movie}/shows/", {"GET", "HEAD"}),
        ("cinemas/", {"GET", "HEAD", "POST"}),
        ("screens/", {"GET", "HEAD", "POST"}),
        ("shows/", {"GET", "HEAD", "POST"}),
        ("shows/{show}/", {"GET", "HEAD", "PUT", "PATCH", "DELETE"}),
        ("shows/{show}/book/", {"POST"}),
        ("shows/{show}/block/", {"POST"}),
        ("shows/{show}/free/", {"POST"}),
        ("shows/{show}/cancel/", {"POST"}),
        ("shows/{show}/seats/", {"GET", "HEAD"}),
        ("bookings/", {"GET", "HEAD"}),
        ("my-bookings/", {"GET", "HEAD"}),
        ("bookings/1/", {"GET", "HEAD"}),
        ("bookings/1/cancel/", {"POST"}),
        ("bookings/1/cancellation/", {"GET", "HEAD"}),
        ("orders/", {"GET", "HEAD", "POST"}),
        ("orders/{order}/", {"GET", "HEAD"}),
        *(
            (f"orders/{{order}}/{action}/", {"POST"})
            for action in ("confirm", "extend", "cancel", "exchange")
        ),
    ],
)
def test_a_method_that_a_route_does_not_know_is_not_allowed(client, ids, path, allowed):
    everything = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE"}
    for method in sorted(everything - allowed):
        response = client.generic(method, f"/api/{path.format(**ids)}")

        if method == "HEAD":
            assert (response.status_code, response.content) == (405, b"")
        else:
            assert_problem(response, 405, "method_not_allowed")
        assert set(response["Allow"].split(", ")) - {"OPTIONS", "HEAD"} <= allowed


# --- Queries -----------------------------------------------------------------------------------


NO_ID = ["abc", "1.5", "NaN", "Infinity", "1e999999999", "%00", "1%00", "-1", HUGE, 2**63, "9" * 5000]
NO_DAY = ["0001-01-01", "9999-12-31", "2026-02-30", "10000-01-01", "today", "%00", "2026-11-23T10:00:00Z"]
NO_MOMENT = [
    "0001-01-01T00:00:00%2B14:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "2026-11-23T10:00:00%2B99:00",
    "2026-11-23T25:00:00Z",
    "now",
    "%00",
    "1e400",
]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("movie", NO_ID),
        ("cinema", NO_ID),
        ("screen", NO_ID),
        ("date", NO_DAY),
        ("starts_after", NO_MOMENT),
        ("starts_before", NO_MOMENT),
        ("status", ["SOLD", "on_sale", "%00"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_filter_that_makes_no_sense_is_invalid(anonymous, ids, field, values):
    for path, value in product(("shows", f"movies/{ids['movie']}/shows"), values):
        problem = assert_problem(anonymous.get(f"/api/{path}/?{field}={value}"), 400, "invalid")

        assert problem["errors"].keys() == {field}


@pytest.mark.parametrize("path", ["movies", "cinemas", "screens", "shows"])
def test_a_search_for_a_null_character_is_invalid(anonymous, path):
    assert_problem(anonymous.get(f"/api/{path}/?search=a%00b"), 400, "invalid")


@pytest.mark.parametrize("page", [HUGE, 2, 0, -1, "abc", "1.5", "%00", "9" * 5000])
def test_a_page_that_is_not_there_is_not_found(client, page):
    for path in LISTS:
        assert_problem(client.get(f"/api/{path}/?page={page}"), 404, "not_found")


@pytest.mark.parametrize(
    "query",
    [
        f"page_size={HUGE}",
        "page_size=0",
        "page_size=-1",
        "page_size=abc",
        "page_size=%00",
        "page_size=" + "9" * 5000,
        "ordering=password",
        "ordering=%00",
        "ordering=-",
        "ordering=" + ",".join(["price", "-price", "title", "-title"] * 2000),
        "search=%ff",
        "search=%ED%A0%80",
        "search=%22",
        "search=%27%22%25_%5C",
        "search=%F0%9F%8E%AC",
        "format=xml",
        "format=api",
        "nothing=1",
        "&&==&;",
        "page=last",
        "page=",
    ],
    ids=lambda query: query[:40],
)
def test_what_a_list_does_not_know_it_ignores(client, query):
    for path in LISTS:
        response = client.get(f"/api/{path}/?{query}")

        assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("x" * 60_000, id="one word"),
        pytest.param("+".join(["a"] * 4000), id="four thousand words"),
    ],
)
@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("movies", "search"),
        ("movies", "genre"),
        ("movies", "language"),
        ("cinemas", "search"),
        ("screens", "search"),
        ("shows", "search"),
    ],
)
def test_a_search_for_a_whole_book_is_invalid(anonymous, path, parameter, value):
    assert_problem(anonymous.get(f"/api/{path}/?{parameter}={value}"), 400, "invalid")


@pytest.mark.parametrize("path", LISTS)
def test_two_thousand_parameters_are_too_many(client, path):
    query = "&".join(f"a{number}=1" for number in range(2000))

    assert_problem(client.get(f"/api/{path}/?{query}"), 400, "parse_error")


FIELDS_OF_NO_MAP = ["", "%00", "%ff", "LAYOUT", "layout,availability", "%F0%9F%8E%AC", "x" * 50_000]


@pytest.mark.parametrize("fields", FIELDS_OF_NO_MAP, ids=lambda fields: fields[:20] or "none")
def test_a_part_of_the_seat_map_that_there_is_none_of_is_invalid(anonymous, ids, fields):
    for headers in ({}, {"HTTP_IF_NONE_MATCH": '"1-0"'}):
        response = anonymous.get(f"/api/shows/{ids['show']}/seats/?fields={fields}", **headers)

        assert assert_problem(response, 400, "invalid")["errors"].keys() == {"fields"}


@pytest.mark.parametrize("known", ["\xff", '"\x00"', '"', "W/", '"a",' * 5000, "x" * 50_000])
@pytest.mark.parametrize("query", ["", "?fields=availability", "?a=1&a=2&fields=layout"])
def test_an_etag_of_nobody_gets_the_seat_map(anonymous, ids, query, known):
    response = anonymous.get(f"/api/shows/{ids['show']}/seats/{query}", HTTP_IF_NONE_MATCH=known)

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


# --- Headers -----------------------------------------------------------------------------------


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
def test_a_header_that_proves_nothing_is_refused(anonymous, header, code):
    for method, path in (("GET", "me/"), ("GET", "bookings/"), ("POST", "movies/")):
        response = anonymous.generic(method, f"/api/{path}", HTTP_AUTHORIZATION=header)

        assert_problem(response, 401, code)
        assert response["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    "accept",
    ["text/html", "application/xml", "nonsense", "*/", ";;,;", "\xff", "x" * 20_000, "text/html; a*=x'y'%41"],
    ids=lambda accept: accept[:30],
)
def test_who_accepts_no_json_is_told_so_in_json(client, accept):
    for method, path in (("GET", "movies/"), ("POST", "login/"), ("GET", "me/")):
        response = client.generic(method, f"/api/{path}", HTTP_ACCEPT=accept)

        assert_problem(response, 406, "not_acceptable")


def test_a_browser_gets_json(anonymous):
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

    response = anonymous.get("/api/movies/", HTTP_ACCEPT=accept)

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("host", ["evil.example", "[", "a b", "\xff", "testserver/../x"])
@pytest.mark.parametrize("path", ["/api/movies/", "/api/nothing/"])
def test_a_host_that_is_not_ours_is_refused(anonymous, host, path):
    assert_problem(anonymous.get(path, HTTP_HOST=host), 400, "parse_error")


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
        {"CONTENT_LENGTH": "nonsense"},
        {"CONTENT_LENGTH": "-5"},
    ],
    ids=lambda headers: f"{next(iter(headers))} {next(iter(headers.values()))[:20]!r}",
)
def test_other_headers_do_no_harm(anonymous, headers):
    response = anonymous.get("/api/movies/", **headers)

    assert response.status_code == 200
    assert b"evil.example" not in response.content


# --- Through WSGI itself: Django reads the Content-Type before any of its error handling ----------


def at_the_socket(path, query="", content_type=""):
    """What the web server gets to send: status, content type and body."""
    answer = []
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
    body = application(environ, lambda status, headers: answer.extend((int(status[:3]), dict(headers))))
    status, headers = answer
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
    status, kind, _ = at_the_socket("/api/nothing/", content_type=content_type)

    assert (status, kind) == (404, "application/problem+json")


@pytest.mark.usefixtures("real_transactions")  # a request that comes in closes old connections
def test_addresses_are_utf_8_whatever_else_the_header_says():
    make_movie("Amélie", genres=["Comédie"])

    for charset in CHARSETS:
        content_type = f"application/json; charset={charset}"
        status, _, body = at_the_socket("/api/movies/", "genre=Com%C3%A9die", content_type)

        assert (status, json.loads(body)["count"]) == (200, 1), charset


@pytest.mark.parametrize("content_type", ["", *(f"application/json; charset={name}" for name in CHARSETS)])
def test_too_many_parameters_are_refused_whatever_the_header_says(content_type):
    query = "&".join(f"a{number}=1" for number in range(2000))

    status, kind, body = at_the_socket("/api/movies/", query, content_type)

    assert (status, kind) == (400, "application/problem+json")
    assert json.loads(body)["code"] == "parse_error"
