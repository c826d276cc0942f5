"""JSON in, and nothing that only looks like it."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from rest_framework import exceptions
from rest_framework.parsers import BaseParser

from movie_booking.api.problems import BodyTooLarge, TooDeep

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
                body.decode("utf-8"),
                parse_float=_decimal,
                parse_constant=_refuse_constant,
                object_pairs_hook=_object,
            )
            _check(data, depth=1)
        except RecursionError:
            raise TooDeep from None
        except ValueError as error:
            raise exceptions.ParseError(f"This is not JSON: {error}") from error
        return data


def _decimal(text: str) -> Decimal:
    # A float would round what has more places than it, before a field could refuse them.
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:20]} is no number to count with") from None


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
