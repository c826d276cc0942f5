"""What browsers may do with each page and answer: their policies, and that no script stands in a page."""

import re

import pytest
from django.conf import settings as configured
from django.test import Client

from accounts.tests.factories import make_user

TEMPLATES = sorted(
    path
    for app in ("accounts", "movies", "bookings", "movie_booking")
    for path in (configured.BASE_DIR / app).rglob("templates/**/*.html")
)


def policy(response):
    """The Content-Security-Policy: its sources by directive."""
    directives = [directive.split() for directive in response["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in directives}


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/login/", "/admin/movies/show/", "/swagger/", "/redoc/", "/"]
)
def test_no_page_runs_what_is_written_into_it_or_comes_from_elsewhere(settings, path, debug):
    settings.DEBUG = debug
    browser = Client()
    browser.force_login(make_user(is_staff=True, is_superuser=True))

    response = browser.get(path)

    found = policy(response)
    assert found["script-src"] == ["'self'"]
    assert (
        found["default-src"]
        == found["object-src"]
        == found["base-uri"]
        == found["frame-ancestors"]
        == ["'none'"]
    )
    assert found["form-action"] in (["'self'"], ["'none'"])
    assert ("'unsafe-inline'" in found["style-src"]) == (path in ("/swagger/", "/redoc/"))
    assert not {"*", "http:", "https:", "'unsafe-eval'"} & {
        each for sources in found.values() for each in sources
    }
    assert "camera=()" in response["Permissions-Policy"]
    assert (response["Referrer-Policy"], response["Cross-Origin-Opener-Policy"]) == (
        "same-origin",
        "same-origin",
    )
    assert (response["X-Content-Type-Options"], response["X-Frame-Options"]) == ("nosniff", "DENY")


def test_the_picker_may_show_posters_from_anywhere_and_run_only_its_own(settings):
    settings.DEBUG = True

    response = Client().get("/picker/")
    b"".join(response.streaming_content)  # or the file stays open

    found = policy(response)

    assert found["img-src"] == ["'self'", "https:", "data:"]
    assert found["script-src"] == found["style-src"] == found["connect-src"] == ["'self'"]
    assert "style-src-attr" not in found


def test_an_error_page_has_a_policy_and_says_nothing_of_what_serves_it(settings, monkeypatch):
    settings.DEBUG = False
    client = Client(raise_request_exception=False)
    missing = client.get("/nothing")
    monkeypatch.setattr("movie_booking.picker.redirect", lambda *args: 1 / 0)
    broken = client.get("/")

    assert (missing.status_code, broken.status_code) == (404, 500)
    for response in (missing, broken):
        assert policy(response)["script-src"] == ["'self'"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert b"jango" not in response.content


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/movies/", "/api/nothing/", "/api/me/"])
def test_an_answer_of_the_api_is_no_page(path):
    response = Client().get(path)

    assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Permissions-Policy" not in response


def test_a_static_file_is_what_it_says_and_for_this_origin():
    response = Client().get("/favicon.ico", headers={"Origin": "https://evil.example"})

    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in response
    assert b"".join(response.streaming_content)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_scripts_or_styles_of_its_own(template):
    """Put them into a static file: the policy keeps browsers from running or applying them here."""
    text = template.read_text("utf-8")

    assert (
        re.findall(r"<style|<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son\w+=|javascript:", text) == []
    )
