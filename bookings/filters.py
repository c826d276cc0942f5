"""How a user's bookings and orders can be narrowed down: `?name=value`."""

from typing import Any

from django_filters import rest_framework as filters

from bookings.models import Booking, Order, Status
from movie_booking.api.filters import IdFilter


class StatusAndShow(filters.FilterSet):
    show = IdFilter(field_name="show", help_text="Id of a show.")

    def filter_status(self, rows: Any, name: str, value: str) -> Any:
        return rows.with_status(Status(value))


class BookingFilter(StatusAndShow):
    status = filters.ChoiceFilter(
        choices=Status.choices, method="filter_status", help_text="Status of the booking, as it is now."
    )

    class Meta:
        model = Booking
        fields = ("status", "show")


class OrderFilter(StatusAndShow):
    status = filters.ChoiceFilter(
        # BLOCKED are house seats, which are no customer's.
        choices=[choice for choice in Status.choices if choice[0] != Status.BLOCKED],
        method="filter_status",
        help_text="Status of the order, as it is now.",
    )

    class Meta:
        model = Order
        fields = ("status", "show")
