"""The labels that seats had before a show got another plan, for bookings that are over by then."""

from bookings.models import LIVE, Booking
from movies.models import Show
from movies.seat_plan import SeatPlan, label_in


def keep_labels(show: Show, before: SeatPlan, after: SeatPlan) -> None:
    """Keep the labels of seats that bookings had which are over, where another plan has others."""
    over = Booking.objects.filter(show=show, former_label="").exclude(status__in=LIVE)
    relabelled = []
    for booking in over.only("seat_number"):
        label = label_in(before, booking.seat_number)
        if label != label_in(after, booking.seat_number):
            booking.former_label = label
            relabelled.append(booking)
    Booking.objects.bulk_update(relabelled, ["former_label"])
