"""At the API, staff touch nothing of other cinemas than theirs."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts.tests.factories import client_for, make_user
from bookings.tests.factories import block, book, hold
from movie_booking.tests.endpoints import refusal
from movies.models import Show
from movies.tests.factories import give_role, make_cinema, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

DENIED = (403, "permission_denied")
START = "2031-01-01T20:00:00Z"
RIGHTS = [
    *(f"movies.{verb}_movie" for verb in ("add", "change", "delete")),
    *(f"movies.{verb}_{model}" for verb in ("add", "change", "delete") for model in ("screen", "show")),
    *("movies.view_show", "movies.change_cinema", "movies.add_cinema", "movies.delete_cinema"),
    *("movies.move_show", "bookings.block_seats"),
]  # fmt: skip


@pytest.fixture
def mine():
    return make_show(screen=make_screen(cinema=make_cinema(name="Mine")))


@pytest.fixture
def theirs():
    return make_show(screen=make_screen(cinema=make_cinema(name="Theirs")))


@pytest.fixture
def staff(mine):
    return give_role(make_user(), RIGHTS, mine.screen.cinema)


@pytest.fixture
def api(staff):
    return client_for(staff)


@pytest.mark.parametrize(
    ("method", "path", "body", "done"),
    [
        ("PATCH", "cinemas/{cinema}/", {"name": "New"}, 200),
        ("PATCH", "screens/{screen}/", {"name": "New"}, 200),
        ("PATCH", "shows/{show}/", {"price": "9.00"}, 200),
        ("POST", "screens/", {"cinema": "{cinema}", "name": "New", "total_seats": 9}, 201),
        ("POST", "shows/", {"movie": "{movie}", "screen": "{screen}", "starts_at": START}, 201),
        ("POST", "shows/{show}/block/", {"seats": "A1"}, 200),
        ("POST", "shows/{show}/free/", {"seats": "A1"}, 200),
        ("POST", "shows/{show}/move/", {"starts_at": START, "reason": "Late"}, 200),
        ("POST", "shows/{show}/cancel/", {"reason": "No heating"}, 200),
        ("POST", "shows/{show}/book/", {"seat_number": 2, "leave_single_seat": True}, 201),
        ("POST", "orders/", {"show": "{show}", "seat_numbers": [2], "leave_single_seat": True}, 201),
        ("DELETE", "shows/{show}/", None, 204),
    ],
)
def test_a_right_counts_in_its_cinema(api, mine, theirs, method, path, body, done):
    def call(show):
        ids = {
            "show": show.pk,
            "screen": show.screen_id,
            "cinema": show.screen.cinema_id,
            "movie": show.movie_id,
        }
        filled = body and {
            name: ids[value.strip("{}")] if str(value).startswith("{") else value
            for name, value in body.items()
        }
        return api.generic(method, f"/api/{path.format(**ids)}", api._encode_data(filled, "json")[0] if filled
                           else b"", content_type="application/json")  # fmt: skip

    if "free" in path:
        block(mine, "A1")

    assert refusal(call(theirs)) == DENIED
    assert call(mine).status_code == done


def test_a_cinema_is_opened_and_deleted_only_by_staff_of_all(api, mine):
    assert refusal(api.post("/api/cinemas/", {"name": "Third"})) == DENIED
    assert refusal(api.delete(f"/api/cinemas/{make_cinema().pk}/")) == DENIED
    assert client_for(give_role(make_user(), RIGHTS)).post("/api/cinemas/", {"name": "X"}).status_code == 201


def test_both_cinemas_must_be_theirs_where_something_goes_to_another(api, mine, theirs):
    empty = make_screen(cinema=mine.screen.cinema)
    to_them = {"screen": theirs.screen_id}

    assert refusal(api.patch(f"/api/screens/{empty.pk}/", {"cinema": theirs.screen.cinema_id})) == DENIED
    assert refusal(api.patch(f"/api/shows/{mine.pk}/", to_them)) == DENIED
    assert refusal(api.post(f"/api/shows/{mine.pk}/move/", {**to_them, "reason": "Flood"})) == DENIED


def test_drafts_are_seen_by_staff_of_their_cinema(api, mine, theirs):
    Show.objects.update(status=Show.Status.DRAFT)

    assert [show["id"] for show in api.get("/api/shows/").data["results"]] == [mine.pk]
    assert api.get(f"/api/shows/{theirs.pk}/").status_code == 404
    assert client_for(make_user()).get("/api/shows/").data["results"] == []


def test_single_seats_are_left_only_where_the_right_to_block_counts(api, staff, mine, theirs):
    order, booking = hold(theirs, 1, user=staff), book(theirs, 2, user=staff)
    leave = {"leave_single_seat": True}

    assert refusal(api.post(f"/api/orders/{order.reference}/cancel/", leave)) == DENIED
    assert refusal(api.post(f"/api/bookings/{booking.pk}/cancel/", leave)) == DENIED
    own = hold(mine, 1, user=staff)
    away = {"from": [1], "to_show": theirs.pk, "to": [5], **leave}
    assert refusal(api.post(f"/api/orders/{own.reference}/exchange/", away)) == DENIED
    assert api.post(f"/api/orders/{own.reference}/cancel/", leave).status_code == 200


def test_another_running_time_is_refused_if_it_changes_shows_elsewhere(api, staff, mine):
    movie = make_movie(duration_minutes=100)
    path = f"/api/movies/{movie.pk}/"
    make_show(movie=movie, screen=mine.screen, starts_at=now() + timedelta(days=9))
    assert api.patch(path, {"duration_minutes": 101}).status_code == 200
    elsewhere = make_show(movie=movie, screen=make_screen(cinema=make_cinema(name="Roxy")))

    response = api.patch(path, {"duration_minutes": 102})

    assert refusal(response) == (403, "other_cinemas")
    assert response.data["cinemas"] == ["Roxy"]
    assert api.patch(path, {"title": "Otherwise", "duration_minutes": 101}).status_code == 200
    book(elsewhere, 1)
    assert api.patch(path, {"duration_minutes": 102, "keep": True}).status_code == 200


@pytest.mark.parametrize("show_id", [0, 2**63, 10**19 - 1])
def test_a_show_that_is_not_there_is_not_found_by_staff_of_one_cinema_too(api, show_id):
    assert refusal(api.post(f"/api/shows/{show_id}/block/", {"seats": "A1"})) == (404, "not_found")
