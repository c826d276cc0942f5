"""Two managers schedule overlapping weeks at the same moment."""

from collections import Counter
from concurrent import futures
from datetime import date, time
from functools import partial
from threading import Barrier

import pytest
from django.db import OperationalError, transaction

from movie_booking.tests.concurrency import run_concurrently
from movies.errors import ScreenOccupied, WeekHasOverlaps
from movies.models import MovieQuerySet, Screen, ScreenQuerySet, Show
from movies.services import copy_week, schedule_show, schedule_week, week_schedule
from movies.tests.factories import make_movie, make_screen, utc
from movies.tests.weeks import WEEK

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]


@pytest.fixture
def movie():
    return make_movie(duration_minutes=100)


@pytest.fixture
def screens():
    return [make_screen() for _ in range(6)]


def kinds(results):
    return Counter(type(result).__name__ for result in results)


def test_of_two_overlapping_weeks_in_opposite_order_one_is_made_whole(movie, screens):
    for week in range(5):
        dates = [date(2030, 1 + week, day.day) for day in WEEK]
        early = partial(schedule_week, movie=movie, screens=screens, dates=dates, times=[time(14)])
        late = partial(schedule_week, movie=movie, screens=screens[::-1], dates=dates, times=[time(15)])

        results = run_concurrently(early, late)

        # Had they locked in the order they were given, one would have died of a deadlock.
        assert kinds(results) == {"list": 1, "WeekHasOverlaps": 1}
        assert Show.objects.count() == (week + 1) * 42
        [refused] = [result for result in results if isinstance(result, WeekHasOverlaps)]
        assert len(refused.extra["overlaps"]) == 42


def test_of_many_requests_for_one_week_one_is_made(movie, screens):
    results = run_concurrently(
        *[partial(schedule_week, movie=movie, screens=screens, dates=WEEK, times=[time(14)])] * 6
    )

    assert kinds(results) == {"list": 1, "WeekHasOverlaps": 5}
    assert Show.objects.count() == 42


def test_of_two_copies_of_one_week_one_is_made(movie, screens):
    schedule_week(movie=movie, screens=screens, dates=WEEK, times=[time(14)])

    results = run_concurrently(*[partial(copy_week, shows=Show.objects.all())] * 2)

    assert kinds(results) == {"list": 1, "WeekHasOverlaps": 1}
    assert Show.objects.count() == 84


def test_weeks_on_different_screens_are_both_made(movie, screens):
    schedule = partial(schedule_week, movie=movie, dates=WEEK, times=[time(14)])

    results = run_concurrently(partial(schedule, screens=screens[:3]), partial(schedule, screens=screens[3:]))

    assert kinds(results) == {"list": 2}
    assert Show.objects.count() == 42


def test_of_a_week_and_a_show_that_overlaps_it_one_is_made(movie, screens):
    one = utc(2030, 1, 16, 14, 30)

    results = run_concurrently(
        partial(schedule_week, movie=movie, screens=screens, dates=WEEK, times=[time(14)]),
        partial(schedule_show, movie=movie, screen=screens[3], starts_at=one),
    )

    assert kinds(results) in ({"list": 1, "ScreenOccupied": 1}, {"WeekHasOverlaps": 1, "Show": 1})
    assert Show.objects.count() in (42, 1)


def test_a_week_waits_for_the_lock_of_each_of_its_screens_and_sees_what_was_done_under_it(movie, screens):
    schedule = partial(schedule_week, movie=movie, screens=screens, dates=WEEK, times=[time(14)])
    with futures.ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Screen.objects.lock(screens[3].pk)
            waiting = pool.submit(run_concurrently, schedule)
            with pytest.raises(futures.TimeoutError):
                waiting.result(timeout=1)
            one = utc(2030, 1, 16, 14, 30)
            there = schedule_show(movie=make_movie(), screen=screens[3], starts_at=one)
        [refused] = waiting.result(timeout=10)

    assert isinstance(refused, WeekHasOverlaps)
    assert [[other["id"] for other in named["with"]] for named in refused.extra["overlaps"]] == [[there.pk]]
    assert Show.objects.count() == 1


def test_a_show_written_without_the_lock_is_seen_by_the_constraint_and_the_week_is_not_made(
    movie, screens, monkeypatch
):
    refuse_obstacles = week_schedule.refuse_obstacles

    def refuse_then_be_overtaken(proposals):
        refuse_obstacles(proposals)
        monkeypatch.setattr(week_schedule, "refuse_obstacles", refuse_obstacles)
        [made] = run_concurrently(partial(sneak_in, proposals[0]))
        assert isinstance(made, Show)

    def sneak_in(proposal):
        show = proposal.as_show()
        show.save()
        return show

    monkeypatch.setattr(week_schedule, "refuse_obstacles", refuse_then_be_overtaken)

    with pytest.raises(WeekHasOverlaps) as refused:
        schedule_week(movie=movie, screens=screens, dates=WEEK, times=[time(14)])

    assert isinstance(refused.value.__cause__, ScreenOccupied)
    assert [named["with"][0]["id"] for named in refused.value.extra["overlaps"]] == [Show.objects.get().pk]


def test_control_without_the_lock_both_find_the_week_free_and_the_constraint_stops_one(
    movie, screens, monkeypatch
):
    meeting = Barrier(2)
    refuse_obstacles = week_schedule.refuse_obstacles

    def refuse_then_meet(proposals):
        refuse_obstacles(proposals)
        meeting.wait(timeout=10)

    for rows in (MovieQuerySet, ScreenQuerySet):
        monkeypatch.setattr(rows, "lock_all", lambda self, ids: list(self.filter(pk__in=ids)))
    monkeypatch.setattr(week_schedule, "refuse_obstacles", refuse_then_meet)
    results = run_concurrently(
        *[partial(schedule_week, movie=movie, screens=screens, dates=WEEK, times=[time(14)])] * 2
    )

    [refused] = [result for result in results if not isinstance(result, list)]
    # What both have written in one order, the second waits for; otherwise PostgreSQL ends a deadlock.
    assert isinstance(refused, (OperationalError, WeekHasOverlaps))
    assert Show.objects.count() == 42
