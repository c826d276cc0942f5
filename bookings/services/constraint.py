"""What stands behind the lock: the constraint by which a seat has at most one live booking."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import IntegrityError

from bookings.errors import SeatTaken, reasons
from bookings.models import Booking, Status
from movie_booking.database import violates


@contextmanager
def constraint_as_refusal(numbers: Iterable[int]) -> Iterator[None]:
    """Raises SeatTaken for these seats where the constraint `one_live_booking_per_seat` refused one.

    Not reached while every service takes the lock; the constraint does not rely on that.
    """
    try:
        yield
    except IntegrityError as error:
        if violates(error, "one_live_booking_per_seat", Booking):
            raise SeatTaken(seats=reasons(dict.fromkeys(numbers, Status.BOOKED))) from error
        raise
