"""The JSON of a show's seats: blocked, released, cancelled, and the seat map."""

from typing import Any, cast

from rest_framework import serializers

from movie_booking.api.fields import StrictBooleanField, StrictCharField, moment_json
from movies.models import Show
from movies.seat_plan import SeatKind
from movies.serializers import ShowSerializer


class SelectionInput(serializers.Serializer[Any]):
    seats = StrictCharField(max_length=2000, help_text="Such as C1-C6, D4.")
    leave_single_seat = StrictBooleanField(
        required=False, help_text="Do it although a single seat is left free."
    )


class BlockInput(SelectionInput):
    reason = StrictCharField(max_length=200, required=False, allow_blank=True, default="")

    class Meta:
        swagger_schema_fields = {"example": {"seats": "C1-C6, D4", "reason": "Camera position"}}


class SelectionSerializer(serializers.Serializer[Any]):
    show = serializers.IntegerField(read_only=True)
    seat_numbers: Any = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    seats = serializers.CharField(read_only=True, help_text="The same, as labels: C1-C6.")


class CancelShowInput(serializers.Serializer[Any]):
    reason = StrictCharField(max_length=200, help_text="What customers are told.")

    class Meta:
        swagger_schema_fields = {"example": {"reason": "The projector is broken."}}


class CancelledShowSerializer(ShowSerializer):
    cancelled_bookings = serializers.SerializerMethodField(
        help_text="How many seats of customers were cancelled."
    )

    fields: Any = serializers.ModelSerializer.fields  # not shared: they know the context

    class Meta(ShowSerializer.Meta):
        fields: Any = (*ShowSerializer.Meta.fields, "cancelled_at", "cancelled_bookings")
        read_only_fields: Any = fields

    def get_cancel_reason(self, show: Show) -> str:  # never null here: a show is cancelled with a reason
        return cast("str", super().get_cancel_reason(show))

    def get_cancelled_bookings(self, show: Show) -> int:
        return self.context["cancelled_bookings"]

    def to_representation(self, show: Show) -> dict[str, Any]:
        return {
            **super().to_representation(show),
            "cancelled_at": moment_json(show.cancelled_at) if show.cancelled_at else None,
            "cancelled_bookings": self.get_cancelled_bookings(show),
        }


SHOW_VERSION = "How often the show was changed: send it with the seats that are chosen."


class LayoutSeatSerializer(serializers.Serializer[Any]):
    """Describes the seat map to clients; the map itself is built by `seat_map`."""

    seat_number = serializers.IntegerField()
    label: Any = serializers.CharField(help_text="Row and place: C7.")
    kind = serializers.ChoiceField(choices=[kind.value for kind in SeatKind])
    price = serializers.DecimalField(max_digits=8, decimal_places=2)
    x = serializers.IntegerField(help_text="Column in the drawing, from 0; aisles count.")
    y = serializers.IntegerField(help_text="Line in the drawing, from 0 at the screen; walkways count.")
    partner = serializers.IntegerField(allow_null=True, help_text="The other half of a sofa.")


class MapSeatSerializer(LayoutSeatSerializer):
    status = serializers.ChoiceField(choices=["available", "held", "booked", "blocked"])


class MapRowSerializer(serializers.Serializer[Any]):
    row = serializers.CharField()
    seats = MapSeatSerializer(many=True)


class LayoutRowSerializer(serializers.Serializer[Any]):
    row = serializers.CharField()
    seats = LayoutSeatSerializer(many=True)


class SeatLayoutSerializer(serializers.Serializer[Any]):
    show = serializers.IntegerField()
    show_version = serializers.IntegerField(help_text=SHOW_VERSION)
    width = serializers.IntegerField(help_text="Columns of the drawing.")
    height = serializers.IntegerField(help_text="Lines of the drawing.")
    currency = serializers.CharField(help_text="ISO 4217.")
    rows: Any = LayoutRowSerializer(many=True)


class TakenSeatsSerializer(serializers.Serializer[Any]):
    held = serializers.ListField(child=serializers.IntegerField())
    booked = serializers.ListField(child=serializers.IntegerField())
    blocked = serializers.ListField(child=serializers.IntegerField())


class SeatAvailabilitySerializer(serializers.Serializer[Any]):
    show = serializers.IntegerField()
    show_version = serializers.IntegerField(help_text=SHOW_VERSION)
    seats_version = serializers.IntegerField()
    available_seats = serializers.IntegerField(help_text="0 if the show is cancelled.")
    status = serializers.ChoiceField(
        choices=[Show.Status.ON_SALE, Show.Status.CANCELLED], help_text="Of the show."
    )
    taken = TakenSeatsSerializer(help_text="All other seats are available, unless the show is CANCELLED.")


class SeatMapSerializer(SeatLayoutSerializer):
    rows = MapRowSerializer(many=True)
    seats_version = serializers.IntegerField()
    available_seats = serializers.IntegerField(help_text="0 if the show is cancelled.")
    status = serializers.ChoiceField(
        choices=[Show.Status.ON_SALE, Show.Status.CANCELLED], help_text="Of the show."
    )
