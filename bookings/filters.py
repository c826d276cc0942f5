"""How a user's bookings can be narrowed down: `?name=value`."""

from django_filters import rest_framework as filters

from bookings.models import Booking, Status


class BookingFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=Status.choices, help_text="Status of the booking.")

    class Meta:
        model = Booking
        fields = ("status",)
