"""Times that staff type by the clock of a show's cinema."""

from datetime import datetime

from django.core.exceptions import ValidationError

from movies.errors import SkippedTime
from movies.models import Show
from movies.times import from_local

# As browsers send what was chosen in an `<input type="datetime-local">`.
LOCAL_TIME = "%Y-%m-%dT%H:%M"


def moment_by_clock(clock: datetime, show: Show, *, no_time: str) -> datetime:
    """Return the moment that a time means. Raises ValidationError for one that the clock skips, and with
    `no_time` for one in a year that the clock of Greenwich does not have.
    """
    try:
        return from_local(clock.replace(tzinfo=None), show.screen.cinema.zone)
    except SkippedTime as error:
        raise ValidationError(error.detail) from error
    except OverflowError as error:
        raise ValidationError(no_time) from error
