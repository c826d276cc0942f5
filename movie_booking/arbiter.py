"""gunicorn's main process, which says that it will stop before it does, and keeps housekeeping beside it."""

import signal
import time
from typing import Any

from gunicorn import arbiter

from movie_booking import stopping
from movie_booking.start_housekeeping import keep_housekeeping, stop_housekeeping
from movie_booking.worker import allow_to_stop


class Arbiter(arbiter.Arbiter):
    """On SIGTERM: not ready, but serving for DRAIN_SECONDS; then no new connections; then the end.

    A second SIGTERM ends the waiting. SIGINT, as of Ctrl-C, ends everything at once.
    """

    _stops_at = float("inf")

    def handle_term(self) -> None:
        from movie_booking import settings

        if stopping.is_announced():
            raise StopIteration  # as gunicorn has it: it stops in good order
        stopping.announce()
        stop_housekeeping()  # another host goes on with it
        self._stops_at = time.monotonic() + settings.DRAIN_SECONDS

    def manage_workers(self) -> None:
        """Called after each signal and at least once a second."""
        if time.monotonic() >= self._stops_at:
            raise StopIteration
        super().manage_workers()
        if not stopping.is_announced():
            keep_housekeeping()

    def kill_worker(self, pid: int, sig: Any) -> None:
        if sig == signal.SIGTERM and pid in self.WORKERS:
            allow_to_stop(self.WORKERS[pid])
        super().kill_worker(pid, sig)
