"""Migrations keep what was there: screens, shows and tickets from before there were seat plans."""

from datetime import datetime, timedelta, timezone

import pytest
from django.db import connection

from accounts.tests.factories import client_for, make_user
from bookings.models import Booking
from movie_booking.tests.migrations import migrate_to_latest, models_at
from movies.models import Genre, Movie, Screen, Show
from movies.seat_plan import plain_plan

BEFORE = [("movies", "0002_one_show_per_screen_at_a_time"), ("bookings", "0001_initial")]
EIGHT = datetime(2030, 1, 1, 20, tzinfo=timezone.utc)


@pytest.fixture
def models_before(transactional_db):
    with models_at(BEFORE) as models:
        yield models


@pytest.mark.parametrize(
    ("total_seats", "seat_number", "label"),
    [(25, 17, "B7"), (25, 25, "C5"), (1, 1, "A1"), (270, 270, "AA10"), (6000, 6000, "WB10")],
)
def test_a_screen_without_a_plan_gets_rows_of_ten_and_its_tickets_keep_their_labels(
    models_before, total_seats, seat_number, label
):
    user = make_user()
    movie = models_before.get_model("movies", "Movie").objects.create(title="Dune", duration_minutes=155)
    cinema = models_before.get_model("movies", "Cinema").objects.create(name="Rex")
    screen = models_before.get_model("movies", "Screen").objects.create(
        cinema=cinema, name="Screen 1", total_seats=total_seats
    )
    show = models_before.get_model("movies", "Show").objects.create(
        movie=movie,
        screen=screen,
        starts_at=EIGHT,
        ends_at=EIGHT + timedelta(minutes=155),
        screen_free_at=EIGHT + timedelta(minutes=170),
        total_seats=total_seats,
        price=10,
        live_seats=1,
    )
    models_before.get_model("bookings", "Booking").objects.create(
        show_id=show.pk, user_id=user.pk, seat_number=seat_number, price=10
    )

    migrate_to_latest()

    assert Screen.objects.get().seat_plan == Show.objects.get().seat_plan == plain_plan(total_seats)
    assert Booking.objects.get().seat_label == label
    assert client_for(user).get("/api/bookings/").data["results"][0]["seat_label"] == label
    assert client_for().get(f"/api/shows/{show.pk}/seats/?fields=availability").json() == {
        "show": show.pk,
        "seats_version": 0,
        "available_seats": total_seats - 1,
        "status": "ON_SALE",
        "taken": {"held": [], "booked": [seat_number], "blocked": []},
    }


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Genre, Movie, Screen, Show], ids=lambda model: model.__name__)
def test_constraints_have_the_names_in_the_database_that_the_models_say(model):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)

    assert {constraint.name for constraint in model._meta.constraints} - found.keys() == set()
