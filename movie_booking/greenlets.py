"""How the application lives among greenlets: in a production worker, which switches at every wait.

Nothing of this happens in development and in tests, where a request has a thread.
"""

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar

import gevent
from django.conf import settings
from django.core.signals import request_started
from django.db import close_old_connections, connection, reset_queries
from gevent import Greenlet
from gevent.event import AsyncResult
from gevent.queue import SimpleQueue
from gevent.socket import wait_read, wait_write
from gevent.threadpool import ThreadPool
from psycopg2 import OperationalError, extensions

from accounts import hashers
from movie_booking import throttling
from movie_booking.postgresql.base import DatabaseWrapper
from movie_booking.postgresql.pool import Pool
from movie_booking.turns import release_connection


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
    hashers.run = hash_apart
    throttling.wait = gevent.sleep
    # All views, which Django loads for the first request: that would keep all others waiting for seconds.
    import_module(settings.ROOT_URLCONF)
    # A request gives its connection back at its end, so there is none to look at when one begins.
    for look in (close_old_connections, reset_queries):
        request_started.disconnect(look)
    gc.collect()
    gc.freeze()  # what there is now stays: not worth looking through again and again


def wait_cooperatively(waiting: Any) -> None:
    """Let other greenlets run until PostgreSQL answers.

    https://www.psycopg.org/docs/advanced.html#support-for-coroutine-libraries
    """
    while (state := waiting.poll()) != extensions.POLL_OK:
        if state == extensions.POLL_READ:
            wait_read(waiting.fileno())
        elif state == extensions.POLL_WRITE:
            wait_write(waiting.fileno())
        else:
            raise OperationalError(f"Unexpected state {state} of a connection.")


# One, as there is a worker for each processor. In a thread, as argon2 lets go of the interpreter meanwhile.
hashing_thread = ThreadPool(1)


def hash_apart(work: Callable[..., Any], *args: Any) -> Any:
    """Do this slow work in a thread, behind all that does not take long."""
    if connection.in_atomic_block and connection.vendor == "sqlite":
        return work(*args)  # nobody else in this process could write, nor wait for it without stopping us
    release_connection()
    return hashing_thread.apply(politely, (work, *args))


def politely(work: Callable[..., Any], *args: Any) -> Any:
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, 0, 10)
    return work(*args)


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
