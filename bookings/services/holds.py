"""Time that runs out. Nobody waits for this: who wants a seat frees it. It keeps the lists true."""

from django.db import OperationalError, transaction

from bookings.models import Booking
from bookings.services.ledger import Room
from movies.models import Show


def expire_holds() -> int:
    """Free every hold whose time is over and return how many there were.

    Show by show, each in a transaction of its own under its lock; safe to run in parallel. Raises
    OperationalError if some show could not be had, once all the others are done.
    """
    freed, failed = 0, None
    shows = Booking.objects.expired().order_by("show_id").values_list("show_id", flat=True).distinct()
    for show_id in list(shows):
        try:
            freed += _expire_holds_of(show_id)
        except OperationalError as error:  # its lock was not to be had in time
            failed = error
    if failed:
        raise failed
    return freed


@transaction.atomic
def _expire_holds_of(show_id: int) -> int:
    room = Room(Show.objects.lock(show_id))
    room.free_expired()
    return len(room.expired)
