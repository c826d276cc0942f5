"""What a web server loads. Without word to the contrary it is not a debug server."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DEBUG", "0")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")


class Request(WSGIRequest):
    """Reads any Content-Type. Django's own fails on some, before there is anyone to answer a 400."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (LookupError, ValueError):
            # A parameter in an unknown encoding (RFC 2231), for example: it is no type we know.
            meta["CONTENT_TYPE"] = ""
            self.content_type, self.content_params = "", {}


class Application(WSGIHandler):
    request_class = Request


django.setup(set_prefix=False)
application = Application()
