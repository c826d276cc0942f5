"""What customers send about bookings and orders: these classes check its shape."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.http import QueryDict
from rest_framework import serializers

from accounts.models import EMAIL_VALIDATORS
from bookings.models.guests import validate_telephone
from bookings.serializers.orders import ACCESS_KEY_EXAMPLE
from bookings.services import SeatChoice
from movie_booking.api.fields import (
    Input,
    KnownFieldsOnly,
    StrictBooleanField,
    StrictCharField,
    StrictEmailField,
    StrictIntegerField,
)
from movie_booking.limits import parse_id
from movies.seat_plan import SeatKind

SHOW_VERSION = "Of the seat map on which they were chosen: refused if the show was changed since."
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

    class Meta:
        # OpenAPI 2.0 has one type for a member; `openapi31` makes both of it.
        swagger_schema_fields = {
            "x-or": {
                "type": "object",
                "properties": {
                    kind.value: {"type": "integer", "format": "int64", "minimum": 1} for kind in SeatKind
                },
                "additionalProperties": False,
                "minProperties": 1,
            }
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
    show_version = StrictIntegerField(required=False, min_value=0, help_text=SHOW_VERSION)
    leave_single_seat = StrictBooleanField(required=False, help_text=LEAVE_SINGLE_SEAT)

    class Meta:
        swagger_schema_fields = {"example": {"seat_number": 5}}

    @property
    def choice(self) -> SeatChoice:
        """What was asked for, once it is valid."""
        asked = dict(self.validated_data)
        return SeatChoice([asked.pop("seat_number")], **asked)


class GuestInput(KnownFieldsOnly):
    email = StrictEmailField(max_length=254, validators=EMAIL_VALIDATORS)
    name = StrictCharField(required=False, allow_blank=True, max_length=150)
    telephone = StrictCharField(
        required=False, allow_blank=True, max_length=30, validators=[validate_telephone]
    )

    class Meta:
        swagger_schema_fields = {"example": {"email": "ada@example.com", "name": "Ada Lovelace"}}


class GuestOfMachineInput(GuestInput):
    """A customer of whom a machine may know nothing."""

    email = StrictEmailField(
        required=False,
        allow_blank=True,
        max_length=254,
        validators=EMAIL_VALIDATORS,
        help_text="Only a machine may leave it out.",
    )

    class Meta(GuestInput.Meta):
        ref_name = "GuestInput"


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
    show_version = StrictIntegerField(required=False, min_value=0, help_text=SHOW_VERSION)
    leave_single_seat = StrictBooleanField(required=False, help_text=LEAVE_SINGLE_SEAT)
    guest = GuestInput(required=False)

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
        others = ("show", "guest")
        asked = {name: value for name, value in self.validated_data.items() if name not in others}
        if "kind" in asked:
            asked["kind"] = SeatKind(asked["kind"])
        return SeatChoice(**asked)


class MachineOrderInput(OrderInput):
    """What a machine sends. The documents name it for all who order, and what others must say besides."""

    guest = GuestOfMachineInput(required=False, help_text="Without a token, or from a machine: who buys.")

    class Meta(OrderInput.Meta):
        ref_name = "OrderInput"


class ClaimInput(KnownFieldsOnly):
    reference = StrictCharField(required=False, max_length=20, help_text="Of an order bought as a guest,")
    access_key = StrictCharField(required=False, max_length=100, help_text="and the key that opens it.")

    class Meta:
        swagger_schema_fields = {"example": {"reference": "4N0CV8NK7G", "access_key": ACCESS_KEY_EXAMPLE}}

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len(data) == 1:
            missing = next(name for name in self.fields if name not in data)
            raise serializers.ValidationError({missing: "This field is required."}, "required")
        return data


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


class OrderQuoteInput(KnownFieldsOnly):
    """The query of a quote, in which numbers are written after one another: `?seat_numbers=5,6`.

    Its `show` says where the order is looked up, and is read there.
    """

    seat_numbers = SeatNumbersField(required=False, allow_empty=False)

    @classmethod
    def of(cls, query: QueryDict) -> "OrderQuoteInput":
        data: dict[str, Any] = {name: values for name, values in query.lists() if name != "show"}
        if "seat_numbers" in data:
            texts = ",".join(data["seat_numbers"]).split(",")
            numbers = [parse_id(text) for text in texts]
            data["seat_numbers"] = [text if n is None else n for n, text in zip(numbers, texts, strict=True)]
        return cls(data=data)


class ExchangeInput(KnownFieldsOnly):
    to_show = StrictIntegerField(
        required=False, min_value=0, help_text="A show of the same movie or in the same cinema."
    )
    to = SeatNumbersField(source="to_seats", allow_empty=False, help_text="As many free seats.")
    show_version = StrictIntegerField(required=False, min_value=0, help_text=SHOW_VERSION)
    leave_single_seat = StrictBooleanField(required=False, help_text=LEAVE_SINGLE_SEAT)

    class Meta:
        swagger_schema_fields = {"example": {"from": [5], "to": [7]}}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # "from" is a word of Python's.
        return {
            "from": SeatNumbersField(source="from_seats", allow_empty=False, help_text="Seats of the order."),
            **super().get_fields(),
        }
