"""Which responses a client takes: `Accept`."""

import re
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation

PROBLEM_TYPE = re.compile(r"\s*application/problem\+json\s*(?=;|$)", re.IGNORECASE)


class Negotiation(DefaultContentNegotiation):
    """DRF's, for which a client that takes problem documents takes JSON: any request may get either."""

    def get_accept_list(self, request: Any) -> list[str]:
        return [PROBLEM_TYPE.sub("application/json", media) for media in super().get_accept_list(request)]
