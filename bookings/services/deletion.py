"""Deleting a show that never sold, with all that was tried with its seats."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from accounts.actors import Actor, Channel
from bookings.models import Booking, BookingEvent, Order
from bookings.queries import was_sold
from bookings.services.inventory import SeatInventory
from movie_booking.errors import InUse
from movies.models import ShowEvent
from movies.services import Versions, log_deletion, refuse_stale


@transaction.atomic
def delete_show(show_id: int, *, actor: Actor, versions: Versions = None) -> None:
    """Delete a show of which no seat is live or was ever booked, with holds that came to nothing, house
    seats that were released, and the events of both.

    `versions` says which versions of it the member of staff may have seen. Raises NotFound, and InUse for a
    show that sold.
    """
    inventory = SeatInventory.lock(show_id)
    refuse_stale(inventory.show, versions)
    if was_sold(inventory.show, inventory.at):
        raise InUse("Seats of this show were sold, so it cannot be deleted.")
    with _events_may_go(show_id):
        BookingEvent.objects.filter(show=show_id).delete()
        ShowEvent.objects.filter(show=show_id).delete()
    Booking.objects.filter(show=show_id).delete()
    # A hold of this show may have been exchanged for one of another.
    Order.objects.filter(exchanged_from__show=show_id).update(exchanged_from=None)
    Order.objects.filter(show=show_id).delete()
    if actor.channel == Channel.API:  # the Admin writes its log itself
        log_deletion(inventory.show, actor.user)
    inventory.show.delete()


@contextmanager
def _events_may_go(show_id: int) -> Iterator[None]:
    """Name the show to the trigger that keeps events: see migration 0011. SQLite's refuses only changes."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('movie_booking.deleted_show', %s, true)", [str(show_id)])
        yield
        cursor.execute("SELECT set_config('movie_booking.deleted_show', '', true)")
