"""What is asked of the values of fields, wherever they come from."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from movies.seat_plan import SeatPlanError, parse_plan
from movies.times import FIRST_MOMENT, LAST_MOMENT

MOMENTS = [MinValueValidator(FIRST_MOMENT), MaxValueValidator(LAST_MOMENT)]
DAYS = [MinValueValidator(FIRST_MOMENT.date()), MaxValueValidator(LAST_MOMENT.date())]
# Names in the time zone database that are no places: what they mean depends on the machine.
NO_TIME_ZONES = {"Factory", "localtime", "posixrules"}


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless the name is in the IANA time zone database."""
    if name in NO_TIME_ZONES or name not in zoneinfo.available_timezones():
        raise ValidationError("“%(name)s” is not an IANA time zone.", params={"name": name})


def validate_plan(text: str) -> None:
    """Raises ValidationError, with line and column, for a drawing that is no seat plan."""
    try:
        parse_plan(text)
    except SeatPlanError as error:
        raise ValidationError(str(error)) from error
