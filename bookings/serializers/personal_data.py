"""The JSON of all that is held of a user. Read-only."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from accounts.serializers import ProfileSerializer
from bookings.models import BookingEvent
from bookings.serializers.orders import OrderSerializer


class RightsSerializer(serializers.Serializer[User]):
    is_staff = serializers.BooleanField()
    is_superuser = serializers.BooleanField()
    groups: Any = serializers.SlugRelatedField("name", many=True, read_only=True)
    permissions: Any = serializers.SlugRelatedField(
        "codename", source="user_permissions", many=True, read_only=True
    )
    last_login = serializers.DateTimeField(allow_null=True, help_text="At the Admin.")


class LogInSerializer(serializers.Serializer[Any]):
    renewed_at = serializers.DateTimeField(source="issued_at", help_text="When it got its newest tokens.")
    expires_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class MailSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    created_at = serializers.DateTimeField()


class EventSerializer(serializers.Serializer[BookingEvent]):
    at = serializers.DateTimeField()
    order = serializers.CharField(source="booking.order.reference")
    booking = serializers.IntegerField(source="booking_id")
    seat_number = serializers.IntegerField()
    from_status = serializers.CharField(help_text="Empty: the booking was new.")
    to_status = serializers.CharField()
    channel = serializers.CharField()
    by_you = serializers.SerializerMethodField()

    def get_by_you(self, event: BookingEvent) -> bool:
        return event.actor_id == self.context["user"].pk


class KeyedRequestSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Its Idempotency-Key.")
    created_at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="Of the answer that is kept.")


class ChangeInAdminSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(source="action_time")
    what = serializers.CharField(source="object_repr")
    change = serializers.CharField(source="get_change_message")


class PersonalDataSerializer(serializers.Serializer[Any]):
    exported_at = serializers.DateTimeField(source="at")
    account = ProfileSerializer(source="user")
    rights = RightsSerializer(source="user")
    log_ins: Any = LogInSerializer(many=True)
    mails: Any = MailSerializer(many=True, help_text="Mails to you that were not sent yet.")
    orders: Any = OrderSerializer(many=True)
    events: Any = EventSerializer(many=True, help_text="The history of your bookings.")
    requests: Any = KeyedRequestSerializer(many=True, help_text="Requests whose answers are kept.")
    changes: Any = ChangeInAdminSerializer(many=True, help_text="What you changed as a member of staff.")
    is_complete = serializers.BooleanField(help_text="Whether each list has all that is held.")
