"""The JSON of bookings. Input classes check shape, output classes are read-only."""

from typing import Any

from rest_framework import serializers

from bookings.models import Booking
from movie_booking.api import StrictIntegerField


class BookSeatInput(serializers.Serializer[Any]):
    seat_number = StrictIntegerField(min_value=1, help_text="Seats are numbered in reading order.")

    class Meta:
        swagger_schema_fields = {"example": {"seat_number": 5}}


class BookingSerializer(serializers.ModelSerializer[Booking]):
    movie_title = serializers.CharField(source="show.movie.title", read_only=True)
    screen_name = serializers.CharField(source="show.screen.name", read_only=True)
    cinema_name = serializers.CharField(source="show.screen.cinema.name", read_only=True)
    starts_at = serializers.DateTimeField(source="show.starts_at", read_only=True)
    seat_label = serializers.CharField(read_only=True, help_text="Row and place: C7.")

    class Meta:
        model = Booking
        fields = (
            "id",
            "show",
            "movie_title",
            "screen_name",
            "cinema_name",
            "starts_at",
            "seat_number",
            "seat_label",
            "price",
            "status",
            "created_at",
            "cancelled_at",
        )
        read_only_fields = fields
