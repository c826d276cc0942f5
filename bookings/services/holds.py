"""Time that runs out. Nobody waits for this: who wants a seat frees it. It keeps the lists true."""

from django.db import transaction

from bookings.models import Booking
from bookings.services.ledger import Room
from movies.models import Show


def expire_holds() -> int:
    """Free every hold whose time is over and return how many there were.

    Show by show, each in a transaction of its own under its lock; safe to run in parallel.
    """
    shows = Booking.objects.expired().order_by("show_id").values_list("show_id", flat=True).distinct()
    return sum(_expire_holds_of(show_id) for show_id in list(shows))


@transaction.atomic
def _expire_holds_of(show_id: int) -> int:
    room = Room(Show.objects.lock(show_id))
    room.free_expired()
    return len(room.expired)
