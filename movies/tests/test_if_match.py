"""Staff change the version of a row that they have seen: `ETag` and `If-Match`."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import client_for, make_user
from bookings.tests.factories import book
from movies.models import Movie, Show
from movies.tests.factories import browser_for, make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

# For each route a row, a change of one field, and another as a colleague makes it.
EDITS = {
    "movies": (make_movie, {"title": "Dune"}, {"genres": ["Drama"]}),
    "cinemas": (make_cinema, {"address": "1 High Street"}, {"time_zone": "Europe/London"}),
    "screens": (make_screen, {"name": "Screen A"}, {"total_seats": 45}),
    "shows": (make_show, {"price": "14.00"}, {"sales_cutoff_minutes": 30}),
}
every_route = pytest.mark.parametrize("route", EDITS)
ANY = "*"


@pytest.fixture
def api():
    return client_for(make_user(is_staff=True, is_superuser=True))


def address(route, row):
    return f"/api/{route}/{row.pk}/"


def etag_of(path):
    return client_for().get(path)["ETag"]


@every_route
def test_a_row_comes_with_a_strong_etag_that_changes_with_each_edit(api, route):
    make_row, first, second = EDITS[route]
    path = address(route, make_row())
    before = etag_of(path)
    assert before.startswith('"')
    assert etag_of(path) == before

    changed = api.patch(path, first)
    after = etag_of(path)
    assert changed["ETag"] == after != before

    assert api.patch(path, second)["ETag"] not in (before, after)
    assert api.patch(path, second)["ETag"] == etag_of(path)  # nothing new


def test_a_new_row_comes_with_its_etag_too(api):
    movie = api.post("/api/movies/", {"title": "Dune", "duration_minutes": 155, "genres": ["Drama"]})
    show = api.post(
        "/api/shows/",
        {
            "movie": movie.data["id"],
            "screen": make_screen().pk,
            "starts_at": "2030-01-01T20:00:00+01:00",
            "price": "9.5",
        },
    )

    assert movie["ETag"] == etag_of(f"/api/movies/{movie.data['id']}/")
    assert show["ETag"] == etag_of(f"/api/shows/{show.data['id']}/")


@every_route
@pytest.mark.parametrize("method", ["patch", "put", "delete"])
def test_a_version_that_was_changed_since_is_412_and_nothing_is_written(api, route, method):
    make_row, mine, theirs = EDITS[route]
    row = make_row()
    path = address(route, row)
    read = etag_of(path)
    api.patch(path, theirs)
    before = client_for().get(path).data
    whole = {
        "movies": {"title": "Dune", "duration_minutes": 100},
        "cinemas": {"name": "Odeon"},
        "screens": {"cinema": getattr(row, "cinema_id", 0), "name": "Screen A"},
        "shows": {
            "movie": getattr(row, "movie_id", 0),
            "screen": getattr(row, "screen_id", 0),
            "starts_at": "2030-01-01T20:00:00Z",
        },
    }
    body = {"patch": mine, "put": whole[route], "delete": None}[method]

    response = getattr(api, method)(path, body, headers={"If-Match": read})

    assert (response.status_code, response.data["code"]) == (412, "precondition_failed")
    assert response["Content-Type"] == "application/problem+json"
    assert client_for().get(path).data == before
    now = etag_of(path)
    assert getattr(api, method)(path, body, headers={"If-Match": now}).status_code in (200, 204)


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        ("{etag}", 200),
        ('"other", {etag}', 200),
        (ANY, 200),
        ("W/{etag}", 412),
        ('"other"', 412),
        ("nonsense", 412),
        ("", 412),
        (",", 412),
        ("\xff", 412),
        ('"' + "x" * 5_000 + '"', 412),
    ],
)
def test_if_match_is_compared_strongly(api, if_match, status):
    path = address("movies", make_movie())

    response = api.patch(path, {"title": "Dune"}, HTTP_IF_MATCH=if_match.replace("{etag}", etag_of(path)))

    assert response.status_code == status
    assert Movie.objects.get().title == ("Dune" if status == 200 else "Inception")


def test_a_row_that_is_not_there_is_404_whatever_if_match_says(api):
    for tag in (ANY, '"other"'):
        assert api.patch("/api/movies/999999/", {"title": "Dune"}, HTTP_IF_MATCH=tag).status_code == 404


def test_who_may_not_change_it_learns_nothing_of_versions():
    path = address("movies", make_movie())

    assert client_for(make_user()).patch(path, {}, HTTP_IF_MATCH='"other"').status_code == 403


def test_selling_a_seat_does_not_stand_in_the_way_of_a_new_price(api):
    show = make_show()
    path = address("shows", show)
    read = etag_of(path)
    book(show, 5)

    response = api.patch(path, {"price": "14.00"}, HTTP_IF_MATCH=read)

    assert (response.status_code, response.data["price"]) == (200, "14.00")
    assert response.data["available_seats"] == show.total_seats - 1


def test_cancelling_a_show_is_a_change_of_it(api):
    show = make_show()
    path = address("shows", show)
    read = etag_of(path)
    api.post(f"{path}cancel/", {"reason": "No heating"})

    assert api.patch(path, {"price": "14.00"}, HTTP_IF_MATCH=read).status_code == 412


# --- Only what changed is written ----------------------------------------------------------------


def test_a_change_writes_its_own_fields_and_no_other(api):
    screen, show = make_screen(seat_plan="A ooo"), make_show()

    for path, body, table in [
        (address("screens", screen), {"name": "Screen A"}, "movies_screen"),
        (address("shows", show), {"price": "14.00"}, "movies_show"),
        (address("movies", show.movie), {"title": "Dune"}, "movies_movie"),
        (address("cinemas", screen.cinema), {"name": "Odeon"}, "movies_cinema"),
    ]:
        written = columns_written(table, lambda path=path, body=body: api.patch(path, body))
        followers = {name for name in written if name.endswith("_folded")} | {"seats_version"}
        assert written - followers == body.keys()


def test_what_is_so_already_is_not_written(api):
    screen = make_screen(seat_plan="A ooo", name="Screen A")

    assert (
        columns_written("movies_screen", lambda: api.patch(address("screens", screen), {"name": "Screen A"}))
        == set()
    )


def test_moving_a_show_leaves_its_prices_alone(api):
    show = make_show()

    written = columns_written(
        "movies_show", lambda: api.patch(address("shows", show), {"starts_at": "2030-01-01T20:00:00Z"})
    )

    assert written == {"starts_at", "ends_at", "screen_free_at", "seat_plan", "version", "seats_version"}


def columns_written(table, call):
    """The columns of a table that a call sets."""
    with CaptureQueriesContext(connection) as queries:
        assert call().status_code == 200
    updates = [query["sql"] for query in queries if query["sql"].startswith(f'UPDATE "{table}"')]
    return {
        name
        for sql in updates
        for name in re.findall(r'"(\w+)" = ', sql.split(" SET ")[1].split(" WHERE ")[0])
    }


# --- The log of the Admin ------------------------------------------------------------------------


def log_of(row):
    """What the log of the Admin says of a row, oldest first."""
    entries = LogEntry.objects.filter(content_type__model=row._meta.model_name, object_id=row.pk).order_by(
        "pk"
    )
    return [(entry.user.username, entry.get_change_message()) for entry in entries]


def test_changes_that_came_by_the_api_are_in_the_log_of_the_admin(api):
    ada = make_user("ada", is_staff=True, is_superuser=True)
    client = client_for(ada)
    movie = Movie.objects.get(
        pk=client.post("/api/movies/", {"title": "Dune", "duration_minutes": 155}).data["id"]
    )
    path = address("movies", movie)

    client.patch(path, {"title": "Dune: Part One", "duration_minutes": 156, "genres": ["Drama"]})
    client.patch(path, {"title": "Dune: Part One"})  # no change
    client.delete(path)

    assert log_of(movie) == [
        ("ada", "Added through the API."),
        ("ada", "Changed Title, Running time and Genres through the API."),
        ("ada", "Deleted through the API."),
    ]
    assert not Movie.objects.exists()


@every_route
def test_the_log_names_changes_of_every_kind_of_row(route):
    make_row, first, _ = EDITS[route]
    row = make_row()
    ada = make_user("ada", is_staff=True, is_superuser=True)

    client_for(ada).patch(address(route, row), first)

    [(who, what)] = log_of(row)
    assert (who, what.startswith("Changed "), what.endswith(" through the API.")) == ("ada", True, True)


def test_cancelling_a_show_is_in_the_log_whichever_way_it_came():
    shows = make_show(), make_show()
    ada = make_user("ada", is_staff=True, is_superuser=True)

    client_for(ada).post(f"/api/shows/{shows[0].pk}/cancel/", {"reason": "No heating"})
    browser_for(ada).post(f"/admin/movies/show/{shows[1].pk}/cancel/", {"reason": "No heating"})

    assert [log_of(show) for show in shows] == [
        [("ada", "Cancelled through the API: No heating")],
        [("ada", "Cancelled: No heating")],
    ]


def test_a_change_that_is_refused_is_not_in_the_log(api):
    show = make_show(status=Show.Status.CANCELLED)

    assert api.patch(address("shows", show), {"price": "1.00"}).status_code == 409
    assert api.delete(address("movies", show.movie)).status_code == 409
    assert not LogEntry.objects.exists()
