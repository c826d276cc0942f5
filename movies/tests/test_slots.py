"""How long a show keeps its screen, and what overlaps it."""

from datetime import datetime, timedelta

import pytest

from movies.errors import SkippedTime
from movies.models import Show
from movies.services import Overlap, Slot, find_overlaps
from movies.tests.factories import make_movie, make_screen, make_show, utc
from movies.tests.weeks import LONDON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("a_quarter_of_an_hour_of_cleaning")]

TWO = utc(2030, 1, 14, 14)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def slot(movie, screen):
    """Inception at two, which keeps its screen until 16:43."""
    return Slot.at(movie, screen, TWO)


def show_at(slot, start, minutes=148, **fields):
    """A show of so many minutes on the screen of the slot, which then takes a quarter of an hour to clean."""
    end = start + minutes * MINUTE
    movie = make_movie(f"Film of {minutes} minutes", duration_minutes=minutes)
    fields = {"screen": slot.screen, "screen_free_at": end + 15 * MINUTE, **fields}
    return make_show(movie=movie, starts_at=start, **fields)


def ids(overlaps):
    return [[overlap.id for overlap in of_slot] for of_slot in overlaps]


def test_the_end_follows_from_the_running_time_and_cleaning_comes_after(slot):
    assert (slot.start, slot.end) == (TWO, utc(2030, 1, 14, 16, 28))
    assert slot.screen_free_at == utc(2030, 1, 14, 16, 43)


@pytest.mark.parametrize(
    ("clock", "start"),
    [
        ("2030-01-14 20:00", utc(2030, 1, 14, 20)),
        ("2030-07-15 20:00", utc(2030, 7, 15, 19)),  # summer time
        ("2030-10-27 01:30", utc(2030, 10, 27, 0, 30)),  # comes twice; the first is meant
    ],
)
def test_a_slot_may_start_by_the_clock_of_its_cinema(movie, screen, clock, start):
    assert Slot.at_local(movie, screen, datetime.fromisoformat(clock)) == Slot.at(movie, screen, start)


def test_no_slot_starts_in_the_hour_that_the_clocks_skip(movie, screen):
    with pytest.raises(SkippedTime):
        Slot.at_local(movie, screen, datetime.fromisoformat("2030-03-31 01:30"))


def test_without_slots_there_is_nothing_to_ask(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert find_overlaps([]) == []


@pytest.mark.parametrize(
    ("start", "minutes", "overlaps"),
    [
        (utc(2030, 1, 14, 12, 16), 89, False),  # free at 14:00
        (utc(2030, 1, 14, 12, 16), 90, True),  # being cleaned until 14:01
        (utc(2030, 1, 14, 16, 42), 60, True),  # before the slot's own screen is clean
        (utc(2030, 1, 14, 16, 43), 60, False),
        (utc(2030, 1, 14, 15), 10, True),  # within
        (utc(2030, 1, 14, 10), 600, True),  # around
        (utc(2030, 1, 15, 14), 148, False),
    ],
)
def test_a_show_overlaps_from_its_start_until_its_screen_is_clean(slot, start, minutes, overlaps):
    show = show_at(slot, start, minutes)

    expected = Overlap(show.pk, show.movie.title, show.starts_at, show.screen_free_at)
    assert find_overlaps([slot]) == [[expected] if overlaps else []]


@pytest.mark.parametrize(
    ("fields", "overlaps"),
    [({"status": "ON_SALE"}, True), ({"status": "DRAFT"}, True), ({"status": "CANCELLED"}, False)],
)
def test_drafts_keep_their_screen_and_cancelled_shows_do_not(slot, fields, overlaps):
    show = show_at(slot, TWO, **fields)

    assert ids(find_overlaps([slot])) == [[show.pk] if overlaps else []]


def test_a_show_on_another_screen_does_not_overlap(slot):
    show_at(slot, TWO, screen=make_screen())

    assert find_overlaps([slot]) == [[]]


def test_a_show_does_not_overlap_itself(slot):
    moved, other = show_at(slot, TWO, minutes=10), show_at(slot, TWO + 60 * MINUTE)

    assert ids(find_overlaps([slot], ignoring=[moved.pk])) == [[other.pk]]


def test_slots_overlap_each_other_on_one_screen_only(movie, screens):
    early, late = Slot.at(movie, screens[0], TWO), Slot.at(movie, screens[0], TWO + 99 * MINUTE)
    elsewhere = Slot.at(movie, screens[1], TWO)

    overlaps = find_overlaps([late, elsewhere, early])

    assert [[overlap.starts_at for overlap in of_slot] for of_slot in overlaps] == [
        [early.start],
        [],
        [late.start],
    ]
    assert ids(overlaps) == [[None], [], [None]]


def test_the_sweep_finds_what_comparing_all_pairs_finds(movie, screens):
    for hour in (3, 9, 10, 17):
        make_show(movie=movie, screen=screens[hour % 2], starts_at=utc(2030, 1, 14, hour, 7))
    shows = list(Show.objects.all())
    slots = [
        Slot.at(movie, screen, utc(2030, 1, 14, hour, minute))
        for screen in screens
        for hour in range(24)
        for minute in (0, 45)
    ]

    def overlaps_of(slot):
        with_shows = [
            (show.starts_at, show.pk)
            for show in shows
            if show.screen == slot.screen
            and show.starts_at < slot.screen_free_at
            and slot.start < show.screen_free_at
        ]
        with_slots = [
            (other.start, None)
            for other in slots
            if other != slot
            and other.screen == slot.screen
            and other.start < slot.screen_free_at
            and slot.start < other.screen_free_at
        ]
        return sorted(with_shows + with_slots, key=lambda pair: pair[0])

    found = [[(overlap.starts_at, overlap.id) for overlap in of_slot] for of_slot in find_overlaps(slots)]

    assert found == [overlaps_of(slot) for slot in slots]


@pytest.mark.parametrize("number", [1, 5])
def test_overlaps_cost_one_query_for_any_number_of_slots(movie, screens, number, django_assert_num_queries):
    days = [TWO + timedelta(days=day) for day in range(number)]
    slots = [Slot.at(movie, screen, day) for day in days for screen in screens]
    for slot in slots:
        show_at(slot, slot.start)

    with django_assert_num_queries(1):
        overlaps = find_overlaps(slots)

    assert [len(of_slot) for of_slot in overlaps] == [1] * len(slots)


@pytest.mark.parametrize(
    ("show_id", "start", "text"),
    [
        (7, utc(2030, 7, 14, 19), "Inception, 20:00 to 22:43 with cleaning"),
        (7, utc(2030, 7, 14, 22), "Inception, 23:00 to 01:43 (Mon) with cleaning"),
        (7, utc(2030, 7, 13, 22), "Inception, 23:00 (Sat) to 01:43 with cleaning"),
        (None, utc(2030, 7, 14, 19), "Inception (also proposed), 20:00 to 22:43 with cleaning"),
    ],
)
def test_an_overlap_is_told_by_the_clock_of_the_cinema(show_id, start, text):
    overlap = Overlap(show_id, "Inception", start, start + 163 * MINUTE)

    assert overlap.describe(LONDON, utc(2030, 7, 14).date()) == text
