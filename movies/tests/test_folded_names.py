"""É and é, in one character or in two, are one letter: in searches, in filters and where names are unique."""

import pytest

from accounts.tests.factories import client_for, make_staff, make_user
from bookings.tests.factories import make_order
from movies.models import Cinema, Genre, Movie, Screen
from movies.tests.factories import browser_for, make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

UPPER, LOWER, UPPER_IN_TWO, LOWER_IN_TWO = "\xc9", "\xe9", "E\u0301", "e\u0301"
WAYS = (UPPER, LOWER, UPPER_IN_TWO, LOWER_IN_TWO)
any_way_stored = pytest.mark.parametrize("stored", WAYS, ids=ascii)
any_way_typed = pytest.mark.parametrize("typed", WAYS, ids=ascii)


def api_found(path, **query):
    return [row["id"] for row in client_for().get(f"/api/{path}/", query).data["results"]]


def admin_found(path, typed):
    browser = browser_for(make_user(is_staff=True, is_superuser=True))
    response = browser.get(f"/admin/{path}/", {"q": typed})
    if response.status_code == 302:  # to the page of the one that was found
        return [int(response.url.split("/")[-3])]
    return [row.pk for row in response.context["cl"].result_list]


@any_way_stored
@any_way_typed
def test_a_text_is_found_by_every_search_and_filter(stored, typed):
    cinema = make_cinema(name=f"Cin{stored}ma", address=f"Rue des Pr{stored}s")
    screen = make_screen(cinema=cinema, name=f"Salle {stored}toile")
    movie = make_movie(
        f"Am{stored}lie", description=f"Un caf{stored}", language=f"T{stored}", genres=[f"{stored}pop"]
    )
    show = make_show(movie=movie, screen=screen)
    order = make_order(show, 1)

    assert api_found("movies", search=f"am{typed}lie") == [movie.pk]
    assert api_found("movies", search=f"CAF{typed}") == [movie.pk]
    assert api_found("movies", genre=f"{typed}pop") == [movie.pk]
    assert api_found("movies", language=f"t{typed}") == [movie.pk]
    assert api_found("shows", search=f"am{typed}") == [show.pk]
    assert api_found("cinemas", search=f"cin{typed}") == [cinema.pk]
    assert api_found("cinemas", search=f"pr{typed}s") == [cinema.pk]
    assert api_found("screens", search=f"{typed}toile cin{typed}") == [screen.pk]
    assert admin_found("movies/movie", f"am{typed}") == [movie.pk]
    assert admin_found("movies/genre", f"{typed}POP") == [movie.genres.get().pk]
    assert admin_found("movies/cinema", f"cin{typed}") == [cinema.pk]
    assert admin_found("movies/screen", f"{typed}toile") == [screen.pk]
    assert admin_found("movies/show", f"{typed}toile am{typed}") == [show.pk]
    assert admin_found("bookings/order", f"am{typed}") == [order.pk]
    assert admin_found("bookings/booking", f"am{typed}") == [order.bookings.get().pk]


def test_a_letter_without_its_accent_is_another_letter():
    make_movie(f"Am{LOWER_IN_TWO}lie", genres=[f"{UPPER}pop"])

    assert api_found("movies", search="amelie") == api_found("movies", genre="epop") == []


def test_a_sign_of_patterns_is_looked_for_as_it_is():
    movie = make_movie("100 % Wolf")
    make_movie("1000 Wolves")

    assert api_found("movies", search="%") == [movie.pk]


@any_way_typed
def test_a_genre_is_one_however_it_is_written(typed):
    first, second = make_movie("One", genres=[f"{UPPER}pop"]), make_movie("Two", genres=[f"{typed}POP"])

    assert first.genres.get() == second.genres.get()
    assert Genre.objects.get().name == f"{UPPER}pop"


@any_way_typed
def test_a_second_genre_of_a_name_is_an_error_in_the_admin(typed):
    make_movie(genres=[f"{UPPER}pop"])

    response = browser_for(make_staff("add_genre")).post("/admin/movies/genre/add/", {"name": f"{typed}pop"})

    assert response.context["adminform"].form.errors == {"name": ["There is a genre of that name already."]}


@any_way_typed
def test_a_second_cinema_or_screen_of_a_name_is_refused(typed):
    cinema = make_cinema(name=f"Caf{UPPER}")
    make_screen(cinema=cinema, name=f"Salle {UPPER}")
    staff = client_for(make_staff("add_cinema", "add_screen"))

    of_cinema = staff.post("/api/cinemas/", {"name": f"CAF{typed}", "time_zone": "UTC"})
    of_screen = staff.post("/api/screens/", {"cinema": cinema.pk, "name": f"salle {typed}", "total_seats": 5})

    assert (of_cinema.status_code, of_screen.status_code) == (400, 400)
    assert of_cinema.data["errors"].keys() == of_screen.data["errors"].keys() == {"name"}
    assert (Cinema.objects.count(), Screen.objects.count()) == (1, 1)


def test_a_name_may_be_written_another_way_and_kept_with_other_changes():
    cinema = make_cinema(name=f"Caf{UPPER}")
    staff = client_for(make_staff("change_cinema"))

    for change in ({"name": f"caf{LOWER_IN_TWO}"}, {"address": "1 Main St"}, {"name": "Rex"}):
        assert staff.patch(f"/api/cinemas/{cinema.pk}/", change).status_code == 200
    assert api_found("cinemas", search="rex") == [cinema.pk]
    assert api_found("cinemas", search="caf") == []


def test_two_cinemas_may_have_screens_of_one_name():
    first = make_screen(name="Salle 1")

    assert make_screen(name="Salle 1").cinema != first.cinema


@pytest.mark.parametrize(
    "write",
    [
        lambda movie: movie.save(),
        lambda movie: movie.save(update_fields=["title"]),
        lambda movie: Movie.objects.filter(pk=movie.pk).update(title=movie.title),
        lambda movie: Movie.objects.bulk_update([movie], ["title"]),
    ],
    ids=["save", "save of a field", "update", "bulk update"],
)
def test_a_changed_title_is_found_whichever_way_it_is_written(write):
    movie = make_movie("Alien")
    movie.title = f"Am{UPPER}lie"

    write(movie)

    assert api_found("movies", search=f"am{LOWER}") == [movie.pk]
    assert api_found("movies", search="alien") == []
