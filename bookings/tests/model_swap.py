"""The rule of the model by which seats are exchanged for those of another show."""

from bookings.tests.model import BOOKED, CANCELLED, HELD, Order, Refused
from bookings.tests.model_box_office import ModelWithBoxOffice


class ModelWithSwaps(ModelWithBoxOffice):
    """All shows are of one cinema, so that each may be exchanged for every other."""

    def swap(self, user, order, from_seats, show, to_seats, *, leave_single_seat):
        self.refuse_other_users(user, order)
        self.refuse_unless_on_sale(show)
        self.refuse_unless_live(order)
        self.refuse_seats_without_booking(order, from_seats)
        if len(from_seats) != len(to_seats):
            raise Refused("invalid")
        leaving = [b for b in self.live(order) if b.seat_number in from_seats]
        [status] = {b.status for b in leaving}
        self.refuse_giving_up(order, leaving, leave_single_seat)
        self.refuse_seating(show, to_seats, leave_single_seat=leave_single_seat)
        one_more_hold = status == HELD and len(leaving) < len(self.live(order))
        self.refuse_beyond_limits(user, show, len(to_seats), HELD if one_more_hold else BOOKED)
        if status == HELD:
            swapped = Order(show, user, order.created_at, order.expires_at)
        else:
            swapped = Order(show, user, self.now, None, cap=self.refund_percent(order))
        for booking in leaving:
            if status == BOOKED:
                booking.refund_percent = 100
            booking.transition(CANCELLED, user)
        self.allocate(swapped, to_seats, status)
        return swapped

    def refuse_giving_up(self, order, leaving, leave_single_seat):
        self.refuse_if_started(order.show)
        self.refuse_if_too_late(order.show, leaving)
        self.refuse_half_sofas({b.seat_number for b in leaving})
        self.refuse_giving_back(order, leaving, leave_single_seat)
