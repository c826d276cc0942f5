"""Migrations keep what was there: screens, shows and tickets from before there were seat plans."""

from datetime import datetime, timedelta, timezone

import pytest
from django.db import connection

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from movie_booking.tests.migrations import migrate_to_latest, models_at
from movies.models import Cinema, Genre, Movie, Screen, Show
from movies.seat_plan import plain_plan

BEFORE = [("movies", "0002_one_show_per_screen_at_a_time"), ("bookings", "0001_initial")]
EIGHT = datetime(2030, 1, 1, 20, tzinfo=timezone.utc)


@pytest.fixture
def models_before(transactional_db):
    with models_at(BEFORE) as models:
        yield models


def test_screens_without_a_plan_get_rows_of_ten_and_their_tickets_keep_their_labels(models_before):
    user = make_user()
    make_movie, make_cinema, make_screen, make_show, make_booking = (
        models_before.get_model(name).objects.create
        for name in ("movies.Movie", "movies.Cinema", "movies.Screen", "movies.Show", "bookings.Booking")
    )
    movie, cinema = make_movie(title="Dune", duration_minutes=155), make_cinema(name="Rex")
    # In one database, because going back to it takes far longer than the rest.
    tickets = []
    for number, (total_seats, seat_number, label) in enumerate(
        [(25, 17, "B7"), (25, 25, "C5"), (1, 1, "A1"), (270, 270, "AA10"), (6000, 6000, "WB10")]
    ):
        screen = make_screen(cinema=cinema, name=f"Screen {number}", total_seats=total_seats)
        show = make_show(
            movie=movie,
            screen=screen,
            starts_at=EIGHT,
            ends_at=EIGHT + timedelta(minutes=155),
            screen_free_at=EIGHT + timedelta(minutes=170),
            total_seats=total_seats,
            price=10,
            live_seats=1,
        )
        booking = make_booking(show_id=show.pk, user_id=user.pk, seat_number=seat_number, price=10)
        tickets.append((booking.pk, show.pk, screen.pk, total_seats, seat_number, label))

    migrate_to_latest()

    labels = {row["id"]: row["seat_label"] for row in client_for(user).get("/api/bookings/").data["results"]}
    assert labels == {booking: label for booking, *_, label in tickets}
    for booking, show, screen, total_seats, seat_number, label in tickets:
        assert Screen.objects.get(pk=screen).seat_plan == plain_plan(total_seats)
        assert Show.objects.get(pk=show).seat_plan == plain_plan(total_seats)
        assert Booking.objects.get(pk=booking).seat_label == label
        assert client_for().get(f"/api/shows/{show}/seats/?fields=availability").json() == {
            "show": show,
            "show_version": 0,
            "seats_version": 0,
            "available_seats": total_seats - 1,
            "status": "ON_SALE",
            "taken": {"held": [], "booked": [seat_number], "blocked": []},
        }


@pytest.fixture
def models_unfolded(transactional_db):
    with models_at([("movies", "0006_constraint_names")]) as models:
        yield models


E_ACUTE, E_AND_ACUTE = "\N{LATIN CAPITAL LETTER E WITH ACUTE}", "e\N{COMBINING ACUTE ACCENT}"


def test_texts_from_before_are_found_however_they_are_written(models_unfolded):
    movie = models_unfolded.get_model("movies", "Movie").objects.create(
        title=f"Am{E_AND_ACUTE}lie", duration_minutes=122, language="Fran\xe7ais"
    )

    migrate_to_latest()

    [found] = client_for().get(f"/api/movies/?search=am{E_ACUTE}LIE&language=FRAN\xc7AIS").data["results"]
    assert (found["id"], found["title"]) == (movie.pk, f"Am{E_AND_ACUTE}lie")


def test_genres_that_are_one_when_folded_become_one_with_the_films_of_all(models_unfolded):
    genres, movies = (models_unfolded.get_model("movies", name).objects for name in ("Genre", "Movie"))
    # With a letter that databases of all kinds take for two.
    kept, twin, other = (genres.create(name=name) for name in (f"{E_ACUTE}pop", "E\u0301POP", "Epop"))
    for number, of_film in enumerate([[kept], [twin], [kept, twin], [other]]):
        movies.create(title=f"Film {number}", duration_minutes=100).genres.set(of_film)

    migrate_to_latest()

    assert list(Genre.objects.order_by("id").values_list("id", "name")) == [
        (kept.pk, f"{E_ACUTE}pop"),
        (other.pk, "Epop"),
    ]
    genres_of = {movie.title: [genre.pk for genre in movie.genres.all()] for movie in Movie.objects.all()}
    assert genres_of == {"Film 0": [kept.pk], "Film 1": [kept.pk], "Film 2": [kept.pk], "Film 3": [other.pk]}


def test_cinemas_and_screens_of_one_name_when_folded_get_numbers_and_none_is_lost(models_unfolded):
    cinemas, screens = (models_unfolded.get_model("movies", name).objects for name in ("Cinema", "Screen"))
    names = [f"Caf{E_ACUTE}", f"caf{E_AND_ACUTE}", f"CAF{E_ACUTE} (2)", "Cafe", "x" * 100, "X" * 100]
    rex, *_ = made = [cinemas.create(name=name) for name in names]
    for cinema, name in ((rex, "Screen 1"), (rex, "SCREEN 1"), (made[1], "screen 1")):
        screens.create(cinema=cinema, name=name, total_seats=10)

    migrate_to_latest()

    assert list(Cinema.objects.order_by("id").values_list("name", flat=True)) == [
        f"Caf{E_ACUTE}",
        f"caf{E_AND_ACUTE} (3)",
        f"CAF{E_ACUTE} (2)",
        "Cafe",
        "x" * 100,
        "X" * 96 + " (2)",
    ]
    assert list(Screen.objects.order_by("id").values_list("name", flat=True)) == [
        "Screen 1",
        "SCREEN 1 (2)",
        "screen 1",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Cinema, Genre, Movie, Screen, Show], ids=lambda model: model.__name__)
def test_constraints_have_the_names_in_the_database_that_the_models_say(model):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)

    assert {constraint.name for constraint in model._meta.constraints} - found.keys() == set()


WITHOUT_PRE_SHOW = [("movies", "0008_folded_names")]


@pytest.fixture
def models_without_pre_show(transactional_db):
    with models_at(WITHOUT_PRE_SHOW) as models:
        yield models


def test_shows_from_before_there_was_a_pre_show_have_none_and_end_as_they_did(models_without_pre_show):
    def create(model, **fields):
        return models_without_pre_show.get_model("movies", model).objects.create(**fields)

    movie = create("Movie", title="Dune", duration_minutes=155)
    cinema = create("Cinema", name="Rex")
    screen = create("Screen", cinema=cinema, name="Screen 1", total_seats=50)
    ends_at = EIGHT + timedelta(minutes=155)
    create(
        "Show",
        movie=movie,
        screen=screen,
        starts_at=EIGHT,
        ends_at=ends_at,
        screen_free_at=ends_at,
        total_seats=50,
        price=10,
    )

    migrate_to_latest()

    show = Show.objects.get()
    assert (show.pre_show_minutes, show.ends_at) == (0, ends_at)
    assert Cinema.objects.get().pre_show_minutes is None


@pytest.mark.postgres
def test_overlaps_can_be_looked_at_last_and_are_still_refused(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT condeferrable, condeferred FROM pg_constraint"
            " WHERE conname = 'show_screen_times_do_not_overlap'"
        )
        assert cursor.fetchall() == [(True, False)]
