"""The JSON of bookings and orders. Input classes check shape, output classes are read-only."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.utils.timezone import now
from drf_yasg.utils import swagger_serializer_method
from rest_framework import serializers

from bookings.models import Booking, Order, Status
from bookings.queries import OrderChange, changes_of_orders, order_summary
from bookings.serializers.changes import ChangesSerializer
from bookings.services import SeatChoice
from movie_booking.api.fields import (
    Input,
    KnownFieldsOnly,
    SharedFields,
    StrictBooleanField,
    StrictIntegerField,
    moment_json,
)
from movies.seat_plan import SeatKind

LEAVE_SINGLE_SEAT = "Staff only: do it although a single seat is left free."


class SeatNumbersField(serializers.ListField):
    """Numbers of seats, each once."""

    child = StrictIntegerField(min_value=1)
    default_error_messages = {
        "duplicate": "Name each seat once: {numbers}.",
        "too_many": "At most {limit} seats an order.",
    }

    def to_internal_value(self, data: Any) -> list[int]:
        # Before looking at each of them: a list of a hundred thousand is not worth a message a seat.
        if isinstance(data, list) and len(data) > settings.MAX_SEATS_PER_ORDER:
            self.fail("too_many", limit=settings.MAX_SEATS_PER_ORDER)
        numbers: list[int] = super().to_internal_value(data)
        if twice := sorted(number for number, count in Counter(numbers).items() if count > 1):
            self.fail("duplicate", numbers=", ".join(map(str, twice)))
        return numbers


class BestAvailableField(StrictIntegerField):
    """How many seats, or how many of each kind: `{"wheelchair": 1, "companion": 1, "standard": 2}`."""

    default_error_messages = {
        "empty": "Name at least one kind of seat.",
        "invalid_choice": "There is no such kind of seat. The kinds are {kinds}.",
        "sold_in_pairs": "Sofas are sold in pairs: ask for an even number.",
        "too_many": "At most {limit} seats an order.",
    }

    def to_internal_value(self, data: Any) -> Any:
        party = self._by_kind(data) if isinstance(data, dict) else super().to_internal_value(data)
        if (sum(party.values()) if isinstance(party, dict) else party) > settings.MAX_SEATS_PER_ORDER:
            self.fail("too_many", limit=settings.MAX_SEATS_PER_ORDER)
        return party

    def run_validators(self, value: Any) -> None:
        for seats in value.values() if isinstance(value, dict) else [value]:
            super().run_validators(seats)

    def _by_kind(self, data: dict[str, Any]) -> dict[SeatKind, int]:
        kinds = [kind.value for kind in SeatKind]
        if not data:
            self.fail("empty")
        if data.keys() - set(kinds):
            self.fail("invalid_choice", kinds=", ".join(kinds))
        for kind, seats in data.items():
            if type(seats) is not int or seats < 1:
                message = f"{kind}: Give a number of seats from 1 upwards."
                raise serializers.ValidationError(message, "min_value")
        if data.get(SeatKind.SOFA.value, 0) % 2:
            self.fail("sold_in_pairs")
        return {kind: data[kind.value] for kind in SeatKind if kind.value in data}


class BookSeatInput(Input):
    seat_number = StrictIntegerField(min_value=1, help_text="Seats are numbered in reading order.")
    leave_single_seat = StrictBooleanField(required=False, help_text=LEAVE_SINGLE_SEAT)

    class Meta:
        swagger_schema_fields = {"example": {"seat_number": 5}}


class OrderInput(KnownFieldsOnly):
    show = StrictIntegerField(min_value=0)
    seat_numbers = SeatNumbersField(required=False, allow_empty=False, help_text="The seats, by number;")
    best_available = BestAvailableField(
        required=False,
        min_value=1,
        help_text='or how many of the best available, also by kind: {"wheelchair": 1, "standard": 2}.',
    )
    kind = serializers.ChoiceField(
        choices=[kind.value for kind in SeatKind], required=False, help_text="With best_available."
    )
    adjacent = serializers.ChoiceField(
        choices=["required", "preferred"],
        required=False,
        help_text="With best_available: together or not at all?",
    )
    leave_single_seat = StrictBooleanField(required=False, help_text=LEAVE_SINGLE_SEAT)

    class Meta:
        swagger_schema_fields = {"example": {"show": 1, "seat_numbers": [5, 6]}}

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("seat_numbers" in data) == ("best_available" in data):
            message = "Give either seat_numbers or best_available."
            code = "incompatible" if "seat_numbers" in data else "required"
            raise serializers.ValidationError({"seat_numbers": message, "best_available": message}, code)
        for name in ("kind", "adjacent"):
            if name in data and "best_available" not in data:
                raise serializers.ValidationError({name: "Goes with best_available only."}, "incompatible")
        if "kind" in data and isinstance(data["best_available"], dict):
            raise serializers.ValidationError({"kind": "Goes with a number of seats only."}, "incompatible")
        if data.get("kind") == SeatKind.SOFA and data["best_available"] % 2:
            raise serializers.ValidationError(
                {"best_available": "Sofas are sold in pairs: ask for an even number."}, "sold_in_pairs"
            )
        return data

    @property
    def choice(self) -> SeatChoice:
        """What was asked for, once it is valid."""
        asked = {name: value for name, value in self.validated_data.items() if name != "show"}
        if "kind" in asked:
            asked["kind"] = SeatKind(asked["kind"])
        return SeatChoice(**asked)


class ConfirmInput(KnownFieldsOnly):
    show_version = StrictIntegerField(
        required=False, min_value=0, help_text="Only after `show_changed`: accepts the show as it is now."
    )


class CancelBookingInput(Input):
    leave_single_seat = StrictBooleanField(required=False, help_text=LEAVE_SINGLE_SEAT)

    class Meta:
        swagger_schema_fields: Any = {"example": {}}


class CancelOrderInput(KnownFieldsOnly):
    seat_numbers = SeatNumbersField(
        required=False, allow_empty=False, help_text="Some seats of the order; without it, all."
    )
    leave_single_seat = StrictBooleanField(required=False, help_text=LEAVE_SINGLE_SEAT)

    class Meta:
        swagger_schema_fields = {"example": {"seat_numbers": [6]}}


class ExchangeInput(KnownFieldsOnly):
    to_show = StrictIntegerField(
        required=False, min_value=0, help_text="A show of the same movie or in the same cinema."
    )
    to = SeatNumbersField(source="to_seats", allow_empty=False, help_text="As many free seats.")
    leave_single_seat = StrictBooleanField(required=False, help_text=LEAVE_SINGLE_SEAT)

    class Meta:
        swagger_schema_fields = {"example": {"from": [5], "to": [7]}}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # "from" is a word of Python's.
        return {
            "from": SeatNumbersField(source="from_seats", allow_empty=False, help_text="Seats of the order."),
            **super().get_fields(),
        }


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
    "movie_title": "Inception",
    "screen_name": "Screen 1",
    "cinema": 1,
    "cinema_name": "Roxy",
    "time_zone": "Europe/London",
    "starts_at": "2026-12-01T19:00:00.000000Z",
    "seat_number": 5,
    "seat_label": "A5",
    "price": "8.50",
    "status": "BOOKED",
    "created_at": "2026-11-28T10:00:00.000000Z",
    "cancelled_at": None,
    "refund_percent": None,
    "refund_amount": None,
}
ORDER_EXAMPLE = {
    "reference": "4N0CV8NK7G",
    "show": 1,
    "status": "HELD",
    "bookings": [
        {**BOOKING_EXAMPLE, "status": "HELD"},
        {**BOOKING_EXAMPLE, "status": "HELD", "id": 2, "seat_number": 6, "seat_label": "A6"},
    ],
    "total": "17.00",
    "currency": "EUR",
    "expires_at": "2026-11-28T10:10:00.000000Z",
    "expires_in_seconds": 600,
    "created_at": "2026-11-28T10:00:00.000000Z",
    "exchanged_from": None,
    "changes": [],
}


class OrderChangeSerializer(serializers.Serializer[Any]):
    """Describes `queries.changes_of_orders` to Swagger UI."""

    show_version = serializers.IntegerField(help_text="Of the show, after the change.")
    at = serializers.DateTimeField()
    reason = serializers.CharField()
    changes = ChangesSerializer()


class BookingSerializer(SharedFields, serializers.ModelSerializer[Booking]):
    order = serializers.CharField(source="order.reference", read_only=True, help_text="Its reference.")
    movie_title = serializers.CharField(source="show.movie.title", read_only=True)
    screen_name = serializers.CharField(source="show.screen.name", read_only=True)
    cinema = serializers.IntegerField(source="show.screen.cinema_id", read_only=True)
    cinema_name = serializers.CharField(source="show.screen.cinema.name", read_only=True)
    time_zone = serializers.CharField(
        source="show.screen.cinema.time_zone", read_only=True, help_text="Of the cinema: the IANA name."
    )
    starts_at = serializers.DateTimeField(source="show.starts_at", read_only=True)
    seat_label = serializers.CharField(read_only=True, help_text="Row and place: C7.")
    status = serializers.SerializerMethodField()
    refund_amount = serializers.DecimalField(
        max_digits=8, decimal_places=2, read_only=True, allow_null=True, help_text="What is to be paid back."
    )

    class Meta:
        model = Booking
        fields = (
            "id",
            "order",
            "show",
            "movie_title",
            "screen_name",
            "cinema",
            "cinema_name",
            "time_zone",
            "starts_at",
            "seat_number",
            "seat_label",
            "price",
            "status",
            "created_at",
            "cancelled_at",
            "refund_percent",
            "refund_amount",
        )
        read_only_fields = fields
        swagger_schema_fields = {"example": BOOKING_EXAMPLE}

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
            "movie_title": show.movie.title,
            "screen_name": screen.name,
            "cinema": screen.cinema_id,
            "cinema_name": screen.cinema.name,
            "time_zone": screen.cinema.time_zone,
            "starts_at": moment_json(show.starts_at),
            "seat_number": booking.seat_number,
            "seat_label": booking.seat_label,
            "price": f"{booking.price:.2f}",
            "status": self.get_status(booking),
            "created_at": moment_json(booking.created_at),
            "cancelled_at": moment_json(booking.cancelled_at) if booking.cancelled_at else None,
            "refund_percent": booking.refund_percent,
            "refund_amount": None if refund is None else f"{refund:.2f}",
        }


class OrderListSerializer(serializers.ListSerializer[Any]):
    """Reads what changed of a page of orders at once."""

    def to_representation(self, orders: Any) -> list[Any]:
        one: Any = self.child
        changes = changes_of_orders(orders)
        return [one.order_json(order, changes[order.pk]) for order in orders]


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order whose bookings are known, or were prefetched with `with_details`."""

    status = serializers.ChoiceField(BOOKING_STATUSES, read_only=True)
    bookings: Any = BookingSerializer(many=True, read_only=True)
    total = serializers.DecimalField(
        max_digits=10, decimal_places=2, read_only=True, help_text="What its live seats cost."
    )
    currency = serializers.ReadOnlyField(help_text="ISO 4217.")
    expires_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Until when its seats are held."
    )
    expires_in_seconds = serializers.IntegerField(read_only=True, allow_null=True)
    exchanged_from = serializers.CharField(
        source="exchanged_from.reference",
        read_only=True,
        allow_null=True,
        help_text="Reference of the order of another show whose seats were exchanged for these.",
    )
    changes = OrderChangeSerializer(
        many=True,
        read_only=True,
        help_text="What changed of the show and these seats since the sale, oldest first.",
    )

    class Meta:
        model = Order
        fields = (
            "reference",
            "show",
            "status",
            "bookings",
            "total",
            "currency",
            "expires_at",
            "expires_in_seconds",
            "created_at",
            "exchanged_from",
            "changes",
        )
        read_only_fields = fields
        list_serializer_class = OrderListSerializer
        swagger_schema_fields = {"example": ORDER_EXAMPLE}

    def to_representation(self, order: Order) -> dict[str, Any]:
        return self.order_json(order, changes_of_orders([order])[order.pk])

    def order_json(self, order: Order, changes: list[OrderChange]) -> dict[str, Any]:
        at, bookings = now(), order.all_bookings()
        summary = order_summary(bookings, at)
        until, booking_json = summary.expires_at, BookingSerializer().to_representation
        return {
            "reference": order.reference,
            "show": order.show_id,
            "status": summary.status.value,
            # At one moment with the order: a hold must not end between two looks at the clock.
            "bookings": [
                {**booking_json(booking), "status": booking.status_at(at).value} for booking in bookings
            ],
            "total": str(summary.total),
            "currency": settings.CURRENCY,
            "expires_at": moment_json(until) if until else None,
            "expires_in_seconds": max(0, int((until - at).total_seconds())) if until else None,
            "created_at": moment_json(order.created_at),
            "exchanged_from": order.exchanged_from.reference if order.exchanged_from else None,
            "changes": [change._asdict() for change in changes],
        }


class QuoteSerializer(serializers.Serializer[Any]):
    booking = serializers.IntegerField()
    refund_percent = serializers.IntegerField()
    refund_amount = serializers.DecimalField(max_digits=9, decimal_places=2)  # that of a sofa is two prices
    currency = serializers.CharField(help_text="ISO 4217.")
    valid_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when this much comes back; null: nothing does."
    )
    cancel_until = serializers.DateTimeField(help_text="Until when it can be cancelled at all.")

    class Meta:
        swagger_schema_fields = {
            "example": {
                "booking": 1,
                "refund_percent": 100,
                "refund_amount": "8.50",
                "currency": "EUR",
                "valid_until": "2026-11-30T19:00:00.000000Z",
                "cancel_until": "2026-12-01T19:00:00.000000Z",
            }
        }
