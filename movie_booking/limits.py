"""Bounds on what a client or a member of staff may send, for every page and route."""

from django.db import models

MAX_ID: int = models.BigAutoField.MAX_BIGINT
# For routes: up to as many digits as the largest id has. A larger number is no row, so it is 404.
ID_PATTERN = f"[0-9]{{1,{len(str(MAX_ID))}}}"
# People type no longer searches, and databases refuse patterns beyond some size.
MAX_SEARCH_CHARACTERS = 100


def is_searchable(term: str) -> bool:
    """Whether a database can look for this: it is not too long, and has no character that ends a text."""
    return len(term) <= MAX_SEARCH_CHARACTERS and "\0" not in term


def parse_id(text: str) -> int | None:
    """Return the id that was typed or sent as text; None for what cannot be one."""
    if text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_ID)) and int(text) <= MAX_ID:
        return int(text)
    return None
