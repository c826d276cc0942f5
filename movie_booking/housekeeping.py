"""The process beside the server: what is to be done again and again, each on its own schedule."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import NamedTuple

from django.db import connection

from movie_booking.metrics import JOB_SUCCESS, JOBS, child

logger = logging.getLogger(__name__)

# A job that fails waits twice as long each time, up to these seconds: an outage is no reason to fill the log.
LONGEST_PAUSE = 60.0
# A job that pauses so long lets go of its connection to the database.
IDLE_SECONDS = 60.0
# How often the process looks whether its parent still lives, in seconds.
LOOK_SECONDS = 0.2


class Job(NamedTuple):
    """What is done, and how many seconds after it was done it is done again.

    It returns False if it was for another process to do: then this one says nothing of it.
    """

    name: str
    work: Callable[[], object]
    seconds: float


def run(jobs: Sequence[Job], *, beside: int | None = None) -> None:
    """Do these jobs, none of which waits for another, until the parent ends, or SIGTERM or SIGINT come.

    What a job was doing then is broken off: its transaction is rolled back. `beside` is the process that
    started this one, as it may have ended before this one was ready.
    """
    parent, stop = beside or os.getppid(), Event()
    with heeding_signals() as told:
        for job in jobs:
            Thread(target=repeat, args=(job, stop), name=job.name, daemon=True).start()
        if beside:  # where a process cannot tell that its parent is gone (Windows), the end of its input does
            Thread(target=wait_for_end_of_input, args=(stop,), name="input", daemon=True).start()
        while os.getppid() == parent and not told and not stop.wait(LOOK_SECONDS):
            pass
        stop.set()


@contextmanager
def heeding_signals() -> Iterator[list[int]]:
    """Yield a list to which SIGTERM and SIGINT are added, so that what is to be left in order can be.

    An event would not do: the main thread may be at its lock when the signal comes.
    """
    told: list[int] = []
    heeded = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(each, lambda number, _: told.append(number)) for each in heeded]
    try:
        yield told
    finally:
        for each, handler in zip(heeded, before, strict=True):
            signal.signal(each, handler)


def wait_for_end_of_input(stop: Event) -> None:
    while sys.stdin.readline():
        pass
    stop.set()


def repeat(job: Job, stop: Event) -> None:
    """Do a job until it is to stop. One that fails is logged, and done again."""
    pause = job.seconds
    while not stop.is_set():
        try:
            if job.work() is not False:
                child(JOBS, job.name, "done").inc()
                child(JOB_SUCCESS, job.name).set_to_current_time()
            pause = job.seconds
        except Exception:
            child(JOBS, job.name, "failed").inc()
            pause = min(2 * pause, max(LONGEST_PAUSE, job.seconds))
            logger.exception("%s failed and is tried again in %g seconds", job.name, pause)
            connection.close()  # it may be what failed
        if pause >= IDLE_SECONDS:
            connection.close()
        stop.wait(pause)
