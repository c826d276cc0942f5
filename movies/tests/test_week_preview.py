"""What a week of shows would be, and what stands in its way."""

from datetime import date, time

import pytest

from movie_booking.errors import Invalid
from movies.models import Show
from movies.services import (
    preview_week,
    schedule_show,
    schedule_week,
)
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show, utc
from movies.tests.weeks import EIGHT, MONDAY, TUESDAY, TWO, WEEK

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_quarter_of_an_hour_of_cleaning")]


def problems_of(proposals):
    return [proposal.problems for proposal in proposals]


def overlaps_of(proposals):
    return [[(overlap.id, overlap.starts_at) for overlap in proposal.overlaps] for proposal in proposals]


def test_a_proposal_for_every_screen_date_and_time_in_that_order(movie, screens):
    proposals = preview_week(
        movie=movie, screens=reversed(screens), dates=[TUESDAY, MONDAY], times=[EIGHT, TWO]
    )

    assert [(each.day, each.screen.name, each.clock.time()) for each in proposals] == [
        (day, screen, at)
        for day in (MONDAY, TUESDAY)
        for screen in ("Screen 1", "Screen 2")
        for at in (TWO, EIGHT)
    ]
    first = proposals[0].slot
    assert (first.start, first.end, first.screen_free_at) == (
        utc(2030, 1, 14, 14),
        utc(2030, 1, 14, 16, 28),
        utc(2030, 1, 14, 16, 43),
    )
    assert all(each.is_possible for each in proposals)
    assert Show.objects.count() == 0


def test_what_is_named_twice_counts_once(movie, screen):
    proposals = preview_week(movie=movie, screens=[screen, screen], dates=[MONDAY, MONDAY], times=[TWO, TWO])

    assert len(proposals) == 1


def test_each_time_is_by_the_clock_of_its_own_cinema(movie, screen):
    new_york = make_screen(cinema=make_cinema(name="Rex", time_zone="America/New_York"))

    schedule_week(movie=movie, screens=[screen, new_york], dates=[MONDAY, date(2030, 7, 15)], times=[EIGHT])

    assert {(show.screen, show.starts_at) for show in Show.objects.all()} == {
        (screen, utc(2030, 1, 14, 20)),
        (new_york, utc(2030, 1, 15, 1)),
        (screen, utc(2030, 7, 15, 19)),  # summer in both
        (new_york, utc(2030, 7, 16, 0)),
    }


def test_a_time_that_the_clocks_skip_is_a_problem_and_only_where_they_do(movie, screen):
    new_york = make_screen(cinema=make_cinema(name="Rex", time_zone="America/New_York"))
    proposals = preview_week(
        movie=movie, screens=[screen, new_york], dates=[date(2030, 3, 31)], times=[time(1, 30)]
    )

    assert problems_of(proposals) == [["The clocks of the cinema skip this time on that day."], []]


@pytest.mark.parametrize("day", [date.min, date(1800, 1, 1), date(2999, 12, 31), date.max])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_a_day_out_of_range_is_a_problem(movie, zone, day):
    screen = make_screen(cinema=make_cinema(time_zone=zone))

    proposals = preview_week(movie=movie, screens=[screen], dates=[day], times=[time(0), time(23, 59)])

    assert problems_of(proposals) == [["Shows are scheduled from 1895 to 2999."]] * 2


def test_a_time_that_has_passed_is_a_problem(movie, screen):
    at = utc(2030, 1, 14, 20)

    proposals = preview_week(movie=movie, screens=[screen], dates=[MONDAY], times=[EIGHT, time(20, 1)], at=at)

    assert problems_of(proposals) == [["This time has passed."], []]


def test_a_problem_means_that_nothing_is_made_and_is_named(movie, screen):
    with pytest.raises(Invalid) as refused:
        schedule_week(
            movie=movie, screens=[screen], dates=[date(2030, 3, 30), date(2030, 3, 31)], times=[time(1, 30)]
        )

    assert refused.value.extra["errors"] == {
        "times": [
            "Screen 1, Odeon, Sun 31 Mar 2030 01:30: The clocks of the cinema skip this time on that day."
        ]
    }
    assert Show.objects.count() == 0


def test_a_preview_names_the_shows_that_proposals_overlap(movie, screens):
    there = schedule_show(
        movie=make_movie(duration_minutes=90), screen=screens[0], starts_at=utc(2030, 1, 14, 12, 16)
    )  # free at 14:01

    proposals = preview_week(movie=movie, screens=screens, dates=[MONDAY], times=[TWO, EIGHT])

    assert overlaps_of(proposals) == [[(there.pk, there.starts_at)], [], [], []]


def test_a_preview_names_the_proposals_that_overlap_each_other_over_midnight_too(movie, screen):
    proposals = preview_week(
        movie=movie, screens=[screen], dates=[MONDAY, TUESDAY], times=[time(0, 30), EIGHT, time(22, 30)]
    )

    assert overlaps_of(proposals) == [
        [],  # Monday, half past midnight
        [(None, utc(2030, 1, 14, 22, 30))],
        [(None, utc(2030, 1, 14, 20)), (None, utc(2030, 1, 15, 0, 30))],
        [(None, utc(2030, 1, 14, 22, 30))],
        [(None, utc(2030, 1, 15, 22, 30))],
        [(None, utc(2030, 1, 15, 20))],
    ]


@pytest.mark.parametrize("days", [1, 7])
def test_a_preview_costs_one_query_whatever_its_size(movie, screens, days, django_assert_num_queries):
    for day in range(days):
        make_show(movie=movie, screen=screens[0], starts_at=utc(2030, 1, 14 + day, 15))

    with django_assert_num_queries(1):
        proposals = preview_week(movie=movie, screens=screens, dates=WEEK[:days], times=[TWO, EIGHT])

    assert len(proposals) == 4 * days
    assert sum(len(each.overlaps) for each in proposals) == days
