"""Requests that were answered with 304 and come again word for word, as an open seat picker sends them.

What follows from the words of a request, its route, its host, what its client takes, follows from the same
words again. All that has to be found out is whether what the client has is still current: a request that
repeats one is read by nobody, and does not reach Django while it is. Each worker knows those that it has
answered, by a digest.

The server loads this before its workers load Django: so nothing of Django is loaded here.
"""

import re
from collections.abc import Callable, Hashable, Mapping
from contextvars import ContextVar
from hashlib import blake2b
from secrets import token_bytes
from typing import NamedTuple

from movie_booking.request_context import ID

END = b"\r\n\r\n"  # of a head
LONGEST = 2048  # bytes of a head that is known
# The one thing that a proxy says anew with each request. What would not be taken is a word like all others.
REQUEST_ID = re.compile(rf"\r\nX-Request-ID: ({ID})(?=\r\n)".encode(), re.IGNORECASE)
KEY = token_bytes(32)  # so that nobody can tell which heads have one digest


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
    """What a head says: a digest, and apart from that the id that its proxy gave the request, if any."""

    digest: bytes
    request_id: str | None


def words_of(head: bytes) -> Words | None:
    """Return what was said, if it is one head that may come again, all of it and nothing after it."""
    is_one = head.endswith(END) and head.find(END) == len(head) - len(END)
    if not is_one or len(head) > LONGEST or not head.startswith((b"GET ", b"HEAD ")):
        return None
    sent = REQUEST_ID.search(head)
    if sent:
        head = head[: sent.start()] + head[sent.end() :]
    return Words(blake2b(head, digest_size=16, key=KEY).digest(), sent[1].decode() if sent else None)


class Repeats:
    """Which heads are known."""

    MOST = 8192

    def __init__(self) -> None:
        self._known: dict[bytes, Repeat] = {}
        self._came_again: set[bytes] = set()

    def find(self, words: Words) -> Repeat | None:
        """Return what this is a repetition of, if anything."""
        repeat = self._known.get(words.digest)
        if repeat is not None:
            self._came_again.add(words.digest)
        return repeat

    def keep(self, words: Words, repeat: Repeat, request_id: str | None) -> None:
        """Know these words from now on, if there is room. `request_id` is what WSGI has of it."""
        if words.request_id == request_id and self._make_room_for(words.digest):
            self._known[words.digest] = repeat

    def _make_room_for(self, digest: bytes) -> bool:
        """Forget the oldest if there is no room, unless it came again since. Return whether there is now.

        So whoever polls stays known, however many others do, and who has another ETag by now does not.
        """
        if len(self._known) < self.MOST or digest in self._known:
            return True
        oldest = next(iter(self._known))
        repeat = self._known.pop(oldest)
        if oldest not in self._came_again:
            return True
        self._came_again.discard(oldest)
        self._known[oldest] = repeat
        return False


repeats = Repeats()

# Left by the application for the server, which has the words: that they were answered with 304, and the id
# that WSGI has of it.
answered: ContextVar[tuple[Repeat, str | None] | None] = ContextVar("answered", default=None)
# Left for the application, of a repetition that it has to answer after all: what WSGI is to have besides.
found_out: ContextVar[Mapping[str, object] | None] = ContextVar("found_out", default=None)
