"""Limits on the body of a request, whatever the route does with it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from movie_booking.api.problems import BodyTooLarge, LengthRequired, is_api, plain_problem


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
                while read < settings.API_DRAINED_BYTES and (chunk := request.read(65536)):
                    read += len(chunk)
                return plain_problem(BodyTooLarge())
        return get_response(request)

    return middleware
