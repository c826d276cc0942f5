"""What holds for every request under `/api/` and its response, whatever the route does."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from movie_booking.api.problems import (
    BodyTooLarge,
    HttpsRequired,
    LengthRequired,
    UnsupportedContentEncoding,
    is_api,
    plain_problem,
)

GetResponse = Callable[[HttpRequest], HttpResponse]


SAY_WHO_ASKS = {"HTTP_AUTHORIZATION", "HTTP_ORDER_KEY"}


def keep_out_of_caches(get_response: GetResponse) -> GetResponse:
    """Middleware: `Cache-Control: no-store` on each response that may depend on who asks.

    That is, to all but GET and HEAD without a token or the key of an order. A response that says itself how
    it is cached is the same for everyone.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_public = (
            request.method in ("GET", "HEAD", "OPTIONS")
            and not SAY_WHO_ASKS & request.META.keys()
            and response.status_code != 401
        )
        if is_api(request) and not is_public:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def refuse_plain_http(get_response: GetResponse) -> GetResponse:
    """Middleware, before Django's: refuse to change anything over plain HTTP where HTTPS is insisted on.

    Django would redirect the request, and clients follow a redirected POST with a GET.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        redirects = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if redirects and is_api(request) and request.method not in ("GET", "HEAD"):
            return plain_problem(HttpsRequired())
        return get_response(request)

    return middleware


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
