"""Which rows are of which day, when each cinema has a clock of its own."""

from collections.abc import Callable, Iterable
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Q

from movies.times import local_day


def by_local_day(
    zones: Iterable[str],
    days_of: Callable[[ZoneInfo], tuple[date | None, date | None]],
    *,
    moment: str,
    cinema: str,
) -> Q:
    """Match rows whose `moment` is on one of the days by the clock of their `cinema`: two lookups.

    `days_of` says from which to which day in a time zone, both included; None leaves that end open.
    """
    names, starts, ends = list(zones), [], []
    matches = Q(pk__in=[])
    for name in names:
        zone = ZoneInfo(name)
        first, last = days_of(zone)
        match = Q(**{f"{cinema}__time_zone": name})
        if first:
            starts.append(local_day(first, zone)[0])
            match &= Q(**{f"{moment}__gte": starts[-1]})
        if last:
            ends.append(local_day(last, zone)[1])
            match &= Q(**{f"{moment}__lt": ends[-1]})
        matches |= match
    # The time that all of these days are within says nothing new, but to the index of the moment.
    if starts and len(starts) == len(names):
        matches &= Q(**{f"{moment}__gte": min(starts)})
    if ends and len(ends) == len(names):
        matches &= Q(**{f"{moment}__lt": max(ends)})
    return matches
