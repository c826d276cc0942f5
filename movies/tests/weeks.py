"""A week in January 2030 and two times of day, for tests."""

from datetime import date, time
from zoneinfo import ZoneInfo

from movies.times import dates_between

MONDAY = date(2030, 1, 14)
TUESDAY = date(2030, 1, 15)
WEEK = dates_between(MONDAY, date(2030, 1, 20))
TWO, EIGHT = time(14), time(20)
LONDON = ZoneInfo("Europe/London")
