"""What a web server loads. Without word to the contrary it is not a debug server."""

import os
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

os.environ.setdefault("DEBUG", "0")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")


class Request(WSGIRequest):
    """Reads any Content-Type. Django's own fails on some, before its error handling begins."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            parsed = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, ValueError):
            # A parameter in an unknown encoding (RFC 2231), for example: it is no type we know.
            meta["CONTENT_TYPE"], parsed = "", ("", {})
        # The charset is not followed: all we take is UTF-8, and Python's codecs include some, like
        # rot13, that are no encodings of text at all.
        self.content_type, self.content_params = parsed


class Application(WSGIHandler):
    request_class = Request

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Django with FORCE_SCRIPT_NAME takes it for cut off by the proxy; here it may also be left on."""
        prefix, path = settings.FORCE_SCRIPT_NAME, environ["PATH_INFO"]
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            environ["PATH_INFO"] = path.removeprefix(prefix)
        return super().__call__(environ, start_response)


django.setup()  # with FORCE_SCRIPT_NAME, which addresses of static files begin with
application = Application()
