"""What the history says: the house as it must be if every change was written down."""

from bookings.models import LIVE, Booking, BookingEvent
from movies.models import Show


def replayed() -> dict[int, str]:
    """The status of every booking by its id, from its changes alone: each begins where the last ended."""
    statuses: dict[int, str] = {}
    for change in BookingEvent.objects.select_related("booking").order_by("id"):
        assert statuses.get(change.booking_id, "") == change.from_status
        assert (change.show_id, change.seat_number) == (change.booking.show_id, change.booking.seat_number)
        statuses[change.booking_id] = change.to_status
    return statuses


def assert_history_consistent() -> None:
    """History replays to the present state, and the shows count what occupies their seats."""
    assert replayed() == dict(Booking.objects.order_by().values_list("pk", "status"))
    for show in Show.objects.all():
        assert show.live_seats == show.bookings.filter(status__in=LIVE).count()
