"""What depends on who asks is kept by no cache; what is the same for everyone may be."""

import pytest

from movie_booking.tests.endpoints import ENDPOINTS

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
    """With one it may not be: staff see drafts."""
    address = f"/api/{path.format(**ids)}"

    assert cache_control(anonymous.generic(method, address)) is None
    assert cache_control(api.generic(method, address)) == "no-store"


@pytest.mark.parametrize("headers", [{}, {"HTTP_IF_NONE_MATCH": "*"}], ids=["200", "304"])
@pytest.mark.parametrize("query", [*PARTS, "?fields=layout", "?fields=availability"])
def test_the_seat_map_is_the_same_for_everyone(api, anonymous, ids, query, headers):
    for client in (api, anonymous):
        response = client.get(f"/api/shows/{ids['show']}/seats/{query}", **headers)

        assert cache_control(response) == "public, no-cache"


@pytest.mark.parametrize("path", ["/api/nothing/", "/api/movies/0/", "/api/me/"])
def test_a_refusal_to_a_user_is_not_stored(api, path):
    assert cache_control(api.delete(path)) == "no-store"
