"""The JSON of bookings, and of what comes back for them. Read-only."""

from typing import Any

from django.conf import settings
from drf_yasg.utils import swagger_serializer_method
from rest_framework import serializers

from bookings.models import Booking, Status
from bookings.queries import ENDED_BY, ended_by
from movie_booking.api.fields import SharedFields, moment_json

BOOKING_STATUSES = [
    Status.HELD,
    Status.BOOKED,
    Status.CANCELLED,
    Status.EXPIRED,
]  # BLOCKED is for house seats
BOOKING_EXAMPLE = {
    "id": 1,
    "order": "4N0CV8NK7G",
    "show": 1,
    "movie": 1,
    "movie_title": "Inception",
    "screen": 1,
    "screen_name": "Screen 1",
    "cinema": 1,
    "cinema_name": "Roxy",
    "time_zone": "Europe/London",
    "starts_at": "2026-12-01T19:00:00.000000Z",
    "seat_number": 5,
    "seat_label": "A5",
    "price": "8.50",
    "currency": "EUR",
    "status": "BOOKED",
    "created_at": "2026-11-28T10:00:00.000000Z",
    "cancelled_at": None,
    "cancel_reason": None,
    "ended_by": None,
    "refund_percent": None,
    "refund_amount": None,
    "seats_version": 6,
}
SEATS_VERSION = (
    "Only in answers to what changed seats: the version of the show's seat map after that. A map that is"
    " asked for with it as `min_version` is no older."
)


class BookingSerializer(SharedFields, serializers.ModelSerializer[Booking]):
    order = serializers.CharField(source="order.reference", read_only=True, help_text="Its reference.")
    movie = serializers.IntegerField(source="show.movie_id", read_only=True)
    movie_title = serializers.CharField(source="show.movie.title", read_only=True)
    screen = serializers.IntegerField(source="show.screen_id", read_only=True)
    screen_name = serializers.CharField(source="show.screen.name", read_only=True)
    cinema = serializers.IntegerField(source="show.cinema_id", read_only=True)
    cinema_name = serializers.CharField(source="show.screen.cinema.name", read_only=True)
    time_zone = serializers.CharField(
        source="show.screen.cinema.time_zone", read_only=True, help_text="Of the cinema: the IANA name."
    )
    starts_at = serializers.DateTimeField(source="show.starts_at", read_only=True)
    seat_label = serializers.CharField(read_only=True, help_text="Row and place: C7.")
    currency = serializers.SerializerMethodField(help_text="ISO 4217.")
    status = serializers.SerializerMethodField()
    cancel_reason = serializers.SerializerMethodField(
        help_text="Why it was cancelled, where anybody said so, as staff do of a show that they cancel."
    )
    ended_by = serializers.SerializerMethodField(
        help_text="Who ended it: customer, staff or time, as of a hold that expired; null while it is live."
    )
    refund_amount = serializers.DecimalField(
        max_digits=8, decimal_places=2, read_only=True, allow_null=True, help_text="What is to be paid back."
    )
    seats_version = serializers.IntegerField(required=False, help_text=SEATS_VERSION)

    class Meta:
        model = Booking
        fields = (
            "id",
            "order",
            "show",
            "movie",
            "movie_title",
            "screen",
            "screen_name",
            "cinema",
            "cinema_name",
            "time_zone",
            "starts_at",
            "seat_number",
            "seat_label",
            "price",
            "currency",
            "status",
            "created_at",
            "cancelled_at",
            "cancel_reason",
            "ended_by",
            "refund_percent",
            "refund_amount",
            "seats_version",
        )
        read_only_fields = fields
        swagger_schema_fields = {"example": BOOKING_EXAMPLE}

    def get_currency(self, booking: Booking) -> str:
        return settings.CURRENCY

    @swagger_serializer_method(serializers.CharField(allow_null=True))
    def get_cancel_reason(self, booking: Booking) -> str | None:
        is_cancelled = booking.status == Status.CANCELLED  # of a house seat it is why it was blocked
        return (is_cancelled and booking.reason) or None

    @swagger_serializer_method(serializers.ChoiceField(ENDED_BY, allow_null=True))
    def get_ended_by(self, booking: Booking) -> str | None:
        return ended_by(booking)

    @swagger_serializer_method(serializers.ChoiceField(BOOKING_STATUSES))
    def get_status(self, booking: Booking) -> str:
        """A hold is over when its time is, also while its row still says HELD."""
        return booking.status_at().value

    def to_representation(self, booking: Booking) -> dict[str, Any]:
        """What the fields say, without making them first: every buyer waits. A test holds both equal."""
        show, screen = booking.show, booking.show.screen
        refund = booking.refund_amount
        return {
            "id": booking.pk,
            "order": booking.order.reference,
            "show": booking.show_id,
            "movie": show.movie_id,
            "movie_title": show.movie.title,
            "screen": show.screen_id,
            "screen_name": screen.name,
            "cinema": screen.cinema_id,
            "cinema_name": screen.cinema.name,
            "time_zone": screen.cinema.time_zone,
            "starts_at": moment_json(show.starts_at),
            "seat_number": booking.seat_number,
            "seat_label": booking.seat_label,
            "price": f"{booking.price:.2f}",
            "currency": settings.CURRENCY,
            "status": self.get_status(booking),
            "created_at": moment_json(booking.created_at),
            "cancelled_at": moment_json(booking.cancelled_at) if booking.cancelled_at else None,
            "cancel_reason": self.get_cancel_reason(booking),
            "ended_by": ended_by(booking),
            "refund_percent": booking.refund_percent,
            "refund_amount": None if refund is None else f"{refund:.2f}",
        }


def changed_booking(booking: Booking) -> dict[str, Any]:
    """Return the JSON of a booking as a service left it, with the version of the map that it made."""
    return BookingSerializer().to_representation(booking) | {"seats_version": booking.show.seats_version}


class RefundSerializer(serializers.Serializer[Any]):
    """What would come back, and until when."""

    refund_percent = serializers.IntegerField()
    refund_amount = serializers.DecimalField(max_digits=10, decimal_places=2)  # of all seats together
    currency = serializers.CharField(help_text="ISO 4217.")
    valid_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when this much comes back; null: nothing does."
    )
    cancel_until = serializers.DateTimeField(help_text="Until when it can be cancelled at all.")


REFUND_EXAMPLE = {
    "refund_percent": 100,
    "refund_amount": "8.50",
    "currency": "EUR",
    "valid_until": "2026-11-30T19:00:00.000000Z",
    "cancel_until": "2026-12-01T19:00:00.000000Z",
}


class QuoteSerializer(RefundSerializer):
    booking = serializers.IntegerField()

    class Meta:
        swagger_schema_fields = {"example": {"booking": 1, **REFUND_EXAMPLE}}


class OrderQuoteSerializer(RefundSerializer):
    order = serializers.CharField(help_text="Its reference.")
    seat_numbers = serializers.ListField(child=serializers.IntegerField(), help_text="What it is for.")

    class Meta:
        swagger_schema_fields = {
            "example": {
                "order": "4N0CV8NK7G",
                "seat_numbers": [5, 6],
                **REFUND_EXAMPLE,
                "refund_amount": "17.00",
            }
        }
