"""How the API speaks HTTP: strict JSON in, pages and problem documents (RFC 9457) out."""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, serializers
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from movie_booking.errors import (
    Busy,
    Conflict,
    DomainError,
    InUse,
    Invalid,
    NotFound,
    Unavailable,
)

logger = logging.getLogger(__name__)

# --- Problem documents -------------------------------------------------------------------------

PROBLEM_CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1


class BodyTooLarge(DomainError):
    status = 413
    code = "body_too_large"
    detail = "The body of the request is too large."


class LengthRequired(DomainError):
    status = 411
    code = "length_required"
    detail = "Send the body in one piece, with a Content-Length."


class RequestTimeout(DomainError):
    status = 408
    code = "request_timeout"
    detail = "The body of the request did not arrive in time."


class TooDeep(DomainError):
    status = 400
    code = "too_deep"
    detail = "The JSON document is nested too deeply."


class ServerError(DomainError):
    status = 500
    code = "server_error"
    detail = "Something went wrong on our side. It was logged and will be looked into."


def problem_document(error: DomainError) -> dict[str, Any]:
    """Return the error as the members of an RFC 9457 problem document."""
    return {
        "type": f"urn:problem-type:movie-booking:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        **error.extra,
    }


def problem_response(exception: Exception, context: dict[str, Any]) -> Response:
    """Answer every exception under `/api/` with a problem document. DRF's exception handler."""
    error = as_domain_error(exception)
    if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        request = context["request"]
        logger.error("%s %s failed", request.method, request.path, exc_info=exception)
    response = Response(problem_document(error), status=error.status, content_type=PROBLEM_CONTENT_TYPE)
    if error.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    if "retry_after" in error.extra:
        response["Retry-After"] = str(error.extra["retry_after"])
    return response


def as_domain_error(exception: Exception) -> DomainError:
    """Say in the words of the domain what any exception means to the client."""
    match exception:
        case DomainError():
            return exception
        case exceptions.ValidationError():
            return Invalid(errors=field_messages(exception.detail))
        case ValidationError():
            return Invalid(errors=field_messages(serializers.as_serializer_error(exception)))
        case exceptions.APIException():
            return _from_api_exception(exception)
        case Http404():
            return NotFound()
        case PermissionDenied():
            return _from_api_exception(exceptions.PermissionDenied())
        case RequestDataTooBig():
            return BodyTooLarge()
        case SuspiciousOperation():
            return _from_api_exception(exceptions.ParseError("The request is malformed."))
        case ProtectedError():
            return InUse()
        case OperationalError() | InterfaceError():
            return _from_database_error(exception)
        case IntegrityError():
            # Two requests met where no lock keeps them apart, and the database let one of them
            # through: a row was deleted while another was about to refer to it, for example.
            logger.warning("A constraint refused a change", exc_info=exception)
            return Conflict("Somebody changed the same thing at the same time. Please try again.")
    return ServerError()


def _from_api_exception(exception: exceptions.APIException) -> DomainError:
    # simplejwt's exceptions carry a dict {detail, code, ...}, all others a string with a code.
    detail: Any = exception.detail
    fields = detail if isinstance(detail, dict) else {"detail": detail, "code": detail.code}
    error = DomainError(str(fields["detail"]))
    error.status = exception.status_code  # type: ignore[misc]
    error.code = str(fields["code"])  # type: ignore[misc]
    return error


# PostgreSQL's SQLSTATE for lock_not_available, deadlock_detected and serialization_failure.
_LOCK_STATES = {"55P03", "40P01", "40001"}


def _from_database_error(exception: OperationalError | InterfaceError) -> DomainError:
    state = getattr(exception.__cause__, "pgcode", None)
    if state in _LOCK_STATES or "database is locked" in str(exception):
        return Busy(retry_after=RETRY_AFTER_SECONDS)
    logger.error("The database does not answer", exc_info=exception)
    return Unavailable(retry_after=RETRY_AFTER_SECONDS)


def field_messages(detail: Any) -> dict[str, list[str]]:
    """Flatten DRF's nested messages to {field: [messages]}, the depth a form can show."""
    if isinstance(detail, list):
        detail = {"non_field_errors": detail}
    return {field: list(dict.fromkeys(_messages(value))) for field, value in detail.items()}


def _messages(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [message for nested in value.values() for message in _messages(nested)]
    if isinstance(value, list):
        return [message for nested in value for message in _messages(nested)]
    return [str(value)]


# --- Outside of DRF's views: unknown routes, limits, Django's own handlers -----------------------


def plain_problem(error: DomainError) -> JsonResponse:
    return JsonResponse(problem_document(error), status=error.status, content_type=PROBLEM_CONTENT_TYPE)


@csrf_exempt
def unknown_route(request: HttpRequest) -> HttpResponse:
    """Answer for every path under `/api/` that no other route took."""
    hint = "" if request.path.endswith("/") else " Routes end in a slash."
    return plain_problem(NotFound(f"There is nothing at this address.{hint}"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return plain_problem(as_domain_error(exception))
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        return plain_problem(ServerError())
    return defaults.server_error(request)


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


# How much of a refused body is still read. A client that is cut off in the middle of sending
# reports a broken connection and never sees the 413.
DRAINED_BYTES = 32 * 1024 * 1024


def api_request_limits(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: refuse a body that is too large or of unknown length, whatever the route does with it.

    Django takes a body without a length (chunked) for none, which might say something else altogether.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if is_api(request):
            # JSON is UTF-8 (RFC 8259). Python's codecs include some, like rot13, that are no
            # encodings of text at all, so a charset that the client names is not followed.
            request.encoding = "utf-8"
            length = request.META.get("CONTENT_LENGTH") or "0"
            if "HTTP_TRANSFER_ENCODING" in request.META:
                return plain_problem(LengthRequired())
            if length.isdecimal() and int(length) > settings.API_MAX_BODY_BYTES:
                read = 0
                while read < DRAINED_BYTES and (chunk := request.read(65536)):
                    read += len(chunk)
                return plain_problem(BodyTooLarge())
        return get_response(request)

    return middleware


# --- Input -------------------------------------------------------------------------------------

MAX_DEPTH = 20


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 wants it: UTF-8, no NaN, no half surrogate pairs, no name twice in an object.

    Its size and depth are bounded.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        body = stream.read(settings.API_MAX_BODY_BYTES + 1)
        if len(body) > settings.API_MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            data = json.loads(
                body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object
            )
            _check(data, depth=1)
        except RecursionError:
            raise TooDeep from None
        except ValueError as error:
            raise exceptions.ParseError(f"This is not JSON: {error}") from error
        return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(members)
    if len(named) < len(members):
        raise ValueError("an object has the same name twice")
    return named


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TooDeep
    if isinstance(value, str):
        value.encode()  # half a surrogate pair is no text: it cannot be stored or sent back
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            key.encode()
            _check(item, depth + 1)


class KnownFieldsOnly(serializers.Serializer[Any]):
    """Refuses a field it does not know, where leaving one out means something: a misspelt one would too."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := data.keys() - self.fields.keys()):
            named = sorted(unknown)[:10]
            raise serializers.ValidationError({name: ["There is no such field."] for name in named})
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


class StrictPrimaryKeyField(serializers.PrimaryKeyRelatedField):
    """The id of a row, as a JSON integer."""

    def to_internal_value(self, data: Any) -> Any:
        if type(data) is not int:
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(data)


# --- Lists -------------------------------------------------------------------------------------


class Pagination(PageNumberPagination):
    """Pages of 20, or as many as `page_size` says, up to 100."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100


class BoundedSearchFilter(SearchFilter):
    """`?search=`, of a length that a person types: databases refuse patterns of any size."""

    max_length = 100

    def get_search_terms(self, request: Any) -> Any:
        if len(request.query_params.get(self.search_param, "")) > self.max_length:
            message = f"Ensure this value has at most {self.max_length} characters."
            raise exceptions.ValidationError({self.search_param: [message]})
        return super().get_search_terms(request)


class StableOrderingFilter(OrderingFilter):
    """`?ordering=`, with the id as the tie-break: a page never repeats or misses a row."""

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> Any:
        ordering = super().get_ordering(request, queryset, view)
        return [*ordering, "pk"] if ordering else ordering
