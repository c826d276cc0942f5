"""The list of movies, and one movie."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import client_for, make_staff
from movies.models import Genre, Movie, Show
from movies.tests.factories import make_movie, make_show

pytestmark = pytest.mark.django_db


def titles(query=""):
    response = client_for().get(f"/api/movies/{query}")
    assert response.status_code == 200
    return [movie["title"] for movie in response.data["results"]]


@pytest.fixture
def staff():
    return client_for(make_staff("add_movie", "change_movie", "delete_movie"))


def test_a_movie_shows_all_that_is_on_its_poster():
    movie = make_movie(
        "Inception",
        description="A thief who steals secrets.",
        duration_minutes=148,
        language="English",
        genres=["Thriller", "Action"],
        certificate="12A",
        release_date=date(2010, 7, 16),
        poster_url="https://example.com/inception.jpg",
    )

    response = client_for().get(f"/api/movies/{movie.pk}/")

    assert response.status_code == 200
    assert response.json() == {
        "id": movie.pk,
        "title": "Inception",
        "description": "A thief who steals secrets.",
        "duration_minutes": 148,
        "language": "English",
        "genres": ["Action", "Thriller"],
        "certificate": "12A",
        "release_date": "2010-07-16",
        "poster_url": "https://example.com/inception.jpg",
    }


@pytest.mark.parametrize("movie_id", [0, 999_999, 2**63 - 1, 2**63, 10**18 * 9, 10**30])
@pytest.mark.parametrize("path", ["", "shows/"])
def test_a_movie_that_is_not_there_is_not_found(movie_id, path):
    response = client_for().get(f"/api/movies/{movie_id}/{path}")

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Amélie", "Inception", "Parasite"]),
        ("?search=incep", ["Inception"]),
        ("?search=INCEP", ["Inception"]),
        ("?search=basement", ["Parasite"]),
        ("?search=family+basement", ["Parasite"]),
        ("?search=family+dream", []),
        ("?search=100%25", []),
        ("?genre=Drama", ["Amélie", "Parasite"]),
        ("?genre=drama", ["Amélie", "Parasite"]),
        ("?genre=Dram", []),
        ("?genre=Western", []),
        ("?language=french", ["Amélie"]),
        ("?language=fr", []),
        ("?genre=drama&language=korean", ["Parasite"]),
        ("?ordering=-title", ["Parasite", "Inception", "Amélie"]),
        ("?ordering=release_date", ["Amélie", "Inception", "Parasite"]),
        ("?ordering=-duration_minutes", ["Inception", "Parasite", "Amélie"]),
    ],
)
def test_the_list_can_be_searched_filtered_and_ordered(query, expected):
    make_movie(
        "Inception", duration_minutes=148, genres=["Action"], language="English", release_date="2010-07-16"
    )
    make_movie(
        "Parasite",
        description="A family, and what is in the basement.",
        duration_minutes=132,
        genres=["Drama", "Thriller"],
        language="Korean",
        release_date="2019-05-30",
    )
    make_movie("Amélie", duration_minutes=122, genres=["Drama"], language="French", release_date="2001-04-25")

    assert titles(query) == expected


def test_now_showing_is_what_has_a_show_on_sale_that_has_yet_to_start():
    tomorrow, yesterday = (timezone.now() + timedelta(days=days) for days in (1, -1))
    show = make_show(movie=make_movie("Tomorrow"), starts_at=tomorrow)
    make_show(movie=show.movie, starts_at=yesterday)
    make_show(movie=show.movie, starts_at=tomorrow)
    make_show(movie=make_movie("Yesterday"), starts_at=yesterday)
    make_show(movie=make_movie("Cancelled"), starts_at=tomorrow, status=Show.Status.CANCELLED)
    make_movie("Never")

    assert titles("?now_showing=true") == ["Tomorrow"]
    assert titles("?now_showing=false") == ["Cancelled", "Never", "Yesterday"]


def test_pages_are_of_twenty_and_lead_to_each_other():
    for number in range(41):
        make_movie(f"Movie {number:02}")
    client = client_for()

    first = client.get("/api/movies/").json()
    second = client.get(first["next"]).json()
    last = client.get(second["next"]).json()

    assert [len(page["results"]) for page in (first, second, last)] == [20, 20, 1]
    assert {page["count"] for page in (first, second, last)} == {41}
    assert (first["previous"], last["next"]) == (None, None)
    assert second["previous"] == "http://testserver/api/movies/"


@pytest.mark.parametrize(
    ("page_size", "expected"),
    [("1", 1), ("100", 100), ("101", 100), (str(10**30), 100), ("0", 20), ("abc", 20)],
)
def test_the_page_size_can_be_chosen_up_to_a_hundred(page_size, expected):
    Movie.objects.bulk_create(Movie(title=f"Movie {n}", duration_minutes=90) for n in range(101))

    assert len(titles(f"?page_size={page_size}")) == expected


@pytest.mark.parametrize("ordering", ["title", "-title", "release_date", "-duration_minutes"])
def test_pages_neither_repeat_nor_miss_a_movie_when_all_compare_alike(ordering):
    movies = [make_movie("Batman").pk for _ in range(7)]
    client = client_for()

    seen = [
        movie["id"]
        for page in (1, 2, 3, 4)
        for movie in client.get(f"/api/movies/?ordering={ordering}&page_size=2&page={page}").data["results"]
    ]

    assert seen == movies  # the first made comes first, in either direction


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("query", ["", "?search=i", "?genre=drama&now_showing=true"])
def test_the_list_costs_three_queries_for_any_number_of_movies(rows, query, django_assert_num_queries):
    for _ in range(rows):
        make_show(movie=make_movie(genres=["Drama", "Thriller"]))

    with django_assert_num_queries(3):  # how many there are, the page, their genres
        assert len(titles(query)) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_shows_of_a_movie_cost_three_queries_for_any_number(rows, django_assert_num_queries):
    movie = make_movie()
    for _ in range(rows):
        make_show(movie=movie)
    make_show()

    with django_assert_num_queries(3):  # whether the movie is there, how many shows, the page
        response = client_for().get(f"/api/movies/{movie.pk}/shows/")

    assert response.data["count"] == rows
    assert {show["movie"] for show in response.data["results"]} == {movie.pk}


def test_the_shows_of_a_movie_take_the_filters_of_shows_but_keep_to_the_movie():
    movie, other = make_movie(), make_movie()
    cancelled = make_show(movie=movie, status=Show.Status.CANCELLED)
    on_sale = make_show(movie=movie)
    make_show(movie=other)

    def shows(query):
        response = client_for().get(f"/api/movies/{movie.pk}/shows/{query}")
        return [show["id"] for show in response.data["results"]]

    assert shows("?upcoming=true") == [on_sale.pk]
    assert shows("?status=CANCELLED") == [cancelled.pk]
    assert shows(f"?movie={other.pk}") == []


def test_staff_add_a_movie_with_genres_by_name(staff):
    make_movie(genres=["Drama"])

    response = staff.post(
        "/api/movies/", {"title": "Dune", "duration_minutes": 155, "genres": ["drama", "Sci-Fi"]}
    )

    assert response.status_code == 201
    assert response.data["genres"] == ["Drama", "Sci-Fi"]
    assert client_for().get(f"/api/movies/{response.data['id']}/").data == response.data
    assert list(Genre.objects.values_list("name", flat=True)) == ["Drama", "Sci-Fi"]


def test_a_genre_named_twice_counts_once(staff):
    response = staff.post(
        "/api/movies/", {"title": "Dune", "duration_minutes": 155, "genres": ["Sci-Fi", "SCI-FI", " Sci-Fi "]}
    )

    assert response.data["genres"] == ["Sci-Fi"]


def test_changing_one_field_of_a_movie_leaves_the_others(staff):
    movie = make_movie("Inception", genres=["Action"], language="English")

    response = staff.patch(f"/api/movies/{movie.pk}/", {"duration_minutes": 150})

    assert response.status_code == 200
    assert response.data["duration_minutes"] == 150
    assert (response.data["title"], response.data["language"]) == ("Inception", "English")
    assert response.data["genres"] == ["Action"]


def test_the_genres_of_a_movie_can_be_taken_away(staff):
    movie = make_movie(genres=["Action"])

    assert staff.patch(f"/api/movies/{movie.pk}/", {"genres": []}).data["genres"] == []


def test_replacing_a_movie_wants_what_adding_one_wants(staff):
    movie = make_movie()

    response = staff.put(f"/api/movies/{movie.pk}/", {"title": "Dune"})

    assert response.status_code == 400
    assert response.data["errors"] == {"duration_minutes": ["This field is required."]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 201),
        ("title", 5),
        ("description", "x" * 5001),
        ("duration_minutes", 0),
        ("duration_minutes", 1001),
        ("duration_minutes", "148"),
        ("duration_minutes", 148.0),
        ("duration_minutes", True),
        ("duration_minutes", 10**30),
        ("release_date", "yesterday"),
        ("release_date", "2026-02-30"),
        ("release_date", 2026),
        ("poster_url", "poster.jpg"),
        ("poster_url", "javascript:alert(1)"),
        ("genres", "Drama"),
        ("genres", [""]),
        ("genres", [5]),
        ("genres", ["x" * 51]),
        ("genres", [f"Genre {n}" for n in range(21)]),
        ("certificate", 18),
        ("language", None),
    ],
)
def test_what_is_no_movie_is_refused_with_the_field(staff, field, value):
    response = staff.post("/api/movies/", {"title": "Dune", "duration_minutes": 155, field: value})

    assert response.status_code == 400
    assert response.data["code"] == "invalid"
    assert response.data["errors"].keys() == {field}
    assert Movie.objects.count() == 0


def test_a_movie_that_was_never_shown_can_be_deleted(staff):
    movie = make_movie(genres=["Drama"])

    response = staff.delete(f"/api/movies/{movie.pk}/")

    assert response.status_code == 204
    assert Movie.objects.count() == 0
