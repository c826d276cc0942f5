"""A show knows its cinema, for ever: the services, the database and the migrations see to that."""

from datetime import datetime, timedelta, timezone
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from bookings.models import OrderNote
from movie_booking.tests.migrations import migrate, migrate_to_latest, models_at
from movies.models import Show
from movies.services import schedule_show, schedule_week
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show, tomorrow

EIGHT = datetime(2030, 1, 1, 20, tzinfo=timezone.utc)


@pytest.mark.django_db
def test_a_show_that_is_scheduled_has_the_cinema_of_its_screen():
    screen = make_screen()

    show = schedule_show(movie=make_movie(), screen=screen, starts_at=tomorrow())
    week = schedule_week(movie=make_movie(), screens=[screen], dates=[EIGHT.date()], times=[EIGHT.time()])

    assert {Show.objects.get(pk=each.pk).cinema_id for each in [show, *week]} == {screen.cinema_id}


@pytest.mark.django_db
def test_no_update_gives_a_show_another_cinema():
    show, other = make_show(), make_cinema()

    with pytest.raises(IntegrityError, match="a show stays in its cinema"), transaction.atomic():
        Show.objects.filter(pk=show.pk).update(cinema=other)

    assert Show.objects.filter(pk=show.pk).update(cinema=show.cinema_id, price=5) == 1


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_database_refuses_a_screen_of_another_cinema():
    show, other = make_show(), make_screen()

    for rows, change in (
        (Show.objects.filter(pk=show.pk), {"screen": other}),
        (type(other).objects.filter(pk=show.screen_id), {"cinema": other.cinema}),
    ):
        with pytest.raises(IntegrityError, match="show_cinema_is_of_screen"), transaction.atomic():
            rows.update(**change)


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_host_of_the_release_before_schedules_while_others_run_this_one():
    show = make_show()
    with connection.cursor() as cursor:
        columns = [field.column for field in Show._meta.concrete_fields if field.name not in ("id", "cinema")]
        times = ("starts_at", "ends_at", "screen_free_at")
        values = [f"{name} + interval '9 days'" if name in times else name for name in columns]
        into, row = ", ".join(columns), ", ".join(values)
        cursor.execute(f"INSERT INTO movies_show ({into}) SELECT {row} FROM movies_show RETURNING cinema_id")  # noqa: S608
        assert cursor.fetchall() == [(show.cinema_id,)]


@pytest.fixture
def models_before(transactional_db):
    with models_at([("movies", "0013_machine_keys"), ("bookings", "0021_machines_in_background")]) as models:
        yield models


def test_shows_and_notes_from_before_get_their_cinema_and_show_and_the_way_back_loses_nothing(
    models_before, monkeypatch
):
    old_shows = import_module("movies.migrations.0015_cinema_of_old_shows")
    monkeypatch.setattr(old_shows, "BATCH", 4)  # of six shows

    def create(model, **fields):
        return models_before.get_model(*model.split(".")).objects.create(**fields)

    movie = create("movies.Movie", title="Dune", duration_minutes=155)
    cinemas = {}
    for number in range(3):
        cinema = create("movies.Cinema", name=f"Rex {number}")
        screen = create("movies.Screen", cinema=cinema, name="Screen 1", total_seats=50)
        for hours in (0, 5):
            times = {"starts_at": EIGHT + timedelta(hours=hours)}
            times |= dict.fromkeys(("ends_at", "screen_free_at"), EIGHT + timedelta(hours=hours + 3))
            show = create("movies.Show", movie=movie, screen=screen, total_seats=50, price=10, **times)
            cinemas[show.pk] = cinema.pk
    author = create("accounts.User", username="ann", email="ann@example.com")
    order = create(
        "bookings.Order",
        reference="A",
        user=author,
        show=show,
        refund_tiers="",
        cancel_cutoff_minutes=0,
        promised_starts_at=EIGHT,
        promised_screen=screen,
    )
    note = create("bookings.OrderNote", order=order, author=author, text="Late")

    migrate_to_latest()

    assert dict(Show.objects.values_list("pk", "cinema_id")) == cinemas
    assert OrderNote.objects.get().show_id == show.pk

    before = migrate([("movies", "0013_machine_keys"), ("bookings", "0021_machines_in_background")])
    assert before.get_model("movies", "Show").objects.count() == len(cinemas)
    assert before.get_model("bookings", "OrderNote").objects.get().pk == note.pk
    migrate_to_latest()
    assert dict(Show.objects.values_list("pk", "cinema_id")) == cinemas
