"""How a user's bookings and orders can be narrowed down: `?name=value`."""

from django_filters import rest_framework as filters

from bookings.models import Booking, BookingQuerySet, Order, OrderQuerySet, Status
from movie_booking.api.filters import IdFilter


class BookingFilter(filters.FilterSet):
    status = filters.ChoiceFilter(
        choices=Status.choices, method="filter_status", help_text="Status of the booking, as it is now."
    )
    show = IdFilter(field_name="show", help_text="Id of a show.")

    class Meta:
        model = Booking
        fields = ("status", "show")

    def filter_status(self, bookings: BookingQuerySet, name: str, value: str) -> BookingQuerySet:
        return bookings.with_status(Status(value))


# BLOCKED are house seats, which are no customer's.
ORDER_STATUSES = [choice for choice in Status.choices if choice[0] != Status.BLOCKED]


class OrderFilter(filters.FilterSet):
    status = filters.ChoiceFilter(
        choices=ORDER_STATUSES, method="filter_status", help_text="Status of the order, as it is now."
    )
    show = IdFilter(field_name="show", help_text="Id of a show.")

    class Meta:
        model = Order
        fields = ("status", "show")

    def filter_status(self, orders: OrderQuerySet, name: str, value: str) -> OrderQuerySet:
        return orders.with_status(Status(value))
