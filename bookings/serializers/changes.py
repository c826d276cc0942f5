"""What changed of a show and of seats, as {field: {old, new}}. Described to clients; made by `queries`."""

from typing import Any

from rest_framework import serializers


class TextChangeSerializer(serializers.Serializer[Any]):
    old = serializers.CharField()
    new = serializers.CharField()


class MomentChangeSerializer(serializers.Serializer[Any]):
    old = serializers.DateTimeField()
    new = serializers.DateTimeField()


class NumberChangeSerializer(serializers.Serializer[Any]):
    old = serializers.IntegerField()
    new = serializers.IntegerField()


class ListChangeSerializer(serializers.Serializer[Any]):
    old = serializers.ListField(child=serializers.CharField())
    new = serializers.ListField(child=serializers.CharField())


class ChangesSerializer(serializers.Serializer[Any]):
    """Only what changed is there."""

    starts_at = MomentChangeSerializer(required=False)
    ends_at = MomentChangeSerializer(required=False)
    screen_name = TextChangeSerializer(required=False)
    cinema_name = TextChangeSerializer(required=False)
    time_zone = TextChangeSerializer(required=False)
    status = TextChangeSerializer(required=False)
    total_seats = NumberChangeSerializer(required=False)
    seats = ListChangeSerializer(required=False, help_text="Labels of the seats of the order.")
    prices = ListChangeSerializer(required=False, help_text="What these cost, where that fell.")
