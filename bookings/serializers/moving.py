"""The JSON of moving a show with its guests."""

from datetime import timezone
from typing import Any

from django.conf import settings
from drf_yasg.utils import swagger_serializer_method
from rest_framework import serializers

from bookings.models import Status
from bookings.services import Move
from movie_booking.api.fields import (
    KnownFieldsOnly,
    StrictBooleanField,
    StrictCharField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictPrimaryKeyField,
)
from movies.models import Screen, Show
from movies.seat_plan import MAX_SEATS, SeatKind
from movies.serializers import ShowSerializer


class ChosenSeatInput(KnownFieldsOnly):
    booking = StrictIntegerField(min_value=0)
    seat_number = StrictIntegerField(min_value=1, help_text="In the plan after the move.")


class MoveInput(KnownFieldsOnly):
    screen: Any = StrictPrimaryKeyField(
        queryset=Screen.objects.all(),
        required=False,
        help_text="The new screen; or that of the show, if it was drawn anew.",
    )
    starts_at = StrictDateTimeField(
        required=False,
        validators=Show._meta.get_field("starts_at").validators,
        default_timezone=timezone.utc,
        help_text="ISO 8601; UTC if it names no offset.",
    )
    reason = StrictCharField(max_length=200, help_text="What customers are told.")
    dry_run = StrictBooleanField(required=False, default=False, help_text="Answer the plan, and do nothing.")
    leave_out = serializers.ChoiceField(
        choices=["refund"],
        required=False,
        help_text="Those who cannot be seated get everything back. Without it the move is refused.",
    )
    may_sit_alone = StrictBooleanField(
        required=False, default=False, help_text="Seat members of a party alone rather than leave it out."
    )
    leave_single_seat = StrictBooleanField(
        required=False, help_text="Although chosen seats leave a single seat free."
    )
    seats: Any = serializers.ListField(
        child=ChosenSeatInput(),
        required=False,
        max_length=MAX_SEATS,
        help_text="Where some guests sit, chosen by hand; the others sit around them.",
    )

    class Meta:
        swagger_schema_fields = {
            "example": {"screen": 2, "reason": "The projector is broken.", "dry_run": True}
        }

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if not data.keys() & {"screen", "starts_at", "seats"}:
            message = "Say where to: a screen, a start, or seats."
            raise serializers.ValidationError({"screen": message}, "required")
        data["refund_left_out"] = "leave_out" in data
        data.pop("leave_out", None)
        chosen = data.pop("seats", [])
        data["seats"] = {each["booking"]: each["seat_number"] for each in chosen}
        if len(data["seats"]) < len(chosen):
            raise serializers.ValidationError({"seats": "Name each booking once."}, "duplicate")
        return data


class PlacedSeatSerializer(serializers.Serializer[Any]):
    seat_number = serializers.IntegerField(source="number")
    label: Any = serializers.CharField(help_text="Row and place: C7.")
    kind = serializers.ChoiceField(choices=[kind.value for kind in SeatKind])


class MovedSeatSerializer(serializers.Serializer[Any]):
    booking = serializers.IntegerField(source="booking.pk")
    order = serializers.CharField(source="booking.order.reference", help_text="Its reference.")
    status = serializers.ChoiceField(
        choices=[Status.HELD, Status.BOOKED, Status.BLOCKED], help_text="Before the move."
    )
    before = PlacedSeatSerializer()
    after = PlacedSeatSerializer(allow_null=True, help_text="null: there is no seat for it.")
    price_before = serializers.DecimalField(max_digits=8, decimal_places=2)
    price_after = serializers.DecimalField(max_digits=8, decimal_places=2)


class LeftOutSerializer(serializers.Serializer[Any]):
    order = serializers.CharField(help_text="Its reference.")
    seats = serializers.CharField(help_text="As labels before the move: C1-C4.")


class ReseatingProblemSerializer(LeftOutSerializer):
    order = serializers.CharField(allow_null=True, help_text="Its reference.")
    reason = serializers.CharField(help_text="Such as alone, half_sofa or companion_apart.")


class MoveSerializer(serializers.Serializer[Any]):
    """Who sits where, before and after a move."""

    show = ShowSerializer(help_text="As it is after the move.")
    seats = MovedSeatSerializer(many=True, help_text="All that are held, booked or blocked.")
    changed = serializers.SerializerMethodField(help_text="How many seats get another label or kind.")
    left_out = serializers.SerializerMethodField()
    problems = serializers.SerializerMethodField()
    dropped = serializers.SerializerMethodField(help_text="Blocked seats that are gone, as labels before.")
    refund = serializers.DecimalField(
        max_digits=12, decimal_places=2, help_text="What goes back to customers who have paid."
    )
    currency = serializers.SerializerMethodField(help_text="ISO 4217.")

    def get_changed(self, move: Move) -> int:
        return len(move.changed)

    @swagger_serializer_method(LeftOutSerializer(many=True))
    def get_left_out(self, move: Move) -> Any:
        """Customers for whom there is no seat."""
        return move.left_out_orders

    @swagger_serializer_method(ReseatingProblemSerializer(many=True))
    def get_problems(self, move: Move) -> Any:
        """What is wrong with seats that were chosen by hand."""
        return move.problems_of_orders

    def get_dropped(self, move: Move) -> str:
        return move.before.labels_of(seat.before.number for seat in move.dropped)

    def get_currency(self, move: Move) -> str:
        return settings.CURRENCY
