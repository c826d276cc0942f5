"""The rules of the model by which staff sell to whoever stands there."""

from datetime import timedelta

from bookings.tests.model import BOOKED, HELD, WALK_IN, Model, Order, Refused

BOX_OFFICE, STAFF_SEATS = timedelta(minutes=15), 3


class ModelWithBoxOffice(Model):
    def refuse_beyond_limits(self, user, show, size, status):
        if user != WALK_IN:
            super().refuse_beyond_limits(user, show, size, status)

    def refuse_unless_sold_at_box_office(self, show):
        if show.cancelled:
            raise Refused("show_cancelled")
        if self.now >= show.starts_at + BOX_OFFICE:
            raise Refused("show_started")

    def sell(self, show, seats, until):
        """Staff sell seats to a walk-in, or hold them until a moment."""
        self.refuse_unless_sold_at_box_office(show)
        self.refuse_seating(show, seats)
        if len(seats) > STAFF_SEATS:
            raise Refused("too_many_seats")
        if until is not None and not self.now < until <= show.starts_at:
            raise Refused("invalid")
        order = Order(show, WALK_IN, self.now, until)
        self.allocate(order, seats, BOOKED if until is None else HELD)
        return order
