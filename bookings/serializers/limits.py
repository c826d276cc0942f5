"""The JSON of what there is to know before one buys: the limits, deadlines and rules of the settings."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import LONGEST_PASSWORD
from accounts.services import password_rules, shortest_password
from bookings.queries import Allowance
from bookings.refunds import parse_tiers


class RefundTierSerializer(serializers.Serializer[Any]):
    hours_before = serializers.IntegerField(help_text="Until so many hours before the start …")
    percent = serializers.IntegerField(help_text="… this share of the price comes back.")


class PasswordRuleSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="With which a password is refused that breaks it.")
    detail = serializers.CharField()


class PasswordRulesSerializer(serializers.Serializer[Any]):
    min_length = serializers.IntegerField()
    max_length = serializers.IntegerField()
    rules: Any = PasswordRuleSerializer(many=True)


class AllowanceSerializer(serializers.Serializer[Any]):
    """What a user has of a show, and may still have."""

    show = serializers.IntegerField()
    seats = serializers.IntegerField(help_text="Held or booked.")
    seats_left = serializers.IntegerField()
    held_orders = serializers.IntegerField(help_text="Of all shows.")
    held_orders_left = serializers.IntegerField()


class GuestLimitsSerializer(serializers.Serializer[Any]):
    """What is other for guests. They are counted by e-mail address."""

    hold_minutes = serializers.FloatField()
    hold_cap_minutes = serializers.FloatField()


class LimitsSerializer(serializers.Serializer[Any]):
    hold_minutes = serializers.FloatField(help_text="For how long seats are held, and again with `extend/`.")
    hold_cap_minutes = serializers.FloatField(help_text="For how long they are held at most.")
    max_seats_per_order = serializers.IntegerField()
    max_seats_per_show = serializers.IntegerField(help_text="Of one user, held or booked.")
    max_held_orders = serializers.IntegerField(help_text="Of one user at a time.")
    refund_tiers = RefundTierSerializer(many=True, help_text="From early to late; then nothing.")
    cancel_cutoff_minutes = serializers.IntegerField(help_text="Before the start; then nothing is cancelled.")
    move_tolerance_minutes = serializers.IntegerField(
        help_text="By more than these a start has to move for all of the price to come back."
    )
    currency = serializers.CharField(help_text="ISO 4217.")
    access_token_minutes = serializers.IntegerField()
    refresh_token_days = serializers.IntegerField()
    refresh_grace_seconds = serializers.IntegerField(
        help_text="For how long a refresh whose answer was lost may be repeated."
    )
    password = PasswordRulesSerializer()
    idempotency_hours = serializers.IntegerField(help_text="For how long an answer is repeated.")
    poll_seconds = serializers.IntegerField(help_text="How long to wait before asking for seats again.")
    guests = GuestLimitsSerializer(
        allow_null=True, help_text="What is other without an account; null if seats are sold with one only."
    )
    yours = AllowanceSerializer(
        allow_null=True, help_text="With `?show=`: what the user of the token has of it, and may still have."
    )


def limits_json(settings: Any, yours: Allowance | None) -> dict[str, Any]:
    """Return what `LimitsSerializer` describes."""
    jwt = settings.SIMPLE_JWT
    return {
        "hold_minutes": settings.HOLD_MINUTES,
        "hold_cap_minutes": settings.HOLD_CAP_MINUTES,
        "max_seats_per_order": settings.MAX_SEATS_PER_ORDER,
        "max_seats_per_show": settings.MAX_SEATS_PER_SHOW,
        "max_held_orders": settings.MAX_HELD_ORDERS,
        "refund_tiers": [
            {"hours_before": tier.hours_before, "percent": tier.percent}
            for tier in parse_tiers(settings.REFUND_TIERS)
        ],
        "cancel_cutoff_minutes": settings.CANCEL_CUTOFF_MINUTES,
        "move_tolerance_minutes": settings.MOVE_TOLERANCE_MINUTES,
        "currency": settings.CURRENCY,
        "access_token_minutes": int(jwt["ACCESS_TOKEN_LIFETIME"].total_seconds() // 60),
        "refresh_token_days": jwt["REFRESH_TOKEN_LIFETIME"].days,
        "refresh_grace_seconds": settings.REFRESH_GRACE_SECONDS,
        "password": {
            "min_length": shortest_password(),
            "max_length": LONGEST_PASSWORD,
            "rules": [rule._asdict() for rule in password_rules()],
        },
        "idempotency_hours": settings.IDEMPOTENCY_HOURS,
        "poll_seconds": settings.POLL_SECONDS,
        "guests": {
            "hold_minutes": settings.GUEST_HOLD_MINUTES,
            "hold_cap_minutes": settings.GUEST_HOLD_CAP_MINUTES,
        }
        if settings.GUESTS
        else None,
        "yours": yours and yours._asdict(),
    }
