"""A 201 says where what was made can be read, and there it is."""

from urllib.parse import urlsplit

import pytest
from django.urls import set_script_prefix

from accounts.tests.factories import client_for, make_staff, make_user
from movie_booking.api.locations import location_of
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

CATALOGUE = ["add_movie", "add_cinema", "add_screen", "add_show", "view_show"]


def made(client, path, body, **headers):
    response = client.post(f"/api/{path}", body, **headers)
    assert response.status_code == 201, response.data
    assert urlsplit(response["Location"]).path == response["Location"]
    return response


def test_of_what_customers_make():
    show, user = make_show(), make_user()
    client = client_for(user)

    for path, body in [
        (f"shows/{show.pk}/book/", {"seat_number": 5}),
        ("orders/", {"show": show.pk, "seat_numbers": [6, 7]}),
    ]:
        response = made(client, path, body)
        there = client.get(response["Location"]).json()
        assert (there.get("id"), there.get("reference")) == (
            response.json().get("id"),
            response.json().get("reference"),
        )


def test_of_what_staff_make():
    client = client_for(make_staff(*CATALOGUE))
    cinema, movie, screen = make_cinema(), make_movie(), make_screen()

    for path, body in [
        ("movies/", {"title": "Dune", "duration_minutes": 155}),
        ("cinemas/", {"name": "Rex", "time_zone": "Europe/Paris"}),
        ("screens/", {"cinema": cinema.pk, "name": "2", "total_seats": 30}),
        ("shows/", {"movie": movie.pk, "screen": screen.pk, "starts_at": "2031-01-01T20:00:00Z"}),
    ]:
        response = made(client, path, body)
        assert client.get(response["Location"]).json() == response.json()


def test_of_an_account():
    response = made(
        client_for(),
        "signup/",
        {"username": "john", "password": "securepass123", "email": "john@example.com"},
    )

    assert response["Location"] == "/api/me/"


def test_of_a_replay():
    show, user = make_show(), make_user()
    first, second = (
        made(client_for(user), "orders/", {"show": show.pk, "seat_numbers": [6]}, HTTP_IDEMPOTENCY_KEY="k")
        for _ in range(2)
    )

    assert second["Idempotent-Replayed"] == "true"
    assert second["Location"] == first["Location"]


def test_below_a_path():
    set_script_prefix("/cinema/")
    try:
        where = location_of("bookings/{id}/", {"id": 7})
    finally:
        set_script_prefix("/")

    assert where == "/cinema/api/bookings/7/"
