"""What the apps describe their operations with: each has a `schema.py`, a decorator for each view.

`operation` says what a view takes, returns and refuses. Refusals are given as error classes, so the page
names the codes that clients get.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from django_filters import rest_framework as filters
from drf_yasg import openapi
from drf_yasg.inspectors import SwaggerAutoSchema
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers

from movie_booking.api.problems import (
    PROBLEM_CONTENT_TYPE,
    BodyTooLarge,
    LengthRequired,
    TooDeep,
    UnsupportedContentEncoding,
    problem_document,
)
from movie_booking.errors import DomainError, PreconditionFailed
from movie_booking.limits import MAX_ID

PRODUCES = ["application/json", PROBLEM_CONTENT_TYPE]


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem document (RFC 9457). Some codes bring more members: see the table of codes."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="One of those that `contract` names.")
    request_id = serializers.CharField(help_text="As `X-Request-ID` has it: by it the log is searched.")
    errors: Any = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="For invalid input: {field: [messages]}.",
    )
    error_codes: Any = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="The code of each message of `errors`, in its place: {field: [codes]}.",
    )
    retry_after = serializers.IntegerField(required=False, help_text="Seconds.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for members in _members_of_apps:
            fields |= members().get_fields()
        return fields


Members = TypeVar("Members", bound=type[serializers.Serializer[Any]])
_members_of_apps: list[type[serializers.Serializer[Any]]] = []


def problem_members(members: Members) -> Members:
    """Class decorator: what the errors of an app add to a problem document."""
    _members_of_apps.append(members)
    return members


View = TypeVar("View", bound=Callable[..., Any])


def from_framework(status: int, code: str, detail: str) -> type[DomainError]:
    """An error that a framework raises, for the documentation."""
    return type("FrameworkError", (DomainError,), {"status": status, "code": code, "detail": detail})


NOT_AUTHENTICATED = from_framework(401, "not_authenticated", "Authentication credentials were not provided.")
TOKEN_NOT_VALID = from_framework(401, "token_not_valid", "Given token not valid for any token type")
BAD_AUTHORIZATION_HEADER = from_framework(
    401, "bad_authorization_header", "Send the word Bearer, a space and the access token."
)
USER_NOT_FOUND = from_framework(401, "user_not_found", "User not found")
KEY_NOT_VALID = from_framework(401, "key_not_valid", "The key is invalid or was revoked.")
SCOPE_MISSING = from_framework(403, "scope_missing", "The key is not for this.")
USER_INACTIVE = from_framework(401, "user_inactive", "User is inactive")
PERMISSION_DENIED = from_framework(
    403, "permission_denied", "You do not have permission to perform this action."
)
PARSE_ERROR = from_framework(400, "parse_error", "This is not JSON.")
UNSUPPORTED_MEDIA_TYPE = from_framework(
    415, "unsupported_media_type", 'Unsupported media type "text/plain" in request.'
)
NOT_ACCEPTABLE = from_framework(406, "not_acceptable", "Could not satisfy the request Accept header.")
METHOD_NOT_ALLOWED = from_framework(405, "method_not_allowed", 'Method "PUT" not allowed.')
Problems = tuple[type[DomainError], ...]

AUTHENTICATION_ERRORS: Problems = (
    NOT_AUTHENTICATED,
    TOKEN_NOT_VALID,
    BAD_AUTHORIZATION_HEADER,
    USER_NOT_FOUND,
    USER_INACTIVE,
    KEY_NOT_VALID,
    SCOPE_MISSING,
)
BODY_ERRORS: Problems = (
    PARSE_ERROR,
    TooDeep,
    LengthRequired,
    BodyTooLarge,
    UNSUPPORTED_MEDIA_TYPE,
    UnsupportedContentEncoding,
)

IF_MATCH = openapi.Parameter(
    "If-Match",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description=("The `ETag` with which you read it. If it was changed since, nothing is written: 412."),
)
IF_MATCH_ERRORS: Problems = (PreconditionFailed,)


def operation(
    tag: str,
    summary: str,
    responses: dict[int, Any],
    problems: Iterable[type[DomainError]] = (),
    *,
    service: Callable[..., Any] | None = None,
    **details: Any,
) -> Callable[[View], View]:
    """Describe a view: the tag it stands under, one line, its responses by status, its refusals.

    What the `service` refuses is read off its docstring, so that it is said once.

    A list needs no responses: its page of rows follows from the viewset. `paged=True` says that an
    extra action is such a list.
    """
    described: dict[str, Any] = {
        str(status): body if body is not None else openapi.Response("No content.")
        for status, body in responses.items()
    }
    refusals = [*(errors_raised_by(service) if service else ()), *problems]
    described |= _problem_responses(dict.fromkeys(refusals))
    return swagger_auto_schema(tags=[tag], operation_summary=summary, responses=described, **details)


def errors_raised_by(service: Callable[..., Any]) -> list[type[DomainError]]:
    """Return the errors that the docstring of a service names after *Raises*, in its order.

    Raises LookupError for a name that no error has.
    """
    errors = {error.__name__: error for error in _subclasses(DomainError)}
    raises = " ".join(re.findall(r"\bRaises\b(.*?)(?:\n\s*\n|\Z)", inspect.getdoc(service) or "", re.S))
    return [errors[name] for name in dict.fromkeys(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*\b", raises))]


def codes() -> set[str]:
    """Return the codes of all errors that there are, but for those that tests make up."""
    errors = [error for error in _subclasses(DomainError) if ".tests." not in error.__module__]
    return {error.code for error in errors if hasattr(error, "code")}


def _subclasses(error: type[DomainError]) -> Iterator[type[DomainError]]:
    for subclass in error.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _problem_responses(problems: Iterable[type[DomainError]]) -> dict[str, Any]:
    by_status: dict[int, list[type[DomainError]]] = {}
    for problem in problems:
        by_status.setdefault(problem.status, []).append(problem)
    return {
        str(status): openapi.Response(
            " · ".join(f"`{problem.code}`: {problem.detail}" for problem in alike),
            ProblemSerializer,
            # Swagger UI shows that of the type for which it would ask.
            examples=dict.fromkeys(PRODUCES, problem_document(alike[0](**alike[0].example))),
        )
        for status, alike in sorted(by_status.items())
    }


class AutoSchema(SwaggerAutoSchema):
    """drf-yasg's view inspector, taught to read django-filter's filter sets and nothing from docstrings."""

    def get_summary_and_description(self) -> tuple[str | None, str]:
        return self.overrides.get("operation_summary"), self.overrides.get("operation_description", "")

    def get_operation(self, operation_keys: Any = None) -> openapi.Operation:
        operation = super().get_operation(operation_keys)
        # For `contract`, which takes them out again.
        operation["x-etag"] = "etag" in self.overrides
        operation["x-reads-token"] = bool(self.view.authentication_classes)
        return operation

    def has_list_response(self) -> bool:
        return super().has_list_response() or "paged" in self.overrides

    def get_query_parameters(self) -> list[openapi.Parameter]:
        parameters = super().get_query_parameters()
        filterset_class = getattr(self.view, "filterset_class", None)
        if filterset_class is None or not self.should_filter():
            return parameters
        fields = filterset_class.base_filters
        # django-filter no longer tells types and texts to schemas: read them off the filters.
        others = [parameter for parameter in parameters if parameter.name not in fields]
        return [_filter_parameter(name, field) for name, field in fields.items()] + others


def _filter_parameter(name: str, field: filters.Filter) -> openapi.Parameter:
    types: dict[type, dict[str, Any]] = {
        filters.NumberFilter: {"type": openapi.TYPE_INTEGER},
        filters.BooleanFilter: {"type": openapi.TYPE_BOOLEAN},
        filters.DateFilter: {"type": openapi.TYPE_STRING, "format": openapi.FORMAT_DATE},
        filters.IsoDateTimeFilter: {"type": openapi.TYPE_STRING, "format": openapi.FORMAT_DATETIME},
    }
    kind = next((types[cls] for cls in type(field).__mro__ if cls in types), {"type": openapi.TYPE_STRING})
    if choices := field.extra.get("choices"):
        kind = {**kind, "enum": [value for value, _ in choices]}
    bounds = {"min_value": "minimum", "max_value": "maximum", "max_length": "maxLength"}
    kind |= {word: field.extra[bound] for bound, word in bounds.items() if bound in field.extra}
    if kind.get("maximum") == MAX_ID:  # `int64` says the same, and JavaScript has no such number
        del kind["maximum"]
    # `?genre=` is the same as without it.
    return openapi.Parameter(
        name,
        openapi.IN_QUERY,
        description=field.extra.get("help_text", ""),
        allow_empty_value=True,
        **kind,
    )
