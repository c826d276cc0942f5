"""The demo data that `make run` makes."""

from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import User
from accounts.tests.factories import client_for, make_user
from bookings import demo
from bookings.demo import DEMO_PASSWORD
from bookings.models import Booking, BookingEvent, Order
from movies.models import Cinema, Movie, Screen, Show

pytestmark = pytest.mark.django_db


def seed(*arguments):
    output = StringIO()
    call_command("seed_demo", *arguments, stdout=output)
    return output.getvalue().splitlines()


def test_a_week_is_made_once_with_true_counts_and_a_second_run_adds_nothing():
    first = seed()
    for show in Show.objects.all():
        assert show.live_seats == show.bookings.live().count()
    counts = [
        model.objects.count() for model in (Movie, Cinema, Screen, Show, Order, Booking, BookingEvent, User)
    ]

    second = seed()

    assert [line.split(":")[0] for line in first[:7]] == [f"Day {day} of 7" for day in range(1, 8)]
    assert second[-1] == "New: 0 shows, 0 bookings."
    assert [
        model.objects.count() for model in (Movie, Cinema, Screen, Show, Order, Booking, BookingEvent, User)
    ] == counts
    assert counts[1] == 2
    assert len(set(Cinema.objects.values_list("time_zone", flat=True))) == 2


def test_with_if_empty_a_database_with_movies_is_left_alone():
    Movie.objects.create(title="Ours", duration_minutes=90)

    assert seed("--if-empty") == ["There are movies already: no demo data added."]
    assert Show.objects.count() == 0


def test_the_seat_of_the_readme_is_free(monkeypatch):
    monkeypatch.setattr(demo, "DAYS", demo.DAYS[:1])  # its show is on the day that is made first
    seed()

    first = Show.objects.order_by("id").first()
    response = client_for(make_user()).post(f"/api/shows/{first.pk}/book/", {"seat_number": 5})
    assert response.status_code == 201


def test_demo_customers_cannot_log_in_in_production(settings, monkeypatch):
    settings.DEBUG = False
    monkeypatch.setattr(demo, "DAYS", ())  # customers are made before any day is
    seed()

    response = client_for().post("/api/login/", {"username": "demo", "password": DEMO_PASSWORD})

    assert response.status_code == 401
