"""What holds for every request under `/api/` and its response, whatever the route does."""

from collections.abc import Callable
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from corsheaders import middleware as cors
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from movie_booking.api.problems import (
    BodyTooLarge,
    HttpsRequired,
    LengthRequired,
    UnsupportedContentEncoding,
    is_api,
    plain_problem,
)
from movie_booking.browsers import API_POLICY
from movie_booking.request_context import current_id
from movie_booking.request_ids import HEADER

# What is the same for everyone who has no token.
PUBLIC = tuple(f"/api/{rows}/" for rows in ("movies", "cinemas", "screens", "shows", "limits"))

GetResponse = Callable[[HttpRequest], HttpResponse]


def answer_headers(get_response: GetResponse) -> GetResponse:
    """Middleware: that the response is no page, and who may keep it.

    What everyone may read may be kept if it is asked for anew each time, and not for those with a token; all
    else is kept by nobody. A response that says itself how it is cached is the same for everyone.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        return with_headers(request, response) if is_api(request) else response

    return middleware


def with_headers(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    headers = response.headers
    headers["Content-Security-Policy"] = API_POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    if "Cache-Control" not in headers:
        is_public = (
            response.status_code == 200
            and request.method in ("GET", "HEAD")
            and "HTTP_AUTHORIZATION" not in request.META
            and request.path_info.startswith(PUBLIC)
        )
        headers["Cache-Control"] = "no-cache" if is_public else "no-store"
        if is_public:
            patch_vary_headers(response, ("Authorization",))
            if "ETag" not in headers:  # that of a row is its version, of which bookings are no part
                answer_unchanged(request, response)
    return response


def answer_unchanged(request: HttpRequest, response: HttpResponse) -> None:
    """Give the response a tag of its content, and make it a 304 if its client has that content already."""
    tag = response.headers["ETag"] = f'W/"{blake2b(response.content, digest_size=12).hexdigest()}"'
    known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    if tag in known or known == ["*"]:
        response.status_code = HTTPStatus.NOT_MODIFIED
        response.content = b""
        for of_content in ("Content-Type", "Content-Length"):
            response.headers.pop(of_content, None)


class CorsMiddleware(cors.CorsMiddleware):
    """Lets the pages of CORS_ALLOWED_ORIGINS read every answer; without any, it is not there."""

    def __init__(self, get_response: Any) -> None:
        if not settings.CORS_ALLOWED_ORIGINS:
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def check_preflight(self, request: HttpRequest) -> Any:
        """Answer whether a page may send what it means to, before anything else looks at it.

        But not over plain HTTP where HTTPS is insisted on: the browser would send the token over it next.
        """
        answer = super().check_preflight(request)
        return None if ought_to_be_https(request) else answer


def answer_from_outside(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return a response that was made outside of Django, with the headers it would have from there."""
    if settings.CORS_ALLOWED_ORIGINS:
        CorsMiddleware(lambda request: response)(request)
    response.headers[HEADER] = current_id()
    return with_headers(request, response)


def refuse_plain_http(get_response: GetResponse) -> GetResponse:
    """Middleware, before Django's: refuse to change anything over plain HTTP where HTTPS is insisted on.

    Django would redirect the request, and clients follow a redirected POST with a GET.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if ought_to_be_https(request) and is_api(request) and request.method not in ("GET", "HEAD"):
            return plain_problem(HttpsRequired())
        return get_response(request)

    return middleware


def ought_to_be_https(request: HttpRequest) -> bool:
    return settings.SECURE_SSL_REDIRECT and not request.is_secure()


def answer_options(get_response: GetResponse) -> GetResponse:
    """Middleware: answer OPTIONS with the methods of the route, before anything asks for a token."""

    def middleware(request: HttpRequest) -> HttpResponse:
        methods = allowed_methods(request) if request.method == "OPTIONS" and is_api(request) else None
        if not methods:
            return get_response(request)
        response = HttpResponse(status=204, headers={"Allow": ", ".join(methods)})
        del response.headers["Content-Type"]  # of no content
        return response

    return middleware


def allowed_methods(request: HttpRequest) -> list[str]:
    """Return the methods that the route takes, as DRF names them in `Allow`; none for an unknown address."""
    try:
        view: Any = resolve(request.path_info).func
    except Resolver404:
        return []
    if not hasattr(view, "cls"):
        return []
    # A viewset takes what its route maps to an action, any other view what it has a method for.
    taken = {"options", *getattr(view, "actions", dir(view.cls))}
    if "get" in taken:
        taken.add("head")
    return [method.upper() for method in view.cls.http_method_names if method in taken]


def api_request_limits(get_response: GetResponse) -> GetResponse:
    """Middleware: refuse a body that is too large, of unknown length or encoded, whatever the route does.

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
            if "HTTP_CONTENT_ENCODING" in request.META and length != "0" and is_encoded(request):
                refusal = plain_problem(UnsupportedContentEncoding())
                refusal["Accept-Encoding"] = "identity"
                return refusal
        return get_response(request)

    return middleware


def is_encoded(request: HttpRequest) -> bool:
    """Whether the body is compressed, say, rather than as it is meant: `Content-Encoding: gzip`."""
    codings = request.META["HTTP_CONTENT_ENCODING"].lower().split(",")
    return any(coding.strip() not in ("", "identity") for coding in codings)
