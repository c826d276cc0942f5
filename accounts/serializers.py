"""The JSON of accounts. Input classes check shape, output classes are read-only."""

from typing import Any

from django.contrib.auth.validators import ASCIIUsernameValidator
from rest_framework import serializers

from accounts.models import EMAIL_VALIDATORS, User
from accounts.services import why_refused
from movie_booking.api.fields import Input, SharedFields, StrictCharField, StrictEmailField

LONGEST_PASSWORD = 128  # Argon2 takes any length; people do not


class SignUpInput(Input):
    username = StrictCharField(
        max_length=150,
        validators=[ASCIIUsernameValidator()],
        help_text="Letters, digits and @ . + - _; unique without regard to case.",
    )
    password = StrictCharField(
        max_length=LONGEST_PASSWORD, trim_whitespace=False, style={"input_type": "password"}
    )
    email = StrictEmailField(
        max_length=254, validators=EMAIL_VALIDATORS, help_text="Unique without regard to case."
    )

    class Meta:
        swagger_schema_fields = {
            "example": {"username": "john", "password": "securepass123", "email": "john@example.com"}
        }

    def to_internal_value(self, data: Any) -> Any:
        """Refuses all at once: where one field has a wrong shape, the others may be refused by the rules."""
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(data, dict):
                raise
            wrong: Any = error.detail
            well_formed = {
                name: field.run_validation(data[name])
                for name, field in self.fields.items()
                if name not in wrong
            }
            raise serializers.ValidationError(wrong | why_refused(**well_formed)) from error


class LoginInput(Input):
    username = StrictCharField()
    password = StrictCharField(trim_whitespace=False, style={"input_type": "password"})

    class Meta:
        swagger_schema_fields = {"example": {"username": "john", "password": "securepass123"}}


class RefreshInput(Input):
    refresh = StrictCharField(help_text="A refresh token.")


class ProfileInput(serializers.Serializer[Any]):
    email = StrictEmailField(max_length=254, validators=EMAIL_VALIDATORS, required=False)
    first_name = StrictCharField(max_length=150, allow_blank=True, required=False)
    last_name = StrictCharField(max_length=150, allow_blank=True, required=False)


class AccountSerializer(SharedFields, serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "username", "email")
        read_only_fields = fields


class ProfileSerializer(SharedFields, serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "username", "email", "first_name", "last_name", "date_joined")
        read_only_fields = fields


class TokenPairSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(read_only=True, help_text="For the header.")
    refresh = serializers.CharField(read_only=True, help_text="For `token/refresh/` and `logout/`.")
