"""Fields and serializers that take the JSON type they name, and no other."""

import re
from copy import copy
from datetime import datetime, timezone
from functools import cache, lru_cache
from typing import Any

from django.db import models
from django.utils.functional import cached_property
from rest_framework import serializers

from movie_booking.folding import UniqueFolded


class SharedFields(serializers.BaseSerializer[Any]):
    """A serializer whose fields are made once, for all requests, as they keep nothing of one.

    So they know neither the `context` of a request nor whether it is `partial`.
    """

    @cached_property
    def fields(self) -> Any:
        return fields_of(type(self))  # type: ignore[arg-type]


@cache
def fields_of(serializer_class: type[SharedFields]) -> Any:
    return super(SharedFields, serializer_class()).fields  # type: ignore[misc]


class Input(SharedFields, serializers.Serializer[Any]):
    """Checks the shape of a body."""


class KnownFieldsOnly(Input):
    """Refuses unknown fields: where a missing field has a meaning, a misspelt one would too."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := data.keys() - self.fields.keys()):
            named = sorted(unknown)[:10]
            raise serializers.ValidationError(dict.fromkeys(named, "There is no such field."), "unknown")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer. Not "5", not 5.0 and not true."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """A JSON boolean. Not "true", not 1."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictCharField(serializers.CharField):
    """A JSON string. A number is not silently turned into one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictEmailField(StrictCharField, serializers.EmailField):
    """An e-mail address, as a JSON string."""


# A fraction of a second beyond the microsecond, to which times are kept; Python drops it silently.
BEYOND_MICROSECONDS = re.compile(r"[.,][0-9]{6}[0-9]*[1-9]")
TOO_PRECISE = "Times are kept to the microsecond: give no more than six decimal places of a second."


class StrictDateTimeField(serializers.DateTimeField):
    """A time in ISO 8601, as it will be kept."""

    default_error_messages = {"too_precise": TOO_PRECISE}

    def to_internal_value(self, value: Any) -> Any:
        if isinstance(value, str) and BEYOND_MICROSECONDS.search(value):
            self.fail("too_precise")
        return super().to_internal_value(value)


# How responses write a moment, where they are made without the fields of a serializer. Kept, as writing takes
# fifteen times as long, and the same shows are asked for again and again.
@lru_cache(maxsize=4096)
def moment_json(moment: datetime) -> str:
    """Return a moment as DATETIME_FORMAT has it, and fields of serializers. A test holds them equal."""
    return f"{moment.astimezone(timezone.utc).isoformat(timespec='microseconds')[:26]}Z"


class StrictPrimaryKeyField(serializers.PrimaryKeyRelatedField):
    """The id of a row, as a JSON integer."""

    def to_internal_value(self, data: Any) -> Any:
        if type(data) is not int:
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(data)


class StrictModelSerializer(serializers.ModelSerializer[Any]):
    """Fields from the model, types from the JSON: "5" is no number and 5 is no name."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.BooleanField: StrictBooleanField,
        models.CharField: StrictCharField,
        models.DateTimeField: StrictDateTimeField,
        models.TextField: StrictCharField,
        models.PositiveIntegerField: StrictIntegerField,
        models.PositiveSmallIntegerField: StrictIntegerField,
    }
    serializer_related_field = StrictPrimaryKeyField

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse a name that another row has, however it is written."""
        model: type[models.Model] = self.Meta.model
        row = copy(self.instance) if self.instance else model()
        for field in model._meta.fields:
            if field.name in data:
                setattr(row, field.name, data[field.name])
        for constraint in model._meta.constraints:
            if isinstance(constraint, UniqueFolded):
                constraint.validate(model, row)
        return data
