"""What is asked of the values of fields, wherever they come from."""

import zoneinfo
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from movies.seat_plan import SeatPlanError, parse_plan
from movies.times import FIRST_MOMENT, LAST_MOMENT

MOMENTS = [MinValueValidator(FIRST_MOMENT), MaxValueValidator(LAST_MOMENT)]
DAYS = [MinValueValidator(FIRST_MOMENT.date()), MaxValueValidator(LAST_MOMENT.date())]
# Names in the time zone database that are no places: what they mean depends on the machine.
NO_TIME_ZONES = {"Factory", "localtime", "posixrules"}


@lru_cache(maxsize=1)  # reading them takes a walk through many files
def time_zones() -> frozenset[str]:
    """The names in the IANA time zone database."""
    return frozenset(zoneinfo.available_timezones() - NO_TIME_ZONES)


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless the name is in the IANA time zone database."""
    if name not in time_zones():
        raise ValidationError("“%(name)s” is not an IANA time zone.", "invalid_choice", {"name": name})


def validate_plan(text: str) -> None:
    """Raises ValidationError, with line and column, for a drawing that is no seat plan."""
    try:
        parse_plan(text)
    except SeatPlanError as error:
        raise ValidationError(str(error), "invalid_seat_plan") from error
