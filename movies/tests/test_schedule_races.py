"""Two managers schedule shows on one screen at the same moment; the database refuses what slips through."""

from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import IntegrityError, OperationalError

from bookings.tests.factories import change
from movie_booking.tests.concurrency import run_concurrently
from movies.errors import ScreenOccupied
from movies.models import MovieQuerySet, ScreenQuerySet, Show
from movies.services import schedule, schedule_show
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show, utc

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]

EIGHT = utc(2030, 1, 1, 20)
MINUTE = timedelta(minutes=1)


def insert(screen, starts_at=EIGHT, **fields):
    """A show that no service has checked."""
    movie = make_movie(duration_minutes=100)
    return make_show(movie=movie, screen=screen, starts_at=starts_at, **fields)


def screens_of_one_cinema(number):
    cinema = make_cinema()
    return [make_screen(cinema=cinema) for _ in range(number)]


def kinds(results):
    return Counter(type(result).__name__ for result in results)


def test_of_many_shows_for_one_screen_at_one_time_one_is_scheduled():
    movie, screen = make_movie(duration_minutes=100), make_screen()

    results = run_concurrently(
        *(
            partial(schedule_show, movie=movie, screen=screen, starts_at=EIGHT + n * 10 * MINUTE)
            for n in range(8)
        )
    )

    assert kinds(results) == {"Show": 1, "ScreenOccupied": 7}
    assert Show.objects.count() == 1
    assert {
        refused.extra["shows"][0]["id"] for refused in results if isinstance(refused, ScreenOccupied)
    } == {Show.objects.get().pk}


def test_shows_on_different_screens_are_all_scheduled():
    movie = make_movie()
    screens = [make_screen() for _ in range(6)]

    results = run_concurrently(
        *(partial(schedule_show, movie=movie, screen=screen, starts_at=EIGHT) for screen in screens)
    )

    assert kinds(results) == {"Show": 6}


def test_of_two_shows_that_move_to_one_slot_one_arrives():
    *screens, screen = screens_of_one_cinema(3)
    shows = [insert(each) for each in screens]

    results = run_concurrently(*(partial(change, show, screen=screen) for show in shows))

    assert kinds(results) == {"Show": 1, "ScreenOccupied": 1}
    assert Show.objects.filter(screen=screen).count() == 1


def test_shows_that_swap_screens_do_not_deadlock():
    first, second = (insert(screen) for screen in screens_of_one_cinema(2))

    for _ in range(5):
        results = run_concurrently(
            partial(change, first, screen=second.screen),
            partial(change, second, screen=first.screen),
        )

        # Each finds the other's old slot taken, unless the other was quick enough to leave it.
        assert kinds(results).keys() <= {"Show", "ScreenOccupied"}


@pytest.mark.parametrize("minutes", [-114, 0, 50, 99, 100, 114])
def test_the_database_itself_refuses_an_overlap(minutes):
    screen = make_screen()
    cleaned = {"screen_free_at": EIGHT + 115 * MINUTE}
    insert(screen, **cleaned)
    starts_at = EIGHT + minutes * MINUTE

    with pytest.raises(IntegrityError, match="show_screen_times_do_not_overlap"):
        insert(screen, starts_at, screen_free_at=starts_at + 115 * MINUTE)

    assert Show.objects.count() == 1


def test_the_database_lets_shows_follow_each_other_and_ignores_cancelled_ones():
    screen = make_screen()
    insert(screen, screen_free_at=EIGHT + 115 * MINUTE)

    insert(screen, EIGHT + 115 * MINUTE)
    insert(screen, EIGHT, status=Show.Status.CANCELLED)
    insert(screen, EIGHT, status=Show.Status.CANCELLED)
    insert(make_screen(), EIGHT)

    assert Show.objects.count() == 5


def test_of_two_inserts_that_overlap_the_database_takes_one():
    screen = make_screen()

    results = run_concurrently(*(partial(insert, screen, EIGHT + n * MINUTE) for n in range(2)))

    # Each may find the other's row before it is committed and wait for it: then PostgreSQL ends the
    # deadlock. Under the lock of the screen that cannot happen.
    [refused] = [result for result in results if not isinstance(result, Show)]
    assert isinstance(refused, (IntegrityError, OperationalError))
    assert Show.objects.count() == 1


def test_control_without_the_lock_both_find_the_screen_free_and_the_constraint_stops_one(monkeypatch):
    movie, screen = make_movie(duration_minutes=100), make_screen()
    meeting = Barrier(2)
    find_overlaps = schedule.find_overlaps

    def find_then_meet(slots, **more):
        found = find_overlaps(slots, **more)
        meeting.wait(timeout=10)
        return found

    for rows in (MovieQuerySet, ScreenQuerySet):
        monkeypatch.setattr(rows, "lock_all", lambda self, ids: list(self.filter(pk__in=ids)))
    monkeypatch.setattr(schedule, "find_overlaps", find_then_meet)
    results = run_concurrently(*[partial(schedule_show, movie=movie, screen=screen, starts_at=EIGHT)] * 2)

    [refused] = [result for result in results if not isinstance(result, Show)]
    assert isinstance(refused, OperationalError) or isinstance(refused.__cause__, IntegrityError)
    assert Show.objects.count() == 1
