"""The JSON of accounts. Input classes check shape, output classes are read-only."""

from contextlib import suppress
from typing import Any

from django.contrib.auth.validators import ASCIIUsernameValidator
from rest_framework import serializers

from accounts.models import EMAIL_VALIDATORS, User
from accounts.services import why_refused
from movie_booking.api.fields import KnownFieldsOnly, SharedFields, StrictCharField, StrictEmailField
from movie_booking.field_messages import FieldMessage

LONGEST_PASSWORD = 128  # Argon2 takes any length; people do not


class NewPasswordField(StrictCharField):
    def __init__(self) -> None:
        super().__init__(max_length=LONGEST_PASSWORD, trim_whitespace=False, style={"input_type": "password"})


class SignUpInput(KnownFieldsOnly):
    username = StrictCharField(
        max_length=150,
        validators=[ASCIIUsernameValidator()],
        help_text="Letters, digits and @ . + - _; unique without regard to case.",
    )
    password = NewPasswordField()
    email = StrictEmailField(
        max_length=254, validators=EMAIL_VALIDATORS, help_text="Unique without regard to case."
    )
    password2 = StrictCharField(
        max_length=LONGEST_PASSWORD,
        trim_whitespace=False,
        required=False,
        style={"input_type": "password"},
        help_text="The password again, if people type it twice.",
    )

    class Meta:
        swagger_schema_fields = {
            "example": {"username": "john", "password": "securepass123", "email": "john@example.com"}
        }

    def to_internal_value(self, data: Any) -> Any:
        """Refuses all at once: where one field has a wrong shape, the others may be refused by the rules."""
        wrong: dict[str, Any] = {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if not isinstance(data, dict):
                raise
            wrong = {**error.detail}  # type: ignore[dict-item]
            values = self.well_formed({name: data[name] for name in data.keys() - wrong.keys()})
        repeated = values.pop("password2", None)
        if "password" in values and repeated not in (None, values["password"]):
            wrong["password2"] = [FieldMessage("The two passwords are not the same.", "password_mismatch")]
        if wrong:
            raise serializers.ValidationError(wrong | why_refused(**values))
        return values

    def well_formed(self, data: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name in data.keys() & self.fields.keys():
            with suppress(serializers.ValidationError):
                values[name] = self.fields[name].run_validation(data[name])
        return values


class LoginInput(KnownFieldsOnly):
    username = StrictCharField()
    password = StrictCharField(trim_whitespace=False, style={"input_type": "password"})

    class Meta:
        swagger_schema_fields = {"example": {"username": "john", "password": "securepass123"}}


class RefreshInput(KnownFieldsOnly):
    refresh = StrictCharField(help_text="A refresh token.")


class ChangePasswordInput(KnownFieldsOnly):
    old_password = StrictCharField(trim_whitespace=False, style={"input_type": "password"})
    new_password = NewPasswordField()

    class Meta:
        swagger_schema_fields = {
            "example": {"old_password": "securepass123", "new_password": "moresecure456"}
        }


class EmailInput(KnownFieldsOnly):
    email = StrictEmailField(max_length=254, validators=EMAIL_VALIDATORS)

    class Meta:
        swagger_schema_fields = {"example": {"email": "john@example.com"}}


class LinkInput(KnownFieldsOnly):
    """What a link in a mail says."""

    uid = StrictCharField(max_length=50, help_text="As in the link.")
    token = StrictCharField(max_length=200, help_text="As in the link.")


class ResetPasswordInput(LinkInput):
    new_password = NewPasswordField()


class CloseAccountInput(KnownFieldsOnly):
    password = StrictCharField(trim_whitespace=False, style={"input_type": "password"})

    class Meta:
        swagger_schema_fields = {"example": {"password": "securepass123"}}


class ProfileInput(KnownFieldsOnly):
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
        fields = ("id", "username", "email", "email_verified_at", "first_name", "last_name", "date_joined")
        read_only_fields = fields


class TokenPairSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(read_only=True, help_text="For the header.")
    refresh = serializers.CharField(read_only=True, help_text="For `token/refresh/` and `logout/`.")


class AnswerSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField(read_only=True, help_text="A sentence for people.")
