"""Requests that were answered with 304 and come again word for word, as an open seat picker sends them.

What follows from the words of a request, its route, its host, what its client takes, follows from the same
words again. All that has to be found out is whether what the client has is still current: a request that
repeats one is read by nobody, and does not reach Django while it is. Each worker knows those that it has
answered. Of what was sent it keeps a digest.

The server loads this before its workers load Django: so nothing of Django is loaded here.
"""

import re
from collections.abc import Callable, Hashable, Mapping
from contextvars import ContextVar
from hashlib import blake2b
from secrets import token_bytes
from typing import NamedTuple

END = b"\r\n\r\n"  # of a head
# The one thing that a proxy says anew with each request. Only as `request_ids` takes it: any other is a word
# like all others.
REQUEST_ID = re.compile(rb"\r\nX-Request-ID: ([A-Za-z0-9._:-]{8,64})(?=\r\n)", re.IGNORECASE)


class Revalidation(NamedTuple):
    """How to find out anew, without the request, whether what its client has is current."""

    of: Hashable  # all for whom it is the same are told by one look
    look: Callable[[], str]  # returns the ETag that is current
    etag: str  # that of the client


class Repeat(NamedTuple):
    """What a request that was answered with 304 was about, and the headers of its answer."""

    revalidation: Revalidation
    route: str
    meta: Mapping[str, str]  # of what WSGI has of it, no more than still matters
    headers: bytes  # but for those that each answer has of its own


class Words(NamedTuple):
    """What a head says: a digest, and apart from that the id that its proxy gave the request."""

    digest: bytes
    request_id: str


class Repeats:
    """Which heads are known. Of too many the oldest is forgotten: its client has a newer ETag by now."""

    MOST, LONGEST = 8192, 2048  # heads, and bytes of each

    def __init__(self) -> None:
        self._known: dict[bytes, Repeat] = {}
        self._key = token_bytes(32)

    def find(self, head: bytes) -> tuple[Repeat, str] | None:
        """Return what this is a repetition of, and the id that it has of its proxy, if any."""
        if not self._known or len(head) > self.LONGEST or not head.startswith((b"GET ", b"HEAD ")):
            return None
        words = self._words(head)
        known = self._known.get(words.digest)
        return (known, words.request_id) if known else None

    def keep(self, head: bytes, repeat: Repeat, request_id: str) -> None:
        """Know this head from now on. `request_id` is what WSGI has of it."""
        words = self._words(head)
        if len(head) > self.LONGEST or words.request_id != request_id:
            return
        if len(self._known) >= self.MOST and words.digest not in self._known:
            del self._known[next(iter(self._known))]
        self._known[words.digest] = repeat

    def _words(self, head: bytes) -> Words:
        sent = REQUEST_ID.search(head)
        if sent:
            head = head[: sent.start()] + head[sent.end() :]
        digest = blake2b(head, digest_size=16, key=self._key).digest()
        return Words(digest, sent[1].decode() if sent else "")


repeats = Repeats()

# Left by the application for the server, which has the head: that it was answered with 304, and the id that
# WSGI has of it.
answered: ContextVar[tuple[Repeat, str] | None] = ContextVar("answered", default=None)
