"""A week of shows is scheduled whole, or not at all."""

from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial

import pytest

from movie_booking.errors import Invalid
from movies.errors import WeekHasOverlaps
from movies.models import Show
from movies.seat_plan import plain_plan
from movies.services import preview_week, save_screen, schedule_show, schedule_week
from movies.services.week_schedule import MAX_SHOWS
from movies.tests.factories import make_screen, utc
from movies.tests.weeks import EIGHT, MONDAY, TWO, WEEK
from movies.times import dates_between

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_quarter_of_an_hour_of_cleaning")]


def test_a_week_is_made_with_its_sale_fields_and_the_plan_of_each_screen(movie, screens):
    save_screen(screens[1], seat_plan="A PP\nB SS")

    shows = schedule_week(
        movie=movie,
        screens=screens,
        dates=WEEK,
        times=[TWO, EIGHT],
        price=Decimal("12.50"),
        premium_price=Decimal(15),
        status="DRAFT",
        sales_cutoff_minutes=30,
    )

    assert len(shows) == len({show.pk for show in shows}) == Show.objects.count() == 28
    for show in Show.objects.all():
        small = show.screen_id == screens[1].pk
        assert (show.price, show.premium_price, show.sofa_price) == (Decimal("12.50"), Decimal(15), None)
        assert (show.status, show.sales_cutoff_minutes, show.live_seats) == ("DRAFT", 30, 0)
        assert (show.total_seats, show.seat_plan) == ((4, "A PP\nB SS") if small else (50, plain_plan(50)))
        assert show.ends_at - show.starts_at == timedelta(minutes=148)
        assert show.screen_free_at - show.ends_at == timedelta(minutes=15)


def test_a_show_of_a_week_is_like_one_that_was_scheduled_alone(movie, screens):
    [of_week] = schedule_week(movie=movie, screens=screens[:1], dates=[MONDAY], times=[TWO])
    alone = schedule_show(movie=movie, screen=screens[1], starts_at=utc(2030, 1, 14, 14))

    def fields(show):
        return Show.objects.filter(pk=show.pk).values().get() | {"id": 0, "screen_id": 0}

    assert fields(of_week) == fields(alone)


def test_one_overlap_and_no_show_is_made(movie, screens):
    there = schedule_show(movie=movie, screen=screens[1], starts_at=utc(2030, 1, 20, 21))

    with pytest.raises(WeekHasOverlaps) as refused:
        schedule_week(movie=movie, screens=screens, dates=WEEK, times=[TWO, EIGHT])

    assert (refused.value.status, refused.value.code) == (409, "week_has_overlaps")
    [named] = refused.value.extra["overlaps"]
    assert (named["screen"], named["starts_at"]) == (screens[1].pk, utc(2030, 1, 20, 20))
    assert named["with"] == [
        {
            "id": there.pk,
            "movie_title": "Inception",
            "starts_at": there.starts_at,
            "screen_free_at": there.screen_free_at,
        }
    ]
    assert Show.objects.count() == 1


def test_shows_of_a_week_that_overlap_each_other_are_not_made(movie, screen):
    with pytest.raises(WeekHasOverlaps) as refused:
        schedule_week(movie=movie, screens=[screen], dates=WEEK, times=[TWO, time(15)])

    assert len(refused.value.extra["overlaps"]) == 14
    assert Show.objects.count() == 0


def test_the_same_week_twice_is_made_once(movie, screens):
    schedule = partial(schedule_week, movie=movie, screens=screens, dates=WEEK, times=[TWO, EIGHT])
    schedule()

    with pytest.raises(WeekHasOverlaps):
        schedule()

    assert Show.objects.count() == 28


@pytest.mark.parametrize("days", [1, 7])
def test_a_week_costs_no_query_for_each_show(movie, screens, days, django_assert_num_queries):
    # The savepoint or transaction (2), the locks of movie and screens (2), cinemas, what is there, what is
    # written.
    with django_assert_num_queries(7):
        schedule_week(movie=movie, screens=screens, dates=WEEK[:days], times=[TWO, EIGHT])


def test_screens_are_locked_in_ascending_order_whatever_the_order_of_the_request(
    movie, django_assert_num_queries
):
    # Numbers that Python's sets do not happen to keep in order.
    screens = [make_screen(pk=number) for number in (800_008, 800_001, 800_016)]

    with django_assert_num_queries(7) as queries:
        schedule_week(movie=movie, screens=screens, dates=[MONDAY], times=[TWO])

    [lock] = [
        query["sql"]
        for query in queries.captured_queries
        if 'FROM "movies_screen"' in query["sql"] and "IN (800" in query["sql"]
    ]
    assert 'ORDER BY "movies_screen"."id" ASC' in lock


def test_a_field_that_is_no_sale_field_is_a_mistake_of_the_program(movie, screen):
    with pytest.raises(TypeError, match="no sale fields: total_seats"):
        schedule_week(movie=movie, screens=[screen], dates=[MONDAY], times=[TWO], total_seats=5)


@pytest.mark.parametrize(
    ("sale_fields", "field"),
    [
        ({"price": Decimal(-1)}, "price"),
        ({"price": Decimal("NaN")}, "price"),
        ({"price": Decimal("1.234")}, "price"),
        ({"price": None}, "price"),
        ({"sofa_price": Decimal(10**9)}, "sofa_price"),
        ({"status": "CANCELLED"}, "status"),
        ({"status": "SOLD"}, "status"),
        ({"sales_cutoff_minutes": 99999}, "sales_cutoff_minutes"),
    ],
)
def test_sale_fields_that_no_show_may_have_are_refused(movie, screen, sale_fields, field):
    with pytest.raises(Invalid) as refused:
        schedule_week(movie=movie, screens=[screen], dates=[MONDAY], times=[TWO], **sale_fields)

    assert refused.value.extra["errors"].keys() == {field}
    assert Show.objects.count() == 0


def test_so_many_shows_are_made_at_once_and_no_more(movie):
    screens = [make_screen() for _ in range(10)]
    dates = dates_between(MONDAY, MONDAY + timedelta(days=49))

    assert len(preview_week(movie=movie, screens=screens, dates=dates, times=[TWO])) == MAX_SHOWS
    with pytest.raises(Invalid, match=r"That would be 510 shows\. At most 500 are scheduled at once\."):
        schedule_week(movie=movie, screens=screens, dates=[*dates, date(2031, 1, 1)], times=[TWO])
    assert Show.objects.count() == 0


@pytest.mark.parametrize("empty", ["screens", "dates", "times"])
def test_nothing_asked_for_is_nothing_to_make(movie, screen, empty):
    week = {"screens": [screen], "dates": [MONDAY], "times": [TWO], empty: []}

    with pytest.raises(Invalid, match="Choose at least one"):
        schedule_week(movie=movie, **week)
