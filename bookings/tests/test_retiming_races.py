"""A running time or a time zone changes while shows are scheduled, changed and sold."""

from collections import Counter
from datetime import date, time, timedelta
from functools import partial
from threading import Barrier, Event

import pytest
from django.db import IntegrityError, transaction

from bookings import services
from bookings.tests.factories import book, by, by_superuser, change
from bookings.tests.locks import wait_for_a_waiting_transaction
from movie_booking.database import violates
from movie_booking.errors import Busy
from movie_booking.tests.concurrency import run_concurrently
from movies.errors import ScreenOccupied
from movies.models import Movie, MovieQuerySet, Show
from movies.services import copy_week, schedule, schedule_show, schedule_week, timetable
from movies.services.schedule import overlaps_looked_at_last
from movies.tests.factories import make_cinema, make_movie, make_screen, make_show, utc

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]

EIGHT = utc(2030, 1, 15, 20)
MINUTE = timedelta(minutes=1)


def retime(movie, minutes=180, **more):
    return services.change_movie(movie, actor=by_superuser(), duration_minutes=minutes, **more)


def running_times():
    return {(show.ends_at - show.starts_at) / MINUTE for show in Show.objects.all()}


def a_show(movie, day):
    return schedule_show(movie=movie, screen=make_screen(), starts_at=EIGHT)


def a_week(movie, day):
    return schedule_week(movie=movie, screens=[make_screen()], dates=[date(2030, 1, 16)], times=[time(14)])


def a_copy(movie, day):
    return copy_week(shows=Show.objects.filter(movie=movie, starts_at__date="2031-01-01"), days=day)


def another_film_for_a_show(movie, day):
    return change(Show.objects.get(starts_at__year=2032), movie=movie)


WAYS = [a_show, a_week, a_copy, another_film_for_a_show]


@pytest.fixture
def movie():
    return make_movie(duration_minutes=100)


@pytest.fixture
def shows(movie):
    """One of the movie, to be copied, and one of another movie."""
    copied = schedule_show(movie=movie, screen=make_screen(), starts_at=utc(2031, 1, 1, 20))
    other = make_movie("Dune", duration_minutes=180)
    return [copied, schedule_show(movie=other, screen=make_screen(), starts_at=utc(2032, 1, 1, 20))]


@pytest.mark.parametrize("way", WAYS)
def test_a_show_that_is_scheduled_while_the_running_time_changes_has_the_new_one(movie, shows, way):
    for day, minutes in enumerate((180, 200, 180, 200, 180), 1):
        results = run_concurrently(partial(retime, movie, minutes), partial(way, movie, day))

        assert [type(each).__name__ for each in results if isinstance(each, Exception)] == []
        assert {(show.ends_at - show.starts_at) / MINUTE for show in Show.objects.filter(movie=movie)} == {
            minutes
        }
        change(shows[1], movie=shows[1].movie)  # back


def test_a_show_that_appears_while_the_shows_are_waited_for_is_re_timed_too(movie):
    """The change waits for the lock of the first show; meanwhile a second one is scheduled."""
    first = schedule_show(movie=movie, screen=make_screen(), starts_at=EIGHT)
    schedule_second = partial(schedule_show, movie=movie, screen=make_screen(), starts_at=EIGHT)
    locked, done = Event(), Event()

    def hold_the_first_show():
        with transaction.atomic():
            Show.objects.lock(first.pk)
            locked.set()
            wait_for_a_waiting_transaction()
            # On another connection, or it would wait for this transaction's end.
            [second] = run_concurrently(schedule_second)
            assert isinstance(second, Show), second
        done.set()

    def change_the_running_time():
        assert locked.wait(10)
        return retime(movie)

    results = run_concurrently(hold_the_first_show, change_the_running_time)

    assert done.is_set(), results
    assert Show.objects.count() == 2
    assert running_times() == {180}


def test_shows_that_keep_appearing_are_an_answer_to_come_back_later(movie, monkeypatch):
    lock_all = timetable.Screen.objects.lock_all

    def lock_then_be_overtaken(screen_ids):
        make_show(movie=movie)
        return lock_all(screen_ids)

    monkeypatch.setattr(timetable.Screen.objects, "lock_all", lock_then_be_overtaken)
    monkeypatch.setattr(timetable.Show.objects, "lock_all", lambda show_ids: [])

    with pytest.raises(Busy):
        retime(movie)
    movie.refresh_from_db()
    assert movie.duration_minutes == 100


def test_control_without_the_lock_of_the_movie_a_show_keeps_the_old_length(movie, monkeypatch):
    """The scheduler has read the film when the running time changes, and writes its show afterwards."""
    read, changed = Event(), Event()
    find_overlaps = schedule.find_overlaps

    def find_then_wait(slots, **more):
        found = find_overlaps(slots, **more)
        read.set()
        changed.wait(10)
        return found

    def change_meanwhile():
        assert read.wait(10)
        try:
            return retime(movie)
        finally:
            changed.set()

    monkeypatch.setattr(MovieQuerySet, "lock_all", lambda self, ids: list(self.filter(pk__in=ids)))
    monkeypatch.setattr(schedule, "find_overlaps", find_then_wait)

    results = run_concurrently(
        partial(schedule_show, movie=movie, screen=make_screen(), starts_at=EIGHT), change_meanwhile
    )

    assert [type(each).__name__ for each in results] == ["Show", "Movie"]
    assert running_times() == {100}
    assert Movie.objects.get().duration_minutes == 180


def test_buyers_go_on_buying_while_running_times_change(movie):
    show = schedule_show(movie=movie, screen=make_screen(), starts_at=EIGHT)

    results = run_concurrently(
        *[partial(book, show, seat) for seat in range(1, 6)],
        *[partial(retime, movie, minutes) for minutes in (110, 120)],
    )

    assert Counter(type(each).__name__ for each in results) == {"Booking": 5, "Movie": 2}
    movie.refresh_from_db()
    assert running_times() == {movie.duration_minutes}


def test_running_times_of_two_films_that_share_screens_do_not_deadlock():
    films = [make_movie(name, duration_minutes=60) for name in ("Dune", "Alien")]
    screens = [make_screen() for _ in range(4)]
    for film, order in zip(films, (screens, screens[::-1]), strict=True):
        for hour, screen in enumerate(order):
            starts_at = EIGHT + timedelta(days=hour, hours=4 * films.index(film))
            schedule_show(movie=film, screen=screen, starts_at=starts_at)

    for minutes in (70, 80, 90):
        results = run_concurrently(*[partial(retime, film, minutes) for film in films])

        assert [type(each).__name__ for each in results] == ["Movie", "Movie"]
        assert running_times() == {minutes}


def test_a_week_that_is_scheduled_while_the_time_zone_changes_is_told_by_the_new_clock():
    """By then both may have happened in either order: at eight by the clock of before, moved or not."""
    for _ in range(3):
        cinema = make_cinema(time_zone="Europe/London")
        screens = [make_screen(cinema=cinema) for _ in range(2)]
        movie = make_movie(duration_minutes=60)
        schedule_show(movie=movie, screen=screens[0], starts_at=EIGHT)

        results = run_concurrently(
            partial(services.change_cinema, cinema, actor=by(), time_zone="America/New_York", keep="clock"),
            partial(schedule_week, movie=movie, screens=screens, dates=[date(2030, 1, 16)], times=[time(20)]),
        )

        assert [type(each).__name__ for each in results] == ["Cinema", "list"]
        starts = sorted(Show.objects.filter(movie=movie).values_list("starts_at", flat=True))
        assert starts == [utc(2030, 1, 16, 1), utc(2030, 1, 17, 1), utc(2030, 1, 17, 1)]


def test_a_week_that_waits_for_a_change_of_the_time_zone_reads_the_new_clock():
    screen, movie = make_screen(cinema=make_cinema(time_zone="Europe/London")), make_movie()
    changed = Event()

    def change_the_time_zone():
        with transaction.atomic():
            services.change_cinema(screen.cinema, actor=by(), time_zone="America/New_York")
            changed.set()
            wait_for_a_waiting_transaction()

    def schedule_a_week():
        assert changed.wait(10)
        return schedule_week(movie=movie, screens=[screen], dates=[date(2030, 1, 15)], times=[time(20)])

    _, shows = run_concurrently(change_the_time_zone, schedule_a_week)

    assert [show.starts_at for show in shows] == [utc(2030, 1, 16, 1)]


# --- The constraint ------------------------------------------------------------------------------


def two_shows_in_a_row():
    screen, movie = make_screen(), make_movie(duration_minutes=60)
    return [schedule_show(movie=movie, screen=screen, starts_at=EIGHT + n * 90 * MINUTE) for n in range(2)]


def shift(show, minutes):
    Show.objects.filter(pk=show.pk).update(
        starts_at=show.starts_at + minutes * MINUTE,
        ends_at=show.ends_at + minutes * MINUTE,
        screen_free_at=show.screen_free_at + minutes * MINUTE,
    )


def test_the_database_lets_shows_overlap_until_all_of_them_are_written():
    first, second = two_shows_in_a_row()

    with transaction.atomic(), overlaps_looked_at_last():
        shift(first, 60)
        shift(second, 60)

    first.refresh_from_db()
    assert first.starts_at == EIGHT + 60 * MINUTE


def test_the_database_refuses_what_overlaps_in_the_end():
    first, _ = two_shows_in_a_row()

    with pytest.raises(ScreenOccupied), transaction.atomic(), overlaps_looked_at_last():
        shift(first, 60)

    first.refresh_from_db()
    assert first.starts_at == EIGHT


def test_control_without_waiting_the_database_refuses_the_first_of_the_two():
    first, _ = two_shows_in_a_row()

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        shift(first, 60)
    assert violates(refused.value, "show_screen_times_do_not_overlap")


def test_an_overlap_that_no_lock_kept_out_is_refused_by_the_database(movie, monkeypatch):
    show = schedule_show(movie=movie, screen=make_screen(), starts_at=EIGHT)
    meeting = Barrier(2)
    find_overlaps = timetable.find_overlaps

    def find_then_be_overtaken(slots, **more):
        found = find_overlaps(slots, **more)
        meeting.wait(10)
        meeting.wait(10)
        return found

    def sneak_in():
        meeting.wait(10)
        starts_at = EIGHT + 120 * MINUTE
        made = make_show(screen=show.screen, starts_at=starts_at)
        meeting.wait(10)
        return made

    monkeypatch.setattr(timetable, "find_overlaps", find_then_be_overtaken)

    actor = by_superuser()
    refused, made = run_concurrently(
        partial(services.change_movie, movie, actor=actor, duration_minutes=180), sneak_in
    )

    assert isinstance(refused, ScreenOccupied)
    assert isinstance(made, Show)
    movie.refresh_from_db()
    assert movie.duration_minutes == 100
