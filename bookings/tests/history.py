"""What the events of bookings replay to, and what stands in the tables."""

from typing import Any

from bookings.models import LIVE, Booking, BookingEvent, IdempotencyKey, Order
from movies.models import Show


def replayed() -> dict[int, str]:
    """The status of every booking by its id, from its events alone: each begins where the last ended, in
    status and seat.
    """
    statuses: dict[int, str] = {}
    seats: dict[int, int] = {}
    for event in BookingEvent.objects.select_related("booking").order_by("id"):
        assert statuses.get(event.booking_id, "") == event.from_status
        assert event.show_id == event.booking.show_id
        before, after = (event.changes or {}).get("seat_number", [event.seat_number] * 2)
        assert seats.get(event.booking_id, before) == before
        assert after == event.seat_number
        statuses[event.booking_id], seats[event.booking_id] = event.to_status, after
    assert seats == dict(Booking.objects.filter(pk__in=seats).values_list("pk", "seat_number"))
    return statuses


def db_snapshot() -> list[list[dict[str, Any]]]:
    """All that a request of this app may change: to be compared with what it is afterwards."""
    models = (Show, Order, Booking, BookingEvent, IdempotencyKey)
    return [list(model._base_manager.order_by("pk").values()) for model in models]


def assert_history_consistent() -> None:
    """Events replay to the present state, and the shows count what occupies their seats."""
    assert replayed() == dict(Booking.objects.order_by().values_list("pk", "status"))
    for show in Show.objects.all():
        assert show.live_seats == show.bookings.filter(status__in=LIVE).count()
