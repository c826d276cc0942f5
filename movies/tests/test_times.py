"""Times of day as people type them, dates, and the clocks of time zones."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from movies.errors import SkippedTime
from movies.tests.factories import utc
from movies.times import dates_between, from_local, local_time, read_times, to_local

LONDON = ZoneInfo("Europe/London")
clock = datetime.fromisoformat


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("", []),
        ("14:00", [time(14)]),
        ("20.15;9:30, 14:00  14:00", [time(9, 30), time(14), time(20, 15)]),
        ("0:00,23:59,", [time(0), time(23, 59)]),
    ],
)
def test_times_are_read_as_people_type_them(text, times):
    assert read_times(text) == times


@pytest.mark.parametrize(
    "text", ["24:00", "12:60", "noon", "14", "14:0", "14:00:00", "²:00", "-1:00", "14:00\0"]
)
def test_what_is_no_time_is_quoted(text):
    with pytest.raises(ValueError, match=r"is no time of day\. Write times like this: 14:00, 20:15\."):
        read_times(f"14:00 {text}")


def test_dates_are_those_of_the_weekdays_both_ends_included():
    days = dates_between(date(2030, 1, 14), date(2030, 1, 21), [0, 6])

    assert days == [date(2030, 1, 14), date(2030, 1, 20), date(2030, 1, 21)]


@pytest.mark.parametrize(
    ("shown", "moment"),
    [
        (clock("2030-01-15 20:00"), utc(2030, 1, 15, 20)),
        (clock("2030-07-15 20:00"), utc(2030, 7, 15, 19)),
        (clock("2030-03-31 00:59"), utc(2030, 3, 31, 0, 59)),
        (clock("2030-03-31 02:00"), utc(2030, 3, 31, 1)),  # a minute later
        (clock("2030-10-27 01:30"), utc(2030, 10, 27, 0, 30)),  # comes twice; the first is meant
        (clock("2030-10-27 01:30").replace(fold=1), utc(2030, 10, 27, 1, 30)),  # the second
    ],
)
def test_a_time_by_the_clock_is_a_moment_and_back(shown, moment):
    assert from_local(shown, LONDON) == moment
    assert to_local(moment, LONDON) == shown
    assert to_local(moment, LONDON).fold == shown.fold


@pytest.mark.parametrize("minute", [0, 30, 59])
def test_a_time_that_the_clocks_skip_is_no_moment(minute):
    with pytest.raises(SkippedTime):
        from_local(clock(f"2030-03-31 01:{minute:02}"), LONDON)


@pytest.mark.parametrize(
    ("moment", "text"), [(utc(2030, 7, 15, 19), "20:00"), (utc(2030, 7, 15, 23, 30), "00:30 (Tue)")]
)
def test_a_time_of_another_day_is_told_with_its_weekday(moment, text):
    assert local_time(moment, LONDON, date(2030, 7, 15)) == text
