"""What a worker process of the production server says of itself: by a look a second, not at each request."""

import os
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path

import gevent
from django.conf import settings

from bookings.live import Channel
from movie_booking import metrics
from movie_booking.batches import batches
from movie_booking.postgresql.base import DatabaseWrapper
from movie_booking.turns import turns

LOOK_SECONDS = 1.0


def look_each_second() -> None:
    """Do so in a greenlet of its own for as long as this process lives, if anybody may ask for it."""
    if not settings.METRICS_TOKEN:
        return
    metrics.WORKERS.set(1)
    metrics.WORKER_STARTS.inc()
    metrics.WATCHERS_LIMIT.set(settings.MAX_WATCHERS)
    gevent.spawn(_look)


def _look() -> None:
    cpu = 0.0
    while True:
        cpu = _note(cpu)
        due = time.monotonic() + LOOK_SECONDS
        gevent.sleep(LOOK_SECONDS)
        metrics.WORKER_LAG.set(max(0.0, time.monotonic() - due))


def _note(cpu_before: float) -> float:
    """Note how things are, and return the processor time of this process."""
    cpu = time.process_time()
    metrics.WORKER_CPU.inc(max(0.0, cpu - cpu_before))
    metrics.WORKER_MEMORY.set(resident_bytes())
    metrics.WATCHERS.set(Channel.watching)
    metrics.TURNS_WAITING.set(turns.waiting + batches.waiting)
    if (pool := DatabaseWrapper.shared) is not None:
        metrics.child(metrics.CONNECTIONS, "in_use").set(pool.in_use)
        metrics.child(metrics.CONNECTIONS, "idle").set(pool.idle)
        metrics.CONNECTIONS_LIMIT.set(pool.size)
    return cpu


def resident_bytes() -> int:
    """Return how much memory this process has; where that is not known, the most that it had."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
