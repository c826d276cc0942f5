"""A request has one id: in the header of its answer, whatever answers, and in every problem."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.urls import resolve

from accounts.tests.factories import client_for, make_user
from movie_booking.request_context import without_values
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db

SENT = "req-5c2f81d0-91aa"


def id_of(response):
    return response.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/movies/", 200),
        ("/api/nothing/", 404),
        ("/api/me/", 401),
        ("/admin/login/", 200),
        ("/nothing/", 404),
        ("/swagger/", 200),
        ("/favicon.ico", 200),
    ],
)
def test_every_answer_says_the_id_of_its_request(path, status):
    first, second = Client().get(path), Client().get(path)
    for response in (first, second):
        response.close()  # a file

    assert (first.status_code, second.status_code) == (status, status)
    assert re.fullmatch("[0-9a-f]{32}", id_of(first))
    assert id_of(first) != id_of(second)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing/", 404),
        ("GET", "/api/me/", 401),
        ("POST", "/api/login/", 400),
        ("PUT", "/api/login/", 405),
    ],
)
def test_a_problem_says_the_id_that_the_header_says(method, path, status):
    response = Client().generic(method, path, b"{}", content_type="application/json")

    assert response.status_code == status
    assert response.json()["request_id"] == id_of(response)


def test_a_plain_refusal_of_a_middleware_says_it_too(settings):
    settings.SECURE_SSL_REDIRECT = True

    response = Client().post("/api/login/", {}, "application/json")

    assert (response.status_code, response.json()["code"]) == (403, "https_required")
    assert response.json()["request_id"] == id_of(response)


def test_a_failure_says_it_so_that_it_can_be_found_in_the_log():
    def fail(execute, sql, params, many, context):
        raise ZeroDivisionError

    with connection.execute_wrapper(fail):
        response = Client(raise_request_exception=False).get("/api/movies/")

    assert response.status_code == 500
    assert response.json()["request_id"] == id_of(response)


def test_what_is_unchanged_is_still_unchanged_and_has_an_id_of_its_own():
    show = make_show()
    for path in ("/api/movies/", "/api/shows/", f"/api/shows/{show.pk}/seats/"):
        first = Client().get(path)

        again = Client().get(path, headers={"If-None-Match": first["ETag"]})

        assert (again.status_code, again.content) == (304, b"")
        assert re.fullmatch("[0-9a-f]{32}", id_of(again))
        assert id_of(again) != id_of(first)


def test_a_stream_says_it():
    response = Client().get(f"/api/shows/{make_show().pk}/seats/stream/")
    response.close()

    assert re.fullmatch("[0-9a-f]{32}", id_of(response))


def test_behind_a_proxy_of_ours_the_id_is_the_one_that_it_gave(settings):
    settings.TRUSTED_PROXIES = 1

    response = client_for(make_user()).get("/api/orders/NONE/", headers={"X-Request-ID": SENT})

    assert (response.status_code, response.data["request_id"], id_of(response)) == (404, SENT, SENT)


def test_what_a_client_sends_that_comes_in_directly_is_not_taken():
    assert id_of(Client().get("/api/movies/", headers={"X-Request-ID": SENT})) != SENT


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "short",
        "x" * 65,
        "with a blank",
        "a\nline: of its own",
        "éééééééé",
        "\u202eabcdefgh",
        "<script>1</script>",
    ],
)
def test_what_is_not_well_formed_is_not_taken(settings, sent):
    settings.TRUSTED_PROXIES = 1

    response = Client().get("/api/movies/", headers={"X-Request-ID": sent})

    assert re.fullmatch("[0-9a-f]{32}", id_of(response))


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/shows/12/book/", "/api/shows/{id}/book/"),
        ("/api/shows/12/seats/layout/", "/api/shows/{id}/seats/layout/"),
        ("/api/orders/ABC234/confirm/", "/api/orders/{reference}/confirm/"),
        ("/api/nothing/", "/api/"),
        ("/picker/app.js", "/picker/{file}"),
        ("/admin/movies/movie/7/change/", "/admin/movies/movie/{object_id}/change/"),
    ],
)
def test_a_route_has_names_for_what_varies(path, route):
    assert without_values(resolve(path).route) == route
