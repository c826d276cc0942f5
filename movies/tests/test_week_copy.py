"""The shows of a week, copied to the next."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from movie_booking.errors import Invalid
from movies.errors import WeekHasOverlaps
from movies.models import Show
from movies.seat_plan import plain_plan
from movies.services import copy_week, preview_copy, save_screen, schedule_show, schedule_week, week_schedule
from movies.tests.factories import make_movie, make_show, utc
from movies.tests.weeks import EIGHT, LONDON, TWO, WEEK

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_quarter_of_an_hour_of_cleaning")]


def test_a_week_is_copied_to_the_next_with_its_sale_fields(movie, screens):
    save_screen(screens[1], seat_plan="A PP\nB SS")
    drafts = schedule_week(movie=movie, screens=screens[:1], dates=WEEK, times=[TWO], status="DRAFT")
    others = schedule_week(
        movie=make_movie("Dune", duration_minutes=90),
        screens=screens[1:],
        dates=WEEK,
        times=[EIGHT],
        price=Decimal(9),
        sofa_price=Decimal(20),
        sales_cutoff_minutes=15,
    )

    copies = copy_week(shows=Show.objects.all())

    def told(show, later=timedelta()):
        names = ("movie_id", "screen_id", "status", "price", "sofa_price", "sales_cutoff_minutes")
        moments = (show.starts_at, show.ends_at, show.screen_free_at)
        told = [getattr(show, name) for name in (*names, "total_seats", "seat_plan")]
        return (*told, *(moment + later for moment in moments))

    assert {told(show) for show in copies} == {told(show, timedelta(days=7)) for show in drafts + others}
    assert Show.objects.count() == 28
    assert all(show.live_seats == 0 for show in copies)


def test_a_copy_keeps_the_time_of_day_when_the_clocks_change(movie, screen):
    opens = datetime(2030, 3, 20, 1, 30, tzinfo=LONDON)
    schedule_show(
        movie=movie, screen=screen, starts_at=datetime(2030, 3, 27, 20, tzinfo=LONDON), sales_open_at=opens
    )

    [copy] = copy_week(shows=Show.objects.all())

    assert copy.starts_at == utc(2030, 4, 3, 19)  # an hour earlier by the sun
    assert copy.sales_open_at == utc(2030, 3, 27, 1, 30)


def test_sales_that_would_open_in_the_skipped_hour_open_after_it(movie, screen):
    opens = datetime(2030, 3, 24, 1, 30, tzinfo=LONDON)
    schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 3, 27, 20), sales_open_at=opens)

    [copy] = copy_week(shows=Show.objects.all())

    assert copy.sales_open_at == datetime(2030, 3, 31, 2, 30, tzinfo=LONDON)


def test_a_copy_into_the_skipped_hour_is_a_problem(movie, screen):
    schedule_show(movie=movie, screen=screen, starts_at=datetime(2030, 3, 24, 1, 30, tzinfo=LONDON))

    with pytest.raises(Invalid) as refused:
        copy_week(shows=Show.objects.all())

    assert "skip this time" in refused.value.extra["errors"]["times"][0]


def test_cancelled_shows_are_left_out(movie, screens):
    for screen, status in zip(screens, ("CANCELLED", "ON_SALE"), strict=True):
        make_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 14), status=status)

    assert [show.screen for show in copy_week(shows=Show.objects.all())] == [screens[1]]


def test_a_copy_sells_as_many_seats_as_the_show_and_all_of_a_screen_that_was_re_seated(movie, screens):
    for screen in screens:
        schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 14), total_seats=40)
        schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 20))
    save_screen(screens[1], seat_plan="A ooooo\nB ooooo")

    copies = copy_week(shows=Show.objects.all())

    assert [(show.screen.name, show.total_seats) for show in copies] == [
        ("Screen 1", 40),
        ("Screen 1", 50),
        ("Screen 2", 10),
        ("Screen 2", 10),
    ]
    assert copies[0].seat_plan == plain_plan(40)
    assert copies[2].seat_plan == "A ooooo\nB ooooo"


def test_one_copy_that_overlaps_and_none_is_made(movie, screens):
    schedule_week(movie=movie, screens=screens, dates=WEEK, times=[TWO])
    schedule_show(movie=movie, screen=screens[0], starts_at=utc(2030, 1, 22, 13))
    this_week = Show.objects.filter(starts_at__lt=utc(2030, 1, 21))

    with pytest.raises(WeekHasOverlaps) as refused:
        copy_week(shows=this_week)

    assert [named["starts_at"] for named in refused.value.extra["overlaps"]] == [utc(2030, 1, 22, 14)]
    assert sum(not each.is_possible for each in preview_copy(shows=this_week)) == 1
    assert Show.objects.count() == 15


@pytest.mark.parametrize("days", [0, -7, 367, 10**9])
def test_a_copy_is_for_later(movie, screen, days):
    make_show(movie=movie, screen=screen)

    with pytest.raises(Invalid) as refused:
        copy_week(shows=Show.objects.all(), days=days)

    assert refused.value.extra["errors"].keys() == {"days"}


def test_no_shows_are_nothing_to_copy():
    with pytest.raises(Invalid, match="Choose at least one"):
        copy_week(shows=Show.objects.all())


def test_too_many_shows_are_not_copied(movie, screen, monkeypatch):
    monkeypatch.setattr(week_schedule, "MAX_SHOWS", 1)
    schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 14))
    schedule_show(movie=movie, screen=screen, starts_at=utc(2030, 1, 14, 20))

    with pytest.raises(Invalid, match="That would be 2 shows"):
        copy_week(shows=Show.objects.all())
