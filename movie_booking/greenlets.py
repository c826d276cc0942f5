"""How the application lives among greenlets: in a production worker, which switches at every wait.

Nothing of this happens in development and in tests, where a request has a thread.
"""

import gc
import logging
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar, cast

import gevent
from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connection, connections, reset_queries
from gevent import Greenlet, Timeout
from gevent.event import AsyncResult
from gevent.lock import BoundedSemaphore
from gevent.queue import SimpleQueue
from gevent.socket import wait_read, wait_write
from gevent.threadpool import ThreadPool
from psycopg2 import OperationalError, extensions

from accounts import hashers
from movie_booking import health, metrics_page, throttling
from movie_booking.logs import log_failed_threads
from movie_booking.postgresql.base import DatabaseWrapper
from movie_booking.postgresql.pool import Pool
from movie_booking.postgresql.replica import base as replica
from movie_booking.turns import release_connection

logger = logging.getLogger(__name__)


def prepare() -> None:
    """Have this process wait for its database and compute hashes without keeping other requests waiting."""
    extensions.set_wait_callback(wait_cooperatively)
    if connection.vendor == "postgresql":
        DatabaseWrapper.shared = Pool(
            settings.DATABASE_CONNECTIONS,
            for_readers=settings.DATABASE_CONNECTIONS // 3,
            patience=settings.LOCK_TIMEOUT_SECONDS,
            max_age=600,
        )
        replica.DatabaseWrapper.shared = Pool(
            settings.DATABASE_CONNECTIONS, for_readers=0, patience=replica.PATIENCE_SECONDS, max_age=600
        )
    hashers.run = hash_apart
    metrics_page.run = scrape_apart
    health.readiness.look = Lookout().look
    throttling.wait = gevent.sleep
    log_failed_threads()
    log_failed_greenlets()
    # All views, which Django loads for the first request: that would keep all others waiting for seconds.
    import_module(settings.ROOT_URLCONF)
    # A request gives its connection back at its end, so there is none to look at when one begins.
    for look in (close_old_connections, reset_queries):
        request_started.disconnect(look)
    # Nor did it use a cache that is to be closed, or other addresses than all requests have.
    for clear in (close_caches, reset_urlconf):
        request_finished.disconnect(clear)
    gc.collect()
    gc.freeze()  # what there is now stays: not worth looking through again and again


def log_failed_greenlets() -> None:
    """Have what is caught nowhere in a greenlet logged like all else. gevent prints it with what it says."""

    def log_failure(context: Any, kind: Any, error: BaseException | None, trace: Any) -> None:
        logger.error("A greenlet failed", exc_info=error)

    gevent.get_hub().print_exception = log_failure


def wait_cooperatively(waiting: Any) -> None:
    """Let other greenlets run until PostgreSQL answers. Raises OperationalError if that takes too long.

    https://www.psycopg.org/docs/advanced.html#support-for-coroutine-libraries
    """
    try:
        while (state := waiting.poll()) != extensions.POLL_OK:
            if state == extensions.POLL_READ:
                wait_read(waiting.fileno(), waiting.patience)
            elif state == extensions.POLL_WRITE:
                wait_write(waiting.fileno(), waiting.patience)
            else:
                raise OperationalError(f"Unexpected state {state} of a connection.")
    except TimeoutError as error:
        raise OperationalError("The database takes too long to answer.") from error


# One, as there is a worker for each processor. In a thread, as argon2 lets go of the interpreter meanwhile.
hashing_thread = ThreadPool(1)
scraping_thread = ThreadPool(1)


def hash_apart(work: Callable[..., Any], *args: Any) -> Any:
    """Do this slow work in a thread, behind all that does not take long."""
    if connection.in_atomic_block and connection.vendor == "sqlite":
        return work(*args)  # nobody else in this process could write, nor wait for it without stopping us
    release_connection()
    return hashing_thread.apply(politely, (work, *args))


def scrape_apart(work: Callable[[], bytes]) -> bytes:
    """The same for what was counted, which takes the longer the more workers there are."""
    release_connection()
    written: bytes = scraping_thread.apply(politely, (work,))
    return written


def politely(work: Callable[..., Any], *args: Any) -> Any:
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, 0, 10)
    return work(*args)


class Lookout:
    """Looks whether this process is ready, for all probes together, and by a connection of its own.

    So probes do not wait while all others are busy, which is no reason to take a host out of service.
    """

    KEPT = 1.0  # seconds
    PATIENCE = 2.0  # seconds, so that an answer comes before a proxy gives up waiting for it

    def __init__(self) -> None:
        self._turn = BoundedSemaphore(1)
        self._connection = cast(Any, connections.create_connection(DEFAULT_DB_ALIAS))
        self._connection.inc_thread_sharing()  # of one greenlet after the other
        self._connection.shared = None  # no pool
        self._found, self._until = health.Report({}), float("-inf")

    def look(self) -> health.Report:
        with self._turn:
            if time.monotonic() >= self._until:
                self._found = self._look()
                self._until = time.monotonic() + self.KEPT
            return self._found

    def _look(self) -> health.Report:
        usual, found = connections[DEFAULT_DB_ALIAS], health.Report({"database": "silent"})
        connections[DEFAULT_DB_ALIAS] = self._connection
        try:
            with Timeout(self.PATIENCE, False):
                is_new = self._connection.connection is None
                looked = health.look()
                if looked.checks["database"] == "unreachable" and not is_new:
                    self._connection.close()  # it may be this connection that ended, and no more
                    looked = health.look()
                found = looked
        finally:
            connections[DEFAULT_DB_ALIAS] = usual
            if found.checks["database"] != health.OK:
                self._connection.close()  # the next look finds whoever has the address by then
        return found


class Runner(Greenlet):
    """Works on one request after the other, and keeps between them what Django keeps for a thread."""

    idle: ClassVar[list["Runner"]] = []

    def __init__(self) -> None:
        super().__init__()
        self._inbox = SimpleQueue()

    @classmethod
    def submit(cls, work: Callable[..., Any], *args: Any) -> AsyncResult:
        """Have a runner do this, and return where its result will be."""
        if cls.idle:
            runner = cls.idle.pop()
        else:
            runner = cls()
            runner.start()
        result = AsyncResult()
        runner._inbox.put((result, work, args))
        return result

    def _run(self) -> None:
        while True:
            result, work, args = self._inbox.get()
            try:
                result.set(work(*args))
            except Exception as error:
                result.set_exception(error)
            self.idle.append(self)
