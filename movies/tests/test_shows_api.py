"""The list of shows, and one show."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from accounts.tests.factories import client_for
from movies.models import Show
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show, utc

pytestmark = pytest.mark.django_db


def shows(query="", path="/api/shows/"):
    response = client_for().get(f"{path}{query}")
    assert response.status_code == 200
    return [show["id"] for show in response.data["results"]]


def test_a_show_says_what_where_and_when_it_is_and_how_many_seats_are_free():
    screen = make_screen(name="Screen 1", cinema=make_cinema(name="Odeon", time_zone="Europe/Berlin"))
    show = make_show(
        movie=make_movie("Inception", duration_minutes=148),
        screen=screen,
        starts_at=utc(2030, 1, 1, 20),
        total_seats=50,
        live_seats=8,
        price=Decimal("12.50"),
        premium_price=Decimal("15.00"),
        sales_open_at=utc(2029, 12, 1, 9),
        sales_cutoff_minutes=30,
    )

    response = client_for().get(f"/api/shows/{show.pk}/")

    assert response.status_code == 200
    assert response.json() == {
        "id": show.pk,
        "movie": show.movie_id,
        "movie_title": "Inception",
        "screen": screen.pk,
        "screen_name": "Screen 1",
        "cinema": screen.cinema_id,
        "cinema_name": "Odeon",
        "time_zone": "Europe/Berlin",
        "starts_at": "2030-01-01T20:00:00.000000Z",
        "ends_at": "2030-01-01T22:28:00.000000Z",
        "total_seats": 50,
        "pre_show_minutes": 0,
        "available_seats": 42,
        "price": "12.50",
        "prices": {
            "standard": "12.50",
            "premium": "15.00",
            "sofa": "12.50",
            "wheelchair": "12.50",
            "companion": "12.50",
        },
        "currency": "EUR",
        "status": "ON_SALE",
        "sales_open_at": "2029-12-01T09:00:00.000000Z",
        "sales_close_at": "2030-01-01T19:30:00.000000Z",
        "no_single_seats": False,
        "cancel_reason": None,
        "version": 0,
    }


def test_the_list_says_the_same_of_a_show_as_its_own_page():
    show = make_show(live_seats=3)

    assert client_for().get("/api/shows/").json() == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [client_for().get(f"/api/shows/{show.pk}/").json()],
    }


@pytest.mark.parametrize("field", ["movie", "screen", "cinema"])
def test_the_shows_of_one_movie_screen_or_cinema(field):
    show, other = make_show(), make_show()
    ids = {
        "movie": (show.movie_id, other.movie_id),
        "screen": (show.screen_id, other.screen_id),
        "cinema": (show.screen.cinema_id, other.screen.cinema_id),
    }[field]

    assert shows(f"?{field}={ids[0]}") == [show.pk]
    assert shows(f"?{field}={ids[1]}") == [other.pk]
    assert shows(f"?{field}={2**63 - 1}") == []


def test_filters_add_up():
    movie = make_movie()
    show = make_show(movie=movie)
    make_show(movie=movie, status=Show.Status.CANCELLED)
    make_show()

    assert shows(f"?movie={movie.pk}&upcoming=true&screen={show.screen_id}") == [show.pk]
    assert shows(f"?movie={movie.pk}&status=CANCELLED&screen={show.screen_id}") == []


def test_a_date_is_a_day_by_the_clock_of_each_cinema():
    tokyo = make_screen(cinema=make_cinema(time_zone="Asia/Tokyo"))
    new_york = make_screen(cinema=make_cinema(time_zone="America/New_York"))
    # Noon of 1 May in London: in Tokyo the evening, in New York the morning of that day.
    for screen in (tokyo, new_york):
        make_show(screen=screen, starts_at=utc(2030, 5, 1, 11))
    late_in_new_york = make_show(screen=new_york, starts_at=utc(2030, 5, 2, 2))  # 22:00 on 1 May
    early_in_tokyo = make_show(screen=tokyo, starts_at=utc(2030, 5, 1, 20))  # 05:00 on 2 May

    assert late_in_new_york.pk in shows("?date=2030-05-01")
    assert early_in_tokyo.pk not in shows("?date=2030-05-01")
    assert shows("?date=2030-05-02") == [early_in_tokyo.pk]
    assert len(shows("?date=2030-05-01")) == 3
    assert shows("?date=2030-04-30") == []


@pytest.mark.parametrize(
    ("zone", "day", "first", "next_first"),
    [
        # From midnight to midnight it is 24 hours, but 23 and 25 when the clocks change.
        ("UTC", "2030-06-15", utc(2030, 6, 15), utc(2030, 6, 16)),
        ("Europe/London", "2030-03-31", utc(2030, 3, 31), utc(2030, 3, 31, 23)),
        ("Europe/London", "2030-10-27", utc(2030, 10, 26, 23), utc(2030, 10, 28)),
        ("America/New_York", "2030-03-10", utc(2030, 3, 10, 5), utc(2030, 3, 11, 4)),
        # Where the clocks skip midnight itself, the day begins at one o'clock.
        ("America/Havana", "2030-03-10", utc(2030, 3, 10, 5), utc(2030, 3, 11, 4)),
        ("Asia/Kolkata", "2030-06-15", utc(2030, 6, 14, 18, 30), utc(2030, 6, 15, 18, 30)),
    ],
)
def test_a_day_begins_and_ends_at_midnight_even_when_the_clocks_change(zone, day, first, next_first):
    cinema = make_cinema(time_zone=zone)
    moment = timedelta(microseconds=1)
    _, begins, ends, _ = [
        make_show(screen=make_screen(cinema=cinema), starts_at=start).pk
        for start in (first - moment, first, next_first - moment, next_first)
    ]

    assert shows(f"?date={day}") == [begins, ends]


def test_a_date_where_there_is_no_cinema_finds_nothing():
    assert shows("?date=2030-01-01") == []


def test_starts_after_includes_the_moment_and_starts_before_does_not():
    first, second, third = [make_show(starts_at=utc(2030, 1, day, 12)).pk for day in (1, 2, 3)]

    assert shows("?starts_after=2030-01-02T12:00:00Z") == [second, third]
    assert shows("?starts_before=2030-01-02T12:00:00Z") == [first]
    assert shows("?starts_after=2030-01-01T12:00:01Z&starts_before=2030-01-03T12:00:00Z") == [second]
    assert shows("?starts_after=2030-01-02T15:00:00%2B03:00") == [second, third]
    assert shows("?starts_after=2030-01-02T12:00:00") == [second, third]  # UTC, if it does not say


def test_upcoming_is_what_is_on_sale_and_has_yet_to_start():
    tomorrow = make_show()
    started = make_show(starts_at=now() - timedelta(minutes=1))
    cancelled = make_show(starts_at=now() + timedelta(days=2), status=Show.Status.CANCELLED)

    assert shows("?upcoming=true") == [tomorrow.pk]
    assert shows("?upcoming=false") == [started.pk, cancelled.pk]
    assert shows("?upcoming=TRUE") == shows("?upcoming=1") == [tomorrow.pk]
    assert len(shows("?upcoming=")) == 3
    assert shows() == [started.pk, tomorrow.pk, cancelled.pk]


@pytest.mark.parametrize("value", ["maybe", "2", "None", "%00"])
def test_upcoming_is_true_or_false(value):
    response = client_for().get(f"/api/shows/?upcoming={value}")

    assert (response.status_code, response.data["errors"]) == (400, {"upcoming": ["Send true or false."]})


def test_shows_of_one_status():
    on_sale, cancelled = make_show(), make_show(status=Show.Status.CANCELLED)

    assert shows("?status=ON_SALE") == [on_sale.pk]
    assert shows("?status=CANCELLED") == [cancelled.pk]


def test_shows_are_found_by_the_title_of_their_movie():
    show = make_show(movie=make_movie("Inception"))
    make_show(movie=make_movie("Parasite"))

    assert shows("?search=incep") == [show.pk]


def test_the_list_is_ordered_by_start_or_by_price():
    late = make_show(starts_at=utc(2030, 1, 2), price=Decimal("8.00"))
    early = make_show(starts_at=utc(2030, 1, 1), price=Decimal("12.00"))

    assert shows() == [early.pk, late.pk]
    assert shows("?ordering=-starts_at") == [late.pk, early.pk]
    assert shows("?ordering=price") == [late.pk, early.pk]
    assert shows("?ordering=-price") == [early.pk, late.pk]


@pytest.mark.parametrize("ordering", ["starts_at", "-starts_at", "price", "-price"])
def test_pages_neither_repeat_nor_miss_a_show_when_all_compare_alike(ordering):
    made = [make_show(starts_at=utc(2030, 1, 1)).pk for _ in range(7)]

    seen = [show for page in (1, 2, 3, 4) for show in shows(f"?ordering={ordering}&page_size=2&page={page}")]

    assert seen == made  # the first made comes first, in either direction


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("query", "queries"),
    [
        ("", 2),  # how many there are, and the page
        ("?upcoming=true&search=inception", 2),
        ("?cinema={cinema}&movie={movie}&ordering=-price&page=last", 2),
        ("?date=2030-01-01&page=last", 3),  # and the time zones
    ],
)
def test_the_list_costs_as_many_queries_for_any_number_of_shows(
    query, queries, rows, django_assert_num_queries
):
    cinema, movie = make_cinema(), make_movie("Inception")
    for _ in range(rows):
        make_show(movie=movie, screen=make_screen(cinema=cinema), starts_at=utc(2030, 1, 1))

    with django_assert_num_queries(queries):
        assert len(shows(query.format(cinema=cinema.pk, movie=movie.pk))) == rows


def test_one_show_costs_one_query(django_assert_num_queries):
    show = make_show()

    with django_assert_num_queries(1):
        client_for().get(f"/api/shows/{show.pk}/")
