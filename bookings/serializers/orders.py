"""The JSON of orders. Read-only."""

from typing import Any

from django.conf import settings
from django.utils.timezone import now
from rest_framework import serializers

from bookings.models import Guest, Order
from bookings.queries import OrderChange, changes_of_orders, ended_by, order_summary
from bookings.serializers.bookings import (
    BOOKING_EXAMPLE,
    BOOKING_STATUSES,
    SEATS_VERSION,
    BookingSerializer,
)
from bookings.serializers.changes import ChangesSerializer
from movie_booking.api.fields import moment_json

ACCESS_KEY_EXAMPLE = "n7Hq0v3J1s2Xc8bVwYt5LmKd9PzRgQeAuFi4oTjS6hE"
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
    "guest": None,
    "seats_version": 6,
}


class GuestSerializer(serializers.ModelSerializer[Guest]):
    class Meta:
        model = Guest
        fields = ("email", "name", "telephone")
        read_only_fields = fields


class CustomerSerializer(serializers.Serializer[Any]):
    """Describes `customer_json` to Swagger UI."""

    name = serializers.CharField(help_text="Blank, if it is not known.")
    email = serializers.CharField(help_text="Blank, if it is not known.")


class OrderChangeSerializer(serializers.Serializer[Any]):
    """Describes `queries.changes_of_orders` to Swagger UI."""

    show_version = serializers.IntegerField(help_text="Of the show, after the change.")
    at = serializers.DateTimeField()
    reason = serializers.CharField()
    changes = ChangesSerializer()


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
    guest = GuestSerializer(allow_null=True, help_text="Who bought without an account, as they said it.")
    customer = CustomerSerializer(
        required=False, help_text="To a machine that looks up: whose it is, user or guest. Else not there."
    )
    seats_version = serializers.IntegerField(required=False, help_text=SEATS_VERSION)
    access_key = serializers.CharField(
        required=False,
        help_text="To a guest or machine, in the answer that made the order only: the secret that opens it.",
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
            "guest",
            "customer",
            "seats_version",
            "access_key",
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
        customer = {"customer": customer_json(order)} if self.context.get("tells_customer") else {}
        return {
            "reference": order.reference,
            "show": order.show_id,
            "status": summary.status.value,
            # At one moment with the order: a hold must not end between two looks at the clock.
            "bookings": [
                {
                    **booking_json(booking),
                    "status": booking.status_at(at).value,
                    "ended_by": ended_by(booking, at),
                }
                for booking in bookings
            ],
            "total": str(summary.total),
            "currency": settings.CURRENCY,
            "expires_at": moment_json(until) if until else None,
            "expires_in_seconds": max(0, int((until - at).total_seconds())) if until else None,
            "created_at": moment_json(order.created_at),
            "exchanged_from": order.exchanged_from.reference if order.exchanged_from else None,
            "changes": [change._asdict() for change in changes],
            "guest": guest_json(order.guest) if order.guest else None,
            **customer,
        }


def guest_json(guest: Guest) -> dict[str, str]:
    """Return what `GuestSerializer` describes."""
    return {"email": guest.email, "name": guest.name, "telephone": guest.telephone}


def customer_json(order: Order) -> dict[str, str]:
    """Return whose order it is, as a box office needs to know; of a user the real name, if there is one."""
    if order.user:
        return {"name": order.user.get_full_name() or order.user.username, "email": order.user.email}
    return (
        {"name": order.guest.name, "email": order.guest.email} if order.guest else {"name": "", "email": ""}
    )


class ClaimedSerializer(serializers.Serializer[Any]):
    orders = serializers.ListField(
        child=serializers.CharField(), help_text="References of the orders that are yours now."
    )
