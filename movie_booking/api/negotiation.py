"""Which responses a client takes: `Accept`."""

import re
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation

PROBLEM_TYPE = re.compile(r"\s*application/problem\+json\s*(?=;|$)", re.IGNORECASE)

ANY_JSON = {"*/*", "application/json", "application/json, text/plain, */*"}  # as most clients send it


def takes_any_json(request: Any) -> bool:
    """Whether the client said so in one of the usual ways. If not, a longer look may still find it does."""
    return request.META.get("HTTP_ACCEPT", "*/*") in ANY_JSON


class Negotiation(DefaultContentNegotiation):
    """DRF's, for which a client that takes problem documents takes JSON: any request may get either."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        first = parsers[0]
        return first if request.content_type == first.media_type else super().select_parser(request, parsers)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        first = renderers[0]
        if first.media_type == "application/json" and takes_any_json(request):
            return first, first.media_type  # what DRF comes to, by a longer way
        return super().select_renderer(request, renderers, format_suffix)

    def get_accept_list(self, request: Any) -> list[str]:
        return [PROBLEM_TYPE.sub("application/json", media) for media in super().get_accept_list(request)]
