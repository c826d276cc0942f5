"""An order under the lock of its show, as the services that change it see it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from bookings.errors import AlreadyCancelled, HoldExpired
from bookings.models import Booking, Order, Status
from movie_booking.errors import NotFound


class LockedOrder(NamedTuple):
    """An order whose show is locked, with its bookings as they are now, by seat."""

    order: Order
    bookings: Sequence[Booking]
    at: datetime

    @property
    def live(self) -> list[Booking]:
        """What the customer has: on hold or booked."""
        return [b for b in self.bookings if b.status_at(self.at) in (Status.HELD, Status.BOOKED)]

    @property
    def on_hold(self) -> list[Booking]:
        """What is held and can still be confirmed."""
        return [booking for booking in self.live if booking.status == Status.HELD]

    @property
    def booked(self) -> list[Booking]:
        return [booking for booking in self.live if booking.status == Status.BOOKED]

    def booking(self, booking_id: int) -> Booking:
        """The booking of this id. Raises NotFound if it belongs to another order."""
        for booking in self.bookings:
            if booking.pk == booking_id:
                return booking
        raise NotFound

    def refuse_unless_live(self) -> None:
        """Raises HoldExpired or AlreadyCancelled if no seat of the order is left."""
        if not self.live:
            expired = any(booking.status_at(self.at) == Status.EXPIRED for booking in self.bookings)
            raise HoldExpired if expired else AlreadyCancelled("The order is already cancelled.")
