"""Where HTTPS is insisted on, a request over plain HTTP changes nothing, and is told so."""

import pytest
from django.test import Client

from movie_booking.tests.endpoints import ENDPOINTS, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def insist_on_https(settings):
    """As in production."""
    settings.SECURE_SSL_REDIRECT = True


def test_a_change_over_plain_http_is_refused_at_every_endpoint(send, body_of, rows):
    before = rows()

    refusals = {name: refusal(send(name, body_of(name))) for name in ENDPOINTS}

    assert refusals == dict.fromkeys(ENDPOINTS, (403, "https_required"))
    assert rows() == before


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "NONSENSE"])
@pytest.mark.parametrize("path", ["/api/movies/", "/api/movies", "/api/nothing/", "/api/"])
def test_whatever_is_no_reading_is_refused_at_any_address(anonymous, method, path):
    response = anonymous.generic(method, path, b"{}", content_type="application/json")

    assert refusal(response) == (403, "https_required")
    assert "Location" not in response


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_over_plain_http_is_redirected(anonymous, method):
    response = anonymous.generic(method, "/api/movies/?search=a%20b")

    assert (response.status_code, response["Location"]) == (
        301,
        "https://testserver/api/movies/?search=a%20b",
    )


def test_a_change_over_https_is_made(api):
    movie = {"title": "Dune", "duration_minutes": 155}

    response = api.post("/api/movies/", movie, content_type="application/json", secure=True)

    assert response.status_code == 201


@pytest.mark.parametrize(("said", "status"), [("https", 401), ("http", 403), (None, 403)])
def test_a_proxy_that_ends_https_says_what_it_took(settings, said, status):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    headers = {"X-Forwarded-Proto": said} if said else {}

    assert Client().post("/api/orders/claim/", headers=headers).status_code == status


def test_a_page_of_the_admin_is_redirected_as_before():
    response = Client().post("/admin/login/")

    assert (response.status_code, response["Location"]) == (301, "https://testserver/admin/login/")
