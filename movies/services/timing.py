"""When a show may start and be sold: its times are judged together, and against the clock."""

from datetime import datetime, timedelta

from django.utils.timezone import now

from movie_booking.errors import Invalid
from movie_booking.field_messages import FieldMessage
from movies.models import Show

# A change of one of these has the times judged anew: a draft may have waited too long to be put on sale.
TIMING_FIELDS = {"starts_at", "sales_open_at", "sales_cutoff_minutes", "status"}

TIME_HAS_PASSED = FieldMessage("This time has passed.", "time_has_passed")
NEVER_ON_SALE = FieldMessage("Sales would open only once they have ended.", "sales_open_too_late")
SALES_HAVE_ENDED = FieldMessage(
    "Sales would have ended already: so many minutes are not left until the start.", "sales_have_ended"
)


def timing_problems(
    starts_at: datetime, sales_open_at: datetime | None, sales_cutoff_minutes: int, *, at: datetime
) -> dict[str, FieldMessage]:
    """Return what is wrong with the times of a show that is planned at a moment, by field."""
    sales_close_at = starts_at - timedelta(minutes=sales_cutoff_minutes)
    problems = {}
    if starts_at <= at:
        problems["starts_at"] = TIME_HAS_PASSED
    elif sales_close_at <= at:
        problems["sales_cutoff_minutes"] = SALES_HAVE_ENDED
    if sales_open_at is not None and sales_open_at >= sales_close_at:
        problems["sales_open_at"] = NEVER_ON_SALE
    return problems


def refuse_timing(show: Show, at: datetime | None = None, *, sales_may_end: bool = False) -> None:
    """Raises Invalid unless the show, as it would be written, can still start and be sold.

    With `sales_may_end`, its sales may have ended by now: a sold show that is late still moves.
    """
    problems = timing_problems(show.starts_at, show.sales_open_at, show.sales_cutoff_minutes, at=at or now())
    if sales_may_end:
        problems.pop("sales_cutoff_minutes", None)
    if problems:
        raise Invalid(errors={name: [problem] for name, problem in problems.items()})
