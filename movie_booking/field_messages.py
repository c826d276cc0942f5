"""What is wrong with one field or parameter: a sentence for people, with a code for programs."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

FieldCode = Literal[
    "blank",
    "does_not_exist",
    "duplicate",
    "empty",
    "incompatible",
    "invalid",
    "invalid_characters",
    "invalid_choice",
    "invalid_seat_plan",
    "max_decimal_places",
    "max_digits",
    "max_length",
    "max_value",
    "min_value",
    "no_such_seat",
    "not_ascii",
    "not_in_order",
    "not_unique",
    "null",
    "other_cinema",
    "out_of_range",
    "password_entirely_numeric",
    "password_mismatch",
    "password_too_common",
    "password_too_short",
    "password_too_similar",
    "quoted",
    "required",
    "sales_have_ended",
    "sales_open_too_late",
    "seats_are_drawn",
    "skipped_time",
    "sold_in_pairs",
    "time_has_passed",
    "too_many",
    "too_precise",
    "unknown",
    "wrong_number",
    "wrong_password",
]
FIELD_CODES: tuple[FieldCode, ...] = get_args(FieldCode)

# What Django and DRF call otherwise. Whatever else they have a name for is "invalid".
OURS: dict[str, FieldCode] = {
    **{code: code for code in FIELD_CODES},
    "max_string_length": "max_length",
    "max_whole_digits": "max_digits",
    "null_characters_not_allowed": "invalid_characters",
    "surrogate_characters_not_allowed": "invalid_characters",
    "unique": "not_unique",
    "unique_together": "not_unique",
}


class FieldMessage(str):
    """A sentence with its code: a text wherever one is wanted."""

    code: FieldCode

    def __new__(cls, sentence: str, code: FieldCode) -> "FieldMessage":
        message = super().__new__(cls, sentence)
        message.code = code
        return message

    def __getnewargs__(self) -> Any:  # to be copied
        return str(self), self.code

    @classmethod
    def of(cls, sentence: Any) -> "FieldMessage":
        """That of a sentence of a framework, which may have a code of the framework's."""
        return cls(str(sentence), OURS.get(getattr(sentence, "code", None) or "", "invalid"))


# By the name of the field or parameter.
FieldMessages = dict[str, Sequence[FieldMessage]]


def messages_of(errors: Iterable[Any]) -> list[FieldMessage]:
    """Return what ValidationErrors of Django's say of one field."""
    return [FieldMessage(error.messages[0], OURS.get(error.code or "", "invalid")) for error in errors]
