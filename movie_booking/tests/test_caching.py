"""What depends on who asks is kept by no cache; what is the same for everyone may be."""

import pytest
from django.http import HttpResponse
from django.test import Client

from movie_booking.api.middleware import with_headers
from movie_booking.tests.endpoints import ENDPOINTS
from movies.tests.factories import make_movie, make_show

pytestmark = pytest.mark.django_db

PUBLIC = [
    *(f"{rows}/" for rows in ("movies", "cinemas", "screens", "shows")),
    *("movies/{movie}/", "cinemas/{cinema}/", "screens/{screen}/", "shows/{show}/", "movies/{movie}/shows/"),
    "limits/",
]
PERSONAL = [
    *("me/", "me/export/", "bookings/", "my-bookings/", "orders/"),
    *(
        "bookings/{booking}/",
        "bookings/{booking}/cancellation/",
        "orders/{order}/",
        "orders/{order}/cancellation/",
    ),
]


PARTS = ("", "layout/", "availability/")


def cache_control(response):
    return response.headers.get("Cache-Control")


def test_these_are_all_routes_that_can_be_read(operations):
    generic = {
        path.format(**dict.fromkeys(("movie", "cinema", "screen", "show", "booking", "order"), "{}"))
        for path in (*PUBLIC, *PERSONAL, *(f"shows/{{show}}/seats/{part}" for part in (*PARTS, "stream/")))
    }

    assert generic == {name.split()[1] for name in operations if name.startswith("GET ")}


@pytest.mark.parametrize("path", PERSONAL)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_personal_answer_is_not_stored(api, anonymous, ids, path, method):
    for client, status in ((api, 200), (anonymous, 401)):
        response = client.generic(method, f"/api/{path.format(**ids)}")

        assert (response.status_code, cache_control(response)) == (status, "no-store")


@pytest.mark.parametrize("name", ENDPOINTS)
def test_nothing_that_answers_a_change_is_stored(send, body_of, name):
    refused = send(name, b"{")
    done = send(name, body_of(name))

    assert (refused.status_code, cache_control(refused)) == (400, "no-store")
    assert (done.status_code in (200, 201, 202, 204), cache_control(done)) == (True, "no-store")


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_catalogue_is_the_same_for_everyone_without_a_token(api, anonymous, ids, path, method):
    """With one it may not be, as staff see drafts. So a cache asks each time, and again for each token."""
    address = f"/api/{path.format(**ids)}"

    response = anonymous.generic(method, address)

    assert (cache_control(response), response["Vary"]) == ("no-cache", "Authorization")
    assert cache_control(api.generic(method, address)) == "no-store"


@pytest.mark.parametrize("path", ["movies/", "shows/?ordering=price", "limits/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_list_that_has_not_changed_is_not_sent_again(anonymous, ids, settings, path, method):
    found = anonymous.get(f"/api/{path}")
    asks = {"headers": {"If-None-Match": f'"another", {found["ETag"]}'}}

    again = anonymous.generic(method, f"/api/{path}", **asks)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", found["ETag"])
    assert (cache_control(again), again["Vary"]) == ("no-cache", "Authorization")
    assert not {"Content-Type", "Content-Length"} & set(again.headers)

    make_show(movie=make_movie("Zardoz"))
    settings.POLL_SECONDS = 7
    changed = anonymous.get(f"/api/{path}", **asks)
    assert (changed.status_code, changed["ETag"] != found["ETag"]) == (200, True)


def test_what_is_read_with_a_token_has_no_tag_to_ask_with(api, ids):
    found = api.get("/api/movies/", headers={"If-None-Match": "*"})

    assert (found.status_code, "ETag" in found) == (200, False)


def test_a_row_is_sent_whole_as_its_tag_is_that_of_its_version(anonymous, ids):
    tag = anonymous.get(f"/api/shows/{ids['show']}/")["ETag"]

    assert anonymous.get(f"/api/shows/{ids['show']}/", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"HTTP_IF_NONE_MATCH": "*"}], ids=["200", "304"])
@pytest.mark.parametrize("query", [*PARTS, "?fields=layout", "?fields=availability"])
def test_the_seat_map_is_the_same_for_everyone(api, anonymous, ids, query, headers):
    for client in (api, anonymous):
        response = client.get(f"/api/shows/{ids['show']}/seats/{query}", **headers)

        assert cache_control(response) == "public, no-cache"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "NONSENSE"])
@pytest.mark.parametrize(
    "path",
    ["/api/nothing/", "/api/movies/0/", "/api/movies/?page=2", "/api/shows/0/seats/", "/api/"],
)
def test_no_refusal_is_stored(api, anonymous, method, path):
    """Nor what only says which methods there are."""
    for client in (api, anonymous):
        response = client.generic(method, path)

        assert cache_control(response) == "no-store"


def test_what_is_redirected_or_cannot_be_answered_is_not_stored(anonymous, settings):
    assert cache_control(anonymous.get("/api/movies/", HTTP_HOST="evil.example")) == "no-store"
    settings.SECURE_SSL_REDIRECT = True
    assert cache_control(Client().get("/api/movies/")) == "no-store"


def test_a_refusal_of_a_method_is_not_stored(api):
    assert cache_control(api.delete("/api/me/")) == "no-store"


@pytest.mark.parametrize(
    ("path", "kept"), [("/api/limits/", "no-cache"), ("/api/something-new/", "no-store")]
)
def test_what_is_not_named_as_public_is_not_stored_even_without_a_token(rf, path, kept):
    assert cache_control(with_headers(rf.get(path), HttpResponse())) == kept
