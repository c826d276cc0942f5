"""What can go wrong, in the words of the domain. Nothing here knows of HTTP frameworks.

A kind of error (not found, conflict, ...) carries the HTTP status once; an error is its code and
its sentence. `movie_booking.api.problems` turns them into problem documents (RFC 9457).
"""

from typing import Any, ClassVar

from movie_booking.field_messages import FieldCode, FieldMessage, FieldMessages


class DomainError(Exception):
    """A request that is refused. `extra` is what the client needs to go on, by name."""

    status: ClassVar[int]
    code: ClassVar[str]
    detail: str
    # What `extra` may look like, for the documentation.
    example: ClassVar[dict[str, Any]] = {}

    def __init__(self, detail: str = "", **extra: Any) -> None:
        self.detail = detail or type(self).detail
        self.extra = extra
        super().__init__(self.detail)

    @property
    def explanation(self) -> str:
        """What is wrong as a text for people: the messages about fields, or else the detail."""
        errors: FieldMessages = self.extra.get("errors", {})
        return " ".join(message for messages in errors.values() for message in messages) or self.detail


class Invalid(DomainError):
    """The request makes no sense. `errors` says which field, as {field: [messages]}."""

    status = 400
    code = "invalid"
    detail = "The request is not valid."
    example: ClassVar = {"errors": {"field": [FieldMessage("This field is required.", "required")]}}

    def __init__(self, detail: str = "", *, errors: FieldMessages | None = None) -> None:
        super().__init__(detail, **({"errors": errors} if errors else {}))

    @classmethod
    def of(cls, field: str, sentence: str, code: FieldCode) -> "Invalid":
        """That of one field."""
        return cls(errors={field: [FieldMessage(sentence, code)]})


class Unauthorized(DomainError):
    status = 401
    code = "not_authenticated"
    detail = "Authentication credentials were not provided."


class Forbidden(DomainError):
    status = 403
    code = "permission_denied"
    detail = "You do not have permission to perform this action."


class NotFound(DomainError):
    """It is not there, or it belongs to another user: the two look the same on purpose."""

    status = 404
    code = "not_found"
    detail = "Not found."


class Conflict(DomainError):
    """The request is fine, but not in the state that things are in."""

    status = 409
    code = "conflict"
    detail = "This is not possible in the present state."


class InUse(Conflict):
    code = "in_use"
    detail = "Other records refer to this one, so it cannot be deleted."


class PreconditionFailed(DomainError):
    """The change is based on a version of the row that is no longer the one there is."""

    status = 412
    code = "precondition_failed"
    detail = "This was changed since you read it. Read it again, and decide anew."


class Busy(DomainError):
    """Nothing was changed; the same request may succeed in a moment."""

    status = 503
    code = "busy"
    detail = "Too many requests at once. Please try again in a moment."
    example: ClassVar = {"retry_after": 1}


class Unavailable(DomainError):
    status = 503
    code = "unavailable"
    detail = "The service cannot reach its database. Please try again in a moment."
    example: ClassVar = {"retry_after": 1}


class OutcomeUnknown(DomainError):
    """It is being worked on or was broken off, and will have been done or not. `busy` changed nothing."""

    status = 503
    code = "outcome_unknown"
    detail = "There is no answer yet, so this may have been done or not. Repeat it with your Idempotency-Key."
    example: ClassVar = {"retry_after": 5}
