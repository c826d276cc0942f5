"""How a user's bookings can be narrowed down: `?name=value`."""

from django_filters import rest_framework as filters

from bookings.models import Booking, BookingQuerySet, Status


class BookingFilter(filters.FilterSet):
    status = filters.ChoiceFilter(
        choices=Status.choices, method="filter_status", help_text="Status of the booking."
    )

    class Meta:
        model = Booking
        fields = ("status",)

    def filter_status(self, bookings: BookingQuerySet, name: str, value: str) -> BookingQuerySet:
        return bookings.with_status(Status(value))
