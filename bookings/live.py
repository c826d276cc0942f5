"""The seats of a show as they change, for all in this process who watch it: one look a second at each show.

Server-Sent Events: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Lock, Thread
from typing import ClassVar

from django.conf import settings
from django.db import DatabaseError, connection

from bookings import seat_map
from bookings.seat_map import Known, SeatMapState
from movie_booking import replica
from movie_booking.api.renderers import JSONRenderer
from movie_booking.database import is_reading
from movie_booking.errors import Busy, NotFound
from movie_booking.streams import closing

LOOK_SECONDS = 1
# By these it is noticed that a client is gone, and proxies see that a connection is in use.
BEAT_SECONDS = 15
BEAT = b": still here\n\n"
# After that a client connects anew, maybe to another worker or host.
STREAM_SECONDS = 600
RETRY = b"retry: 2000\n\n"  # milliseconds
BUSY_SECONDS = 30


def seat_events(show_id: int, version: int | None, known: Known) -> Iterator[bytes]:
    """Return the seats of a show as events: as they are, unless they have this version, and then each second
    in which they changed. None of them is older than what is known.

    Raises NotFound, for drafts too, and Busy if too many watch already.
    """
    if Channel.watching >= settings.MAX_WATCHERS:
        raise Busy(retry_after=BUSY_SECONDS)
    state = seat_map.current_state(show_id, "availability", known)
    seat_map.release_connections()  # others need them, and a stream lasts for minutes
    first = RETRY if state.seats_version == version else RETRY + event_of(state)
    return _events(show_id, first, state.seats_version)


def event_of(state: SeatMapState) -> bytes:
    """Return the availability of seats as an event, whose id is its version."""
    data: bytes = JSONRenderer().render(seat_map.availability(state))
    return b"id: %d\nevent: seats\ndata: %s\n\n" % (state.seats_version, data)


def _events(show_id: int, first: bytes, known: int) -> Iterator[bytes]:
    """Yield this, and then what is newer than the known version; something at least every BEAT_SECONDS."""
    until = time.monotonic() + STREAM_SECONDS
    with Channel.watched(show_id) as channel:
        yield first
        while not channel.is_over and time.monotonic() < until:
            version, event = channel.newest(known)
            # A client that reads slowly gets the newest, and nothing of what was in between.
            yield event if version > known else BEAT
            known = max(known, version)


class Channel:
    """A show that somebody in this process watches.

    It looks in a thread of its own, which in a production worker is a greenlet, for as long as anybody does.
    """

    channels: ClassVar[dict[int, "Channel"]] = {}
    watching: ClassVar[int] = 0  # how many there are of all shows
    lock: ClassVar = Lock()

    def __init__(self, show_id: int) -> None:
        self.show_id, self.watchers = show_id, 0
        self.version, self.event, self.is_over = -1, b"", False
        self.news = Condition()

    @classmethod
    @contextmanager
    def watched(cls, show_id: int) -> Iterator["Channel"]:
        """The channel of a show, with one watcher more."""
        with cls.lock:
            channel = cls.channels.get(show_id)
            if channel is None:
                channel = cls.channels[show_id] = cls(show_id)
                Thread(target=channel.look, name=f"seats of {show_id}", daemon=True).start()
            channel.watchers += 1
            cls.watching += 1
        try:
            yield channel
        finally:
            with cls.lock:
                channel.watchers -= 1
                cls.watching -= 1

    def newest(self, known: int) -> tuple[int, bytes]:
        """Wait for what is newer than the known version, but not for longer than BEAT_SECONDS; return the
        newest version that there is, and its event.
        """
        with self.news:
            self.news.wait_for(lambda: self.version > known or self.is_over, BEAT_SECONDS)
            return self.version, self.event

    def look(self) -> None:
        """Look each second, and tell those who watch what is new."""
        is_reading.set(True)
        try:
            while self._is_wanted():
                # Of an outage a stream says nothing: it goes on afterwards.
                with suppress(DatabaseError):
                    self._look_once()
                time.sleep(LOOK_SECONDS)
        finally:
            with self.news:
                self.is_over = True
                self.news.notify_all()
            self._is_wanted()  # not any more

    def _is_wanted(self) -> bool:
        with self.lock:
            wanted = self.watchers > 0 and not self.is_over and not closing.is_set()
            if not wanted and self.channels.get(self.show_id) is self:  # whoever comes next has another
                del self.channels[self.show_id]
            return wanted

    def _look_once(self) -> None:
        try:
            state = seat_map.current_state(self.show_id, "availability", Known(), whole=False)
            if state.seats_version > self.version:
                known = Known(version=state.seats_version)  # the replica may have been asked, and then not
                state = seat_map.current_state(self.show_id, "availability", known)
                with self.news:
                    self.version, self.event = state.seats_version, event_of(state)
                    self.news.notify_all()
        except NotFound:  # deleted
            self.is_over = True
        finally:
            connection.close()
            replica.release_connection()
