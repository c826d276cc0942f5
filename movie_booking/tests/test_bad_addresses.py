"""Ids that no row has, addresses that are no route, and methods that a route does not take."""

import pytest

from movie_booking.tests.endpoints import HUGE, problem, refusal

pytestmark = pytest.mark.django_db

NO_ROW = [0, 999_999, 2**63 - 1, 2**63, 10**19 - 1, 10**19, HUGE, "9" * 5000]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "NONSENSE"]
# Every route with the methods that it takes, beside OPTIONS.
ROUTES = {
    "signup/": {"POST"},
    "login/": {"POST"},
    "token/refresh/": {"POST"},
    "logout/": {"POST"},
    "me/": {"GET", "HEAD", "PATCH"},
    "movies/": {"GET", "HEAD", "POST"},
    "movies/{movie}/": {"GET", "HEAD", "PUT", "PATCH", "DELETE"},
    "movies/{movie}/shows/": {"GET", "HEAD"},
    "cinemas/": {"GET", "HEAD", "POST"},
    "cinemas/{cinema}/": {"GET", "HEAD", "PUT", "PATCH", "DELETE"},
    "screens/": {"GET", "HEAD", "POST"},
    "screens/{screen}/": {"GET", "HEAD", "PUT", "PATCH", "DELETE"},
    "shows/": {"GET", "HEAD", "POST"},
    "shows/{show}/": {"GET", "HEAD", "PUT", "PATCH", "DELETE"},
    "shows/{show}/book/": {"POST"},
    "shows/{show}/block/": {"POST"},
    "shows/{show}/free/": {"POST"},
    "shows/{show}/cancel/": {"POST"},
    "shows/{show}/move/": {"POST"},
    "shows/{show}/seats/": {"GET", "HEAD"},
    "shows/{show}/seats/layout/": {"GET", "HEAD"},
    "shows/{show}/seats/availability/": {"GET", "HEAD"},
    "shows/{show}/seats/stream/": {"GET", "HEAD"},
    "bookings/": {"GET", "HEAD"},
    "my-bookings/": {"GET", "HEAD"},
    "bookings/1/": {"GET", "HEAD"},
    "bookings/1/cancel/": {"POST"},
    "bookings/1/cancellation/": {"GET", "HEAD"},
    "limits/": {"GET", "HEAD"},
    "orders/": {"GET", "HEAD", "POST"},
    "orders/claim/": {"POST"},
    "orders/{order}/": {"GET", "HEAD"},
    "orders/{order}/cancellation/": {"GET", "HEAD"},
    "orders/{order}/confirm/": {"POST"},
    "orders/{order}/extend/": {"POST"},
    "orders/{order}/cancel/": {"POST"},
    "orders/{order}/exchange/": {"POST"},
}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((method, f"{model}/{{}}/") for model in ("movies", "cinemas", "screens", "shows")
          for method in ("GET", "PUT", "PATCH", "DELETE")),
        ("GET", "movies/{}/shows/"),
        ("GET", "shows/{}/seats/"),
        ("GET", "shows/{}/seats/layout/"),
        ("GET", "shows/{}/seats/availability/"),
        ("GET", "shows/{}/seats/stream/"),
        *(("POST", f"shows/{{}}/{action}/") for action in ("book", "block", "free", "cancel", "move")),
        ("GET", "bookings/{}/"),
        ("POST", "bookings/{}/cancel/"),
        ("GET", "bookings/{}/cancellation/"),
        ("GET", "orders/{}/"),
        ("GET", "orders/{}/cancellation/"),
        *(("POST", f"orders/{{}}/{action}/") for action in ("confirm", "extend", "cancel", "exchange")),
    ],
)  # fmt: skip
def test_an_id_that_no_row_has_is_not_found(api, method, path):
    body = {
        "orders/{}/cancel/": b"{}",
        "orders/{}/exchange/": b'{"from": [5], "to": [7]}',
        "shows/{}/move/": b'{"starts_at": "2031-01-01T20:00:00Z", "reason": "Late"}',
    }.get(path, b'{"seat_number": 5, "seats": "A1", "reason": "Press"}')

    refusals = {
        row: refusal(api.generic(method, f"/api/{path.format(row)}", body, content_type="application/json"))
        for row in NO_ROW
    }

    assert refusals == dict.fromkeys(NO_ROW, (404, "not_found"))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "NONSENSE"])
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
def test_an_unknown_address_is_not_found(anonymous, path, method):
    response = anonymous.generic(method, f"/api/{path}", b"{}", content_type="application/json")

    assert refusal(response) == (404, "not_found")
    assert problem(response)["detail"].startswith("There is nothing at this address.")


@pytest.mark.parametrize(("path", "hinted"), [("movies", True), ("nothing/", False)])
def test_a_forgotten_slash_is_pointed_out(anonymous, path, hinted):
    response = anonymous.get(f"/api/{path}")

    assert refusal(response) == (404, "not_found")
    assert problem(response)["detail"].endswith("Routes end in a slash.") == hinted


@pytest.mark.parametrize(("path", "allowed"), ROUTES.items())
def test_a_method_that_a_route_does_not_take_is_not_allowed(api, ids, path, allowed):
    responses = {
        method: api.generic(method, f"/api/{path.format(**ids)}")
        for method in METHODS
        if method not in allowed
    }

    without_body = responses.pop("HEAD", None)
    assert {method: refusal(response) for method, response in responses.items()} == dict.fromkeys(
        responses, (405, "method_not_allowed")
    )
    for response in responses.values():
        assert set(response["Allow"].split(", ")) == allowed | {"OPTIONS"}
    if without_body is not None:
        assert (without_body.status_code, without_body.content) == (405, b"")


@pytest.mark.parametrize(
    "path", [path for path in ROUTES if path.startswith(("movies", "cinemas", "screens"))]
)
def test_nor_is_a_visitor_told_to_log_in_for_it_where_reading_is_free(anonymous, ids, path):
    address = f"/api/{path.format(**ids)}"

    refusals = {method: refusal(anonymous.generic(method, address)) for method in ("TRACE", "NONSENSE")}

    assert refusals == dict.fromkeys(refusals, (405, "method_not_allowed"))


def test_the_routes_of_these_tests_are_all_that_there_are(operations):
    names = {"movie": "{}", "cinema": "{}", "screen": "{}", "show": "{}", "order": "{}"}
    taken = {
        f"{method} {path.format(**names).replace('/1/', '/{}/')}"
        for path, methods in ROUTES.items()
        for method in methods - {"HEAD"}
    }

    assert taken == operations.keys()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_AUTHORIZATION": "Bearer nonsense"},
        {"HTTP_ACCEPT": "text/html"},
        {"HTTP_ORIGIN": "https://cinema.example", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"},
        {"HTTP_IDEMPOTENCY_KEY": "\xff"},
    ],
    ids=lambda headers: "".join(headers) or "plain",
)
def test_options_tells_what_a_route_takes_and_nothing_else(anonymous, ids, headers):
    for path, allowed in ROUTES.items():
        response = anonymous.options(f"/api/{path.format(**ids)}", **headers)

        assert (response.status_code, response.content) == (204, b""), path
        assert set(response["Allow"].split(", ")) == allowed | {"OPTIONS"}, path
        assert "Content-Type" not in response, path
        assert "Content-Length" not in response, path


def test_options_asks_the_database_nothing(anonymous, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert anonymous.options("/api/shows/999999/").status_code == 204


@pytest.mark.parametrize(("path", "allowed"), ROUTES.items())
def test_what_allow_names_is_not_refused_for_its_method(api, ids, path, allowed):
    address = f"/api/{path.format(**ids)}"
    named = api.options(address)["Allow"].split(", ")

    statuses = {method: api.generic(method, address).status_code for method in named}

    assert statuses.keys() == allowed | {"OPTIONS"}
    assert 405 not in statuses.values(), statuses
