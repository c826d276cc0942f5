"""Every endpoint that takes a body, with a valid one, and how a refusal is read."""

import json
from typing import Any, NamedTuple

import pytest

from accounts.tests.factories import PASSWORD

MEBIBYTE = 1024 * 1024
HUGE = 10**30
CHARSETS = ["utf-8", "UTF-8", "utf-16", "latin-1", "rot13", "hex", "idna", "bogus", '"', "\xff"]


def problem(response):
    """Return the problem document of a refusal, once its members fit each other and the status."""
    assert response["Content-Type"] == "application/problem+json", response.content
    document = json.loads(response.content)
    code = document["code"]
    assert document["status"] == response.status_code
    assert document["type"] == f"urn:problem-type:movie-booking:{code}"
    assert document["title"] == code.replace("_", " ").capitalize()
    assert document["detail"]
    return document


def refusal(response):
    """Return status and code of a refusal."""
    return response.status_code, problem(response)["code"]


def refused_fields(response):
    """Return status and code of a refusal, and the fields that it is about."""
    return *refusal(response), sorted(problem(response).get("errors", {}))


class Endpoint(NamedTuple):
    """A route that takes a body, and a valid body. {names} stand for rows of the fixture `ids`."""

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
    "change a movie": Endpoint(
        "PATCH",
        "/api/movies/{movie}/",
        {"title": "Dune", "duration_minutes": 155, "reason": "Cut"},
    ),
    "replace a movie": Endpoint("PUT", "/api/movies/{movie}/", {"title": "Dune", "duration_minutes": 155}),
    "add a cinema": Endpoint(
        "POST",
        "/api/cinemas/",
        {"name": "Rex", "address": "1 Main St", "time_zone": "UTC", "pre_show_minutes": 20},
    ),
    "change a cinema": Endpoint(
        "PATCH",
        "/api/cinemas/{cinema}/",
        {"name": "Rex", "time_zone": "UTC", "pre_show_minutes": 20, "keep": "clock", "reason": "Moved"},
    ),
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
            "pre_show_minutes": 20,
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
            "pre_show_minutes": 20,
            "price": "9.50",
            "premium_price": "12.50",
            "status": "ON_SALE",
            "sales_open_at": "2020-12-01T09:00:00Z",
            "sales_cutoff_minutes": 30,
            "reason": "Projector repaired",
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
    "claim orders": Endpoint(
        "POST", "/api/orders/claim/", {"reference": "{order_of_guest}", "access_key": "{access_key}"}
    ),
    "cancel a booking": Endpoint("POST", "/api/bookings/{booking}/cancel/", {}),
    "cancel an order": Endpoint("POST", "/api/orders/{order}/cancel/", {"seat_numbers": [31]}),
    "exchange seats": Endpoint(
        "POST", "/api/orders/{order}/exchange/", {"from": [31, 32], "to_show": "{show}", "to": [33, 34]}
    ),
    "move a show": Endpoint(
        "POST",
        "/api/shows/{show}/move/",
        {
            "screen": "{screen}",
            "starts_at": "2099-05-06T18:00:00Z",
            "reason": "Broken projector",
            "leave_out": "refund",
        },
    ),
    "cancel a show": Endpoint("POST", "/api/shows/{show}/cancel/", {"reason": "No heating"}),
}
# Fields that may be left out, for their default.
OPTIONAL = {
    "add a movie": {"description", "language", "genres", "certificate", "release_date", "poster_url"},
    "add a cinema": {"address", "time_zone", "pre_show_minutes"},
    "schedule a show": ENDPOINTS["schedule a show"].body.keys() - {"movie", "screen", "starts_at"},
    "block seats": {"reason"},
    "order the best": {"kind", "adjacent"},
    "cancel an order": {"seat_numbers"},
    "exchange seats": {"to_show"},
    "move a show": {"screen", "starts_at", "leave_out"},
}
# Where null is a value: no date is known, pre-show is as usual, it goes on sale at once, the kind has no
# price of its own.
NULLABLE = {
    "pre_show_minutes",
    "release_date",
    "sales_open_at",
    "premium_price",
    "sofa_price",
    "wheelchair_price",
    "companion_price",
}
every_endpoint = pytest.mark.parametrize("name", ENDPOINTS)
