"""Putting shows on screens: no two need one screen at a time, and a sold ticket stays true."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.tests.factories import client_for, make_staff, make_user
from movie_booking.tests.problems import problem_of
from movies.models import Movie, Show
from movies.tests.factories import make_movie, make_screen, utc

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_quarter_of_an_hour_of_cleaning")]

EIGHT = utc(2030, 1, 1, 20)
FILM = timedelta(minutes=100)
CLEANING = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


@pytest.fixture
def movie():
    return make_movie("Inception", duration_minutes=100)


@pytest.fixture
def screen():
    return make_screen(total_seats=50)


@pytest.fixture
def staff():
    rights = [
        f"{verb}_{model}" for verb in ("add", "change", "delete") for model in ("movie", "screen", "show")
    ]
    return client_for(make_staff(*rights))


@pytest.fixture
def schedule(staff, movie, screen):
    """Put a show on a screen, at eight o'clock by default; return the response."""

    def schedule(starts_at=EIGHT, **fields):
        fields = {"movie": movie.pk, "screen": screen.pk, **fields}
        return staff.post("/api/shows/", {"starts_at": starts_at.isoformat(), **fields})

    return schedule


@pytest.fixture
def change(staff):
    def change(show, **fields):
        return staff.patch(f"/api/shows/{show['id']}/", fields)

    return change


def book(show, seat_number=1):
    response = client_for(make_user()).post(f"/api/shows/{show['id']}/book/", {"seat_number": seat_number})
    assert response.status_code == 201
    return response


def test_the_end_of_a_show_follows_from_the_running_time(schedule):
    response = schedule(EIGHT)

    assert response.status_code == 201
    assert response.data["starts_at"] == "2030-01-01T20:00:00.000000Z"
    assert response.data["ends_at"] == "2030-01-01T21:40:00.000000Z"
    assert response.data["status"] == "ON_SALE"
    assert client_for().get(f"/api/shows/{response.data['id']}/").data == response.data


def test_seats_and_price_default_to_those_of_the_screen_and_of_the_settings(schedule, settings):
    settings.DEFAULT_PRICE = Decimal("11.50")

    response = schedule()

    assert response.data["total_seats"] == 50
    assert response.data["available_seats"] == 50
    assert response.data["price"] == "11.50"


def test_a_show_may_have_fewer_seats_than_its_screen_and_a_price_of_its_own(schedule):
    response = schedule(total_seats=30, price="7.50")

    assert (response.data["total_seats"], response.data["price"]) == (30, "7.50")


def test_a_show_cannot_have_more_seats_than_its_screen(schedule, screen):
    response = schedule(total_seats=51)

    assert response.status_code == 400
    assert response.data["errors"] == {"total_seats": [f"{screen} has 50 seats."]}
    assert Show.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("movie", 10**30),
        ("movie", "1"),
        ("screen", 0),
        ("screen", None),
        ("starts_at", "tomorrow"),
        ("starts_at", 1893528000),
        ("starts_at", "2030-02-30T20:00:00Z"),
        ("starts_at", "0001-01-01T00:00:00+14:00"),
        ("starts_at", "9999-12-31T23:59:59-14:00"),
        ("total_seats", 0),
        ("total_seats", 50.0),
        ("total_seats", "50"),
        ("total_seats", 10**30),
        ("price", -1),
        ("price", "0.001"),
        ("price", "NaN"),
        ("price", "Infinity"),
        ("price", "1e30"),
        ("price", True),
        ("price", 10**30),
    ],
)
def test_what_is_no_show_is_refused_with_the_field(schedule, staff, movie, screen, field, value):
    body = {"movie": movie.pk, "screen": screen.pk, "starts_at": EIGHT.isoformat(), field: value}

    response = staff.post("/api/shows/", body)

    assert response.status_code == 400
    assert response.data["code"] == "invalid"
    assert response.data["errors"].keys() == {field}
    assert Show.objects.count() == 0


@pytest.mark.parametrize(
    ("starts_at", "status"),
    [
        (EIGHT, 409),
        (EIGHT + SECOND, 409),
        (EIGHT + FILM - SECOND, 409),  # still running
        (EIGHT + FILM, 409),  # being cleaned
        (EIGHT + FILM + CLEANING - SECOND, 409),
        (EIGHT + FILM + CLEANING, 201),
        (EIGHT - FILM, 409),  # no time to clean before the first
        (EIGHT - FILM - CLEANING + SECOND, 409),
        (EIGHT - FILM - CLEANING, 201),
        (EIGHT + timedelta(days=1), 201),
    ],
)
def test_a_screen_is_occupied_until_it_is_cleaned(schedule, starts_at, status):
    schedule(EIGHT)

    assert schedule(starts_at).status_code == status
    assert Show.objects.count() == (2 if status == 201 else 1)


@pytest.mark.parametrize("minutes", [10, 300])
def test_a_shorter_show_within_and_a_longer_one_around_overlap_too(schedule, minutes):
    schedule(EIGHT)
    movie = make_movie(duration_minutes=minutes)

    starts_at = EIGHT + (FILM - timedelta(minutes=minutes)) / 2

    assert schedule(starts_at, movie=movie.pk).status_code == 409


def test_a_refusal_names_the_shows_that_overlap(schedule):
    first = schedule(EIGHT).data
    second = schedule(EIGHT + FILM + CLEANING).data

    response = schedule(EIGHT + timedelta(hours=1))

    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"
    assert problem_of(response) == {
        "type": "urn:problem-type:movie-booking:screen_occupied",
        "title": "Screen occupied",
        "status": 409,
        "detail": "Another show is on this screen at that time, or it is being cleaned.",
        "code": "screen_occupied",
        "shows": [
            {
                "id": first["id"],
                "movie_title": "Inception",
                "starts_at": "2030-01-01T20:00:00.000000Z",
                "screen_free_at": "2030-01-01T21:55:00.000000Z",
            },
            {
                "id": second["id"],
                "movie_title": "Inception",
                "starts_at": "2030-01-01T21:55:00.000000Z",
                "screen_free_at": "2030-01-01T23:50:00.000000Z",
            },
        ],
    }


def test_without_cleaning_one_show_may_begin_when_the_last_ends(schedule, settings):
    settings.CLEANING_MINUTES = 0
    schedule(EIGHT)

    assert schedule(EIGHT + FILM - SECOND).status_code == 409
    assert schedule(EIGHT + FILM).status_code == 201


def test_another_screen_is_free(schedule):
    schedule(EIGHT)

    assert schedule(EIGHT, screen=make_screen().pk).status_code == 201


def test_a_draft_occupies_its_screen_too(schedule):
    schedule(EIGHT, status="DRAFT")

    assert schedule(EIGHT).data["code"] == "screen_occupied"


def test_a_draft_is_put_on_sale_and_stays_so(schedule, staff):
    show = schedule(EIGHT, status="DRAFT").data
    row = Show.objects.get(pk=show["id"])
    viewer = client_for(make_staff("view_show", "change_show"))

    for status, expected in (("DRAFT", 200), ("ON_SALE", 200), ("ON_SALE", 200), ("DRAFT", 409)):
        response = viewer.patch(f"/api/shows/{show['id']}/", {"status": status})
        assert response.status_code == expected
    assert response.data["code"] == "wrong_status"
    row.refresh_from_db()
    assert row.status == "ON_SALE"


@pytest.mark.parametrize("status", ["DRAFT", "ON_SALE"])
def test_a_show_is_not_cancelled_by_changing_its_status(schedule, status):
    show = schedule(EIGHT, status=status).data
    staff = client_for(make_staff("view_show", "change_show"))

    response = staff.patch(f"/api/shows/{show['id']}/", {"status": "CANCELLED"})

    assert response.status_code == 400
    assert response.data["errors"].keys() == {"status"}


def test_a_show_is_not_made_cancelled(schedule):
    assert schedule(EIGHT, status="CANCELLED").data["errors"].keys() == {"status"}


def test_moving_a_show_moves_its_end_and_frees_its_old_time(schedule, change):
    show = schedule(EIGHT).data

    response = change(show, starts_at=(EIGHT + timedelta(days=1)).isoformat())

    assert response.status_code == 200
    assert response.data["ends_at"] == "2030-01-02T21:40:00.000000Z"
    assert schedule(EIGHT).status_code == 201
    assert schedule(EIGHT + timedelta(days=1)).status_code == 409


def test_a_show_does_not_overlap_itself(schedule, change):
    show = schedule(EIGHT).data

    assert change(show, starts_at=(EIGHT + timedelta(minutes=5)).isoformat()).status_code == 200


@pytest.mark.parametrize("moved", ["starts_at", "screen", "movie"])
def test_moving_a_show_onto_another_is_refused_and_moves_nothing(schedule, change, screen, moved):
    other = make_screen(cinema=screen.cinema, total_seats=50)
    schedule(EIGHT + FILM + CLEANING)
    schedule(EIGHT, screen=other.pk)
    show = schedule(EIGHT).data
    change_to = {
        "starts_at": (EIGHT + CLEANING).isoformat(),
        "screen": other.pk,
        "movie": make_movie(duration_minutes=101).pk,
    }[moved]

    response = change(show, **{moved: change_to})

    assert response.status_code == 409
    assert response.data["code"] == "screen_occupied"
    assert client_for().get(f"/api/shows/{show['id']}/").data == show


def test_a_show_without_bookings_may_change_its_movie_screen_and_seats(schedule, change, screen):
    show = schedule(EIGHT).data
    movie = make_movie("Short", duration_minutes=5)
    screen = make_screen(cinema=screen.cinema, total_seats=9)

    response = change(show, movie=movie.pk, screen=screen.pk, total_seats=9)

    assert response.status_code == 200
    assert (response.data["movie_title"], response.data["screen"], response.data["total_seats"]) == (
        "Short",
        screen.pk,
        9,
    )
    assert response.data["ends_at"] == "2030-01-01T20:05:00.000000Z"


def test_a_show_cannot_move_to_a_screen_with_fewer_seats(schedule, change, screen):
    small = make_screen(cinema=screen.cinema, total_seats=49)

    response = change(schedule(EIGHT).data, screen=small.pk)

    assert response.status_code == 400
    assert response.data["errors"].keys() == {"total_seats"}


@pytest.mark.parametrize("booked", [False, True])
def test_a_show_whose_screen_lost_seats_since_can_still_be_moved(schedule, change, staff, screen, booked):
    show = schedule(EIGHT).data
    if booked:
        book(show)
    staff.patch(f"/api/screens/{screen.pk}/", {"total_seats": 40})

    moved = change(show, starts_at=(EIGHT + timedelta(hours=1)).isoformat())

    assert (moved.status_code, moved.data["total_seats"]) == (200, 50)


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize("field", ["movie", "screen", "total_seats"])
def test_what_a_sold_ticket_says_stays_as_it_is(schedule, change, field, cancelled):
    show = schedule(EIGHT).data
    booking = book(show)
    if cancelled:  # the ticket is still in the customer's list
        assert booking.client.post(f"/api/bookings/{booking.data['id']}/cancel/").status_code == 200
    before = client_for().get(f"/api/shows/{show['id']}/").data
    value = {"movie": make_movie().pk, "screen": make_screen().pk, "total_seats": 40}[field]

    response = change(show, **{field: value})

    assert response.status_code == 409
    assert response.data["code"] == "show_has_bookings"
    assert client_for().get(f"/api/shows/{show['id']}/").data == before


def test_a_show_with_bookings_may_change_its_start_and_its_price(schedule, change):
    show = schedule(EIGHT, price="10.00").data
    book(show)

    response = change(show, starts_at=(EIGHT + timedelta(hours=1)).isoformat(), price="12.00")

    assert response.status_code == 200
    assert (response.data["starts_at"], response.data["price"]) == ("2030-01-01T21:00:00.000000Z", "12.00")
    assert response.data["ends_at"] == "2030-01-01T22:40:00.000000Z"
    assert response.data["available_seats"] == 49


def test_saying_again_what_a_booked_show_already_is_changes_nothing(schedule, staff):
    show = schedule(EIGHT).data
    book(show)
    same = {name: show[name] for name in ("movie", "screen", "starts_at", "total_seats", "price", "status")}

    response = staff.put(f"/api/shows/{show['id']}/", same)

    assert response.status_code == 200
    assert response.data == {**show, "available_seats": 49}
    assert Show.objects.get().seats_version == 1  # the booking's: copies of the map stay good


def test_changing_one_field_of_a_show_keeps_what_is_booked(schedule, change):
    show = schedule(EIGHT).data
    book(show, seat_number=1)
    book(show, seat_number=2)

    change(show, price="99.00")

    row = Show.objects.get(pk=show["id"])
    assert (row.live_seats, row.seats_version, row.total_seats) == (2, 3, 50)


@pytest.mark.parametrize("status", ["SOLD_OUT", "", None, 5, "on_sale"])
def test_what_is_no_status_is_refused(schedule, change, status):
    response = change(schedule(EIGHT).data, status=status)

    assert response.status_code == 400
    assert response.data["errors"].keys() == {"status"}


def test_a_show_without_bookings_can_be_deleted(schedule, staff):
    show = schedule(EIGHT).data

    assert staff.delete(f"/api/shows/{show['id']}/").status_code == 204
    assert Show.objects.count() == 0


@pytest.mark.parametrize("model", ["show", "movie", "screen"])
def test_what_was_sold_cannot_be_deleted(schedule, staff, model):
    show = schedule(EIGHT).data
    book(show)

    response = staff.delete(f"/api/{model}s/{show['id'] if model == 'show' else show[model]}/")

    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"
    assert response.data["code"] == "in_use"
    assert (Show.objects.count(), Movie.objects.count()) == (1, 1)
