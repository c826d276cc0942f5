"""Every error as a problem document (RFC 9457), wherever it was raised."""

import logging
import sys
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from movie_booking.api.renderers import JSONEncoder
from movie_booking.database import database_refusal
from movie_booking.errors import DomainError, Invalid, NotFound
from movie_booking.field_messages import FieldCode, FieldMessage, FieldMessages
from movie_booking.request_context import current_id, route_of

logger = logging.getLogger(__name__)

PROBLEM_CONTENT_TYPE = "application/problem+json"
AN_ID = "5f0d7b1c9c9e4c39a2a8f2f1b7d0c4e6"


class BodyTooLarge(DomainError):
    status = 413
    code = "body_too_large"
    detail = "The body of the request is too large."


class LengthRequired(DomainError):
    status = 411
    code = "length_required"
    detail = "Send the body in one piece, with a Content-Length."


class UnsupportedContentEncoding(DomainError):
    status = 415
    code = "unsupported_content_encoding"
    detail = "Send the body as it is, without a Content-Encoding such as gzip."


class HttpsRequired(DomainError):
    status = 403
    code = "https_required"
    detail = "Use HTTPS. What was sent over plain HTTP was not acted upon."


class RequestTimeout(DomainError):
    status = 408
    code = "request_timeout"
    detail = "The body of the request did not arrive in time."


class AddressTooLong(DomainError):
    status = 414
    code = "address_too_long"
    detail = "The address is too long."


class HeadersTooLarge(DomainError):
    status = 431
    code = "headers_too_large"
    detail = "The headers of the request are too large. Cookies are among them."


class BadFraming(DomainError):
    status = 400
    code = "parse_error"
    detail = "The request broke off, or its body makes no sense."


class TooDeep(DomainError):
    status = 400
    code = "too_deep"
    detail = "The JSON document is nested too deeply."


class ServerError(DomainError):
    status = 500
    code = "server_error"
    detail = "Something went wrong on our side. It was logged and will be looked into."


def problem_document(error: DomainError, request_id: str = AN_ID) -> dict[str, Any]:
    """Return the error as the members of an RFC 9457 problem document; without a request, as an example."""
    return {
        "type": f"urn:problem-type:movie-booking:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
        **error.extra,
        **({"error_codes": codes_of(error.extra["errors"])} if "errors" in error.extra else {}),
    }


def codes_of(errors: FieldMessages) -> dict[str, list[FieldCode]]:
    """Return the codes of sentences, each where its sentence is."""
    return {field: [message.code for message in messages] for field, messages in errors.items()}


def problem_response(exception: Exception, context: dict[str, Any]) -> Response:
    """Answer every exception under `/api/` with a problem document. DRF's exception handler."""
    error = as_domain_error(exception)
    if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        request = context["request"]
        logger.error("%s %s failed", request.method, route_of(request), exc_info=exception)
    return Response(
        problem_document(error, current_id()),
        status=error.status,
        headers=problem_headers(error),
        content_type=PROBLEM_CONTENT_TYPE,
    )


def problem_headers(error: DomainError) -> dict[str, str]:
    """Return what HTTP itself wants to know of the error."""
    headers = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if "retry_after" in error.extra:
        headers["Retry-After"] = str(error.extra["retry_after"])
    return headers


def as_domain_error(exception: Exception) -> DomainError:
    """Say in the words of the domain what any exception means to the client."""
    if (refused := database_refusal(exception)) is not None:
        return refused
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
    return ServerError()


def _from_api_exception(exception: exceptions.APIException) -> DomainError:
    # simplejwt's exceptions carry a dict {detail, code, ...}, all others a string with a code.
    detail: Any = exception.detail
    fields = detail if isinstance(detail, dict) else {"detail": detail, "code": detail.code}
    error = DomainError(str(fields["detail"]))
    error.status = exception.status_code  # type: ignore[misc]
    error.code = str(fields["code"])  # type: ignore[misc]
    return error


def field_messages(detail: Any) -> FieldMessages:
    """Flatten DRF's nested messages to {field: [messages]}, the depth a form can show."""
    if isinstance(detail, list):
        detail = {"non_field_errors": detail}
    return {field: list(dict.fromkeys(_messages(value))) for field, value in detail.items()}


def _messages(value: Any) -> list[FieldMessage]:
    if isinstance(value, dict):
        return [message for nested in value.values() for message in _messages(nested)]
    if isinstance(value, list):
        return [message for nested in value for message in _messages(nested)]
    return [FieldMessage.of(value)]


# --- Outside of DRF's views: unknown routes and Django's own handlers ----------------------------


class Problem(JsonResponse):
    """A problem document, which can be read as that of a DRF response."""

    def __init__(self, document: dict[str, Any], **options: Any) -> None:
        super().__init__(document, JSONEncoder, content_type=PROBLEM_CONTENT_TYPE, **options)
        self.data = document


def plain_problem(error: DomainError) -> Problem:
    return Problem(problem_document(error, current_id()), status=error.status, headers=problem_headers(error))


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
    """Answer for what nobody has caught. Django calls it while that is handled."""
    exception: Any = sys.exc_info()[1]
    refused = database_refusal(exception)
    if is_api(request):
        return plain_problem(refused or ServerError())
    if refused is None:
        return defaults.server_error(request)
    # Without the request, as what Django adds to a page would ask the database who its user is.
    page = get_template("refused.html").render({"detail": refused.detail})
    return HttpResponse(page, status=refused.status, headers=problem_headers(refused))


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
