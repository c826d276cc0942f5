"""How a development server serves the page."""

from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest


def test_the_root_leads_to_it(site):
    with urlopen(f"{site}/") as response:
        assert response.url == f"{site}/picker/"
        page = response.read().decode()

    assert "<title>Movie booking</title>" in page
    for address in ("../swagger/", "../admin/"):
        assert f'href="{address}"' in page


@pytest.mark.parametrize(
    ("file", "content_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("picker.css", "text/css; charset=utf-8"),
        ("views/show.js", "text/javascript; charset=utf-8"),
    ],
)
def test_its_files_are_asked_for_anew_each_time(site, file, content_type):
    with urlopen(f"{site}/picker/{file}") as response:
        headers = response.headers
        assert (headers["Content-Type"], headers["Cache-Control"]) == (content_type, "no-cache")

    again = Request(f"{site}/picker/{file}", headers={"If-Modified-Since": headers["Last-Modified"]})
    with pytest.raises(HTTPError) as unchanged:
        urlopen(again)
    assert unchanged.value.code == 304
    unchanged.value.close()


@pytest.mark.parametrize(
    ("file", "status"),
    [("nothing.js", 404), ("views/", 404), ("../../manage.py", 400), ("%2e%2e/%2e%2e/manage.py", 400)],
)
def test_there_is_nothing_else(site, file, status):
    with pytest.raises(HTTPError) as missing:
        urlopen(f"{site}/picker/{file}")
    assert missing.value.code == status
    missing.value.close()


def test_the_page_has_nothing_inline(site):
    """So that its Content-Security-Policy can do without exceptions."""
    with urlopen(f"{site}/picker/") as response:
        page = response.read().decode()

    assert "script-src 'self'; style-src 'self';" in page
    for inline in ("<style", " style=", " onclick=", "<script>"):
        assert inline not in page


@pytest.mark.parametrize("path", ["/picker/", "/static/admin/css/base.css", "/api/movies/", "/favicon.ico"])
def test_the_server_does_not_say_what_it_is_and_lets_no_browser_guess(site, path):
    with urlopen(f"{site}{path}") as response:
        assert "Server" not in response.headers
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "'none'" in response.headers["Content-Security-Policy"]
