"""The header Idempotency-Key, for views that change who has a seat."""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from accounts.requests import UserRequest
from bookings.services import answer_once
from bookings.services.idempotency import Answer
from movie_booking.errors import Invalid

View = Callable[..., Response]

HEADER = "Idempotency-Key"
# Visible ASCII, bare or quoted as the IETF draft has it (a string of RFC 8941).
KEY = re.compile(r'"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255})')


def idempotent(view: View) -> View:
    """Answer a repeated request with what the first one was told, without doing it again.

    https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
    """

    @wraps(view)
    def call(self: Any, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        sent = request.headers.get(HEADER)
        if sent is None:
            return view(self, request, *args, **kwargs)

        def work() -> Answer:
            response = view(self, request, *args, **kwargs)
            return Answer(response.status_code, JSONRenderer().render(response.data).decode())

        answer = answer_once(
            user=request.user, key=read_key(sent), fingerprint=fingerprint(request), work=work
        )
        headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
        return Response(json.loads(answer.body), status=answer.status, headers=headers)

    return call


def read_key(sent: str) -> str:
    """Return the key, without its quotes if it has any. Raises Invalid."""
    match = KEY.fullmatch(sent.strip())
    if match is None:
        raise Invalid(errors={HEADER: ["Send 1 to 255 visible ASCII characters, bare or in double quotes."]})
    return match[1] or match[2]


def fingerprint(request: UserRequest) -> str:
    """Return what makes two requests the same: method, path and the body whatever its spacing."""
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    path = request.path.upper()  # a reference may be typed in any case
    return hashlib.sha256(f"{request.method} {path} {body}".encode()).hexdigest()
