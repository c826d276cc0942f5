"""A proxy that has the site below a path: it may cut the path off or leave it on."""

import json

import pytest
from django.urls import set_script_prefix

from movie_booking.tests.test_bad_headers import through_wsgi
from movies.tests.factories import make_movie

pytestmark = pytest.mark.usefixtures("real_transactions")  # a request that comes in closes old connections


@pytest.fixture(autouse=True)
def _site_below_a_path(settings):
    settings.FORCE_SCRIPT_NAME = "/cinema"
    yield
    set_script_prefix("/")


@pytest.mark.parametrize("path", ["/api/movies/", "/cinema/api/movies/"])
def test_links_begin_with_it(path):
    make_movie()
    make_movie()

    status, _, body = through_wsgi(path, "page_size=1")

    assert status == 200
    assert json.loads(body)["next"] == "http://testserver/cinema/api/movies/?page=2&page_size=1"


@pytest.mark.parametrize(
    ("path", "status"), [("/cinema", 302), ("/cinemas/api/movies/", 404), ("/cinema/cinema/api/movies/", 404)]
)
def test_what_only_looks_like_it_is_another_path(path, status):
    assert through_wsgi(path)[0] == status
