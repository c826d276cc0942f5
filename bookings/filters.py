"""How a user's bookings can be narrowed down: `?name=value`."""

from django.db.models import Q
from django.utils import timezone
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
        """As the list shows it: a hold is over when its time is."""
        over = Q(status=Status.HELD, expires_at__lte=timezone.now())
        match value:
            case Status.HELD:
                return bookings.filter(status=value).exclude(over)
            case Status.EXPIRED:
                return bookings.filter(Q(status=value) | over)
        return bookings.filter(status=value)
