"""What is read from a standby of the database, and how old it may be.

Whether the standby may be asked is decided by positions in the log that it replays (LSN), not by its clock:
what it has replayed of what the primary had written at a moment. So a primary that has nothing to do does not
make it look old, and one that is cut off does.
"""

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock, Thread
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DataError, Error, connections
from django.http import Http404

from movie_booking.database import NoConnection, is_reading
from movie_booking.errors import NotFound
from movie_booking.streams import closing

Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)

REPLICA = "replica"  # as `settings.DATABASES` calls it
LOOK_SECONDS = 1.0
# A standby that keeps up has replayed by then what the primary had.
REPLAY_SECONDS = 0.05
# When nobody asks any more, there is nothing to look for.
IDLE_SECONDS = 10.0

# Flushed, as a transaction is before anybody sees it. Anyone may ask for these.
PRIMARY = """
SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0'), (SELECT system_identifier FROM pg_control_system())
"""
STANDBY = """
SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') END,
    (SELECT system_identifier FROM pg_control_system())
"""


class Replica:
    """What this process knows of the standby: until which moment it has all that was committed."""

    def __init__(self) -> None:
        self.has_all_until = -math.inf  # by the clock of this process
        # When the primary was asked, and where its log ended then; those that the standby has yet to replay.
        self._marks: deque[tuple[float, int]] = deque()
        self._asked_at = -math.inf
        self._is_watched = False
        self._lock = Lock()
        self._said = ""

    def may_answer(self) -> bool:
        """Whether it has all that was committed until REPLICA_MAX_LAG_SECONDS ago. It takes no query."""
        now = self._asked_at = time.monotonic()
        if not self._is_watched:
            self.watch()
        return now - self.has_all_until <= settings.REPLICA_MAX_LAG_SECONDS

    def watch(self) -> None:
        """Look each second, in a thread that in a production worker is a greenlet, while anybody asks."""
        with self._lock:
            if not self._is_watched:
                self._is_watched = True
                Thread(target=self._look_on, name="replica", daemon=True).start()

    def _look_on(self) -> None:
        is_reading.set(True)
        try:
            while time.monotonic() - self._asked_at < IDLE_SECONDS and not closing.is_set():
                self.look()
                time.sleep(LOOK_SECONDS)
        finally:
            self._is_watched = False

    def look(self) -> None:
        """Find out until when it has everything, by one query to each of the two."""
        try:
            try:
                asked_at = time.monotonic()
                end, cluster = ask(DEFAULT_DB_ALIAS, PRIMARY)
            except Error:
                return  # without the primary nothing more is known, and what is known grows old
            self._marks.append((asked_at, int(end)))
            time.sleep(REPLAY_SECONDS)
            try:
                replayed, its_cluster = ask(REPLICA, STANDBY)
            except NoConnection:
                return  # those that there may be are busy
            except Error as error:
                self.fail(error)
                return
            if replayed is None or its_cluster != cluster:
                self._set_aside("it is no standby of DATABASE_URL")
                return
            self._note(int(replayed))
        finally:
            connections[DEFAULT_DB_ALIAS].close()
            release_connection()

    def fail(self, error: Error) -> None:
        """Do not ask it until it was seen to be well. For the line that is logged: what went wrong."""
        text = str(error).strip() or type(error).__name__
        self._set_aside(f"it failed: {text.splitlines()[0].rstrip('.')}")

    def _note(self, replayed: int) -> None:
        while self._marks and self._marks[0][1] <= replayed:
            self.has_all_until, _ = self._marks.popleft()
        oldest = time.monotonic() - settings.REPLICA_MAX_LAG_SECONDS
        if self.has_all_until >= oldest:
            self._say("")
        elif self._marks and self._marks[0][0] < oldest:
            self._say(f"it is more than {settings.REPLICA_MAX_LAG_SECONDS} seconds behind")
        while self._marks and self._marks[0][0] < oldest:  # too old to be of use, once it is replayed
            self._marks.popleft()

    def _set_aside(self, why: str) -> None:
        self.has_all_until = -math.inf
        self._say(why)

    def _say(self, why: str) -> None:
        """Log when reads begin to go to the primary, and when they end to."""
        if why == self._said:
            return
        self._said = why
        if why:
            logger.warning("The replica is not used: %s. The primary serves.", why)
        else:
            logger.warning("The replica serves again.")


replica = Replica()


def ask(alias: str, query: str) -> Any:
    """Return the one row of a query."""
    with connections[alias].cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


def exists() -> bool:
    """Whether there is one at all. It costs less than looking at the setting itself."""
    return REPLICA in connections.settings


def release_connection() -> None:
    """Let others have the connection to the replica, if there is one."""
    if exists():
        connections[REPLICA].close()


def is_anybodys(meta: Mapping[str, str]) -> bool:
    """Whether a request does not say whose it is.

    Those who say so may have written a moment ago, and then look for it: the primary answers them.
    """
    return "HTTP_AUTHORIZATION" not in meta and "HTTP_ORDER_KEY" not in meta


def read(ask_database: Callable[[str], Answer], is_enough: Callable[[Answer], bool] | None = None) -> Answer:
    """Return what this finds in the database of the alias that it is called with.

    It is asked of the replica, if that may answer; and of the primary, if that is not enough, if the replica
    does not have it (it may be new), or fails. Raises what the primary raises.
    """
    if exists() and replica.may_answer():
        try:
            answer = ask_database(REPLICA)
            if is_enough is None or is_enough(answer):
                return answer
        except (NotFound, Http404, NoConnection, DataError):
            pass
        except Error as error:  # also where it has yet to replay a migration
            replica.fail(error)
    return ask_database(DEFAULT_DB_ALIAS)
