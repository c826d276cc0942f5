"""Time as people tell it: the clock of a cinema, days, weekdays and times of day. Pure functions."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from movies.errors import SkippedTime

# Outside of these a time may have no equivalent in another time zone. Films began in 1895.
FIRST_MOMENT = datetime(1895, 1, 1, tzinfo=timezone.utc)
LAST_MOMENT = datetime(2999, 12, 31, tzinfo=timezone.utc)
# In the order of `date.weekday()`.
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def from_local(clock: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, when the clocks of the zone show this time; `clock` names no time zone.

    Of an hour that comes twice, the first is meant, or the second if its `fold` is 1. Raises SkippedTime.
    """
    moment = clock.replace(tzinfo=zone).astimezone(timezone.utc)
    if to_local(moment, zone) != clock:
        raise SkippedTime
    return moment


def to_local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the time as the clocks of the zone show it, without a time zone.

    Its `fold` is 1 in the second of two hours that they show alike.
    """
    return moment.astimezone(zone).replace(tzinfo=None)


def local_time(moment: datetime, zone: ZoneInfo, day: date) -> str:
    """Return the time of day by the clocks of the zone; with the weekday, if it is not on this day."""
    local = to_local(moment, zone)
    return f"{local:%H:%M}" if local.date() == day else f"{local:%H:%M (%a)}"


def local_day(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when the day begins and when the next one does: 23 to 25 hours, by the time zone."""
    midnight = datetime.combine(day, time.min, zone)
    next_midnight = datetime.combine(day + timedelta(days=1), time.min, zone)
    return midnight, next_midnight


def dates_between(first: date, last: date, weekdays: Iterable[int] = range(7)) -> list[date]:
    """Return the dates from the first to the last, both included, on these weekdays (Monday is 0)."""
    chosen = set(weekdays)
    days = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    return [day for day in days if day.weekday() in chosen]


def read_times(text: str) -> list[time]:
    """Return the times in "14:00, 17.30 20:15", in order. Raises ValueError, with a sentence."""
    return sorted({_time(word) for word in re.split(r"[,;\s]+", text) if word})


def _time(word: str) -> time:
    if not (read := re.fullmatch(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])", word)):
        raise ValueError(f"“{word[:20]}” is no time of day. Write times like this: 14:00, 20:15.")
    return time(int(read[1]), int(read[2]))
