"""How a server keeps the process beside it. Without Django, which a production server must not load yet."""

import os
import subprocess
import sys
import time
from pathlib import Path

# Kept, as the input of a process ends with the object that stands for it.
started: list["subprocess.Popen[bytes]"] = []
started_at: list[float] = []

# One that ends is started again, at most so often: the database may be what it lacks.
PAUSE_SECONDS = 10


def start_housekeeping() -> None:
    """Start the process beside this one. It ends with this one, however that ends."""
    command = [sys.executable, "manage.py", "housekeeping", "--beside", str(os.getpid())]
    root = Path(__file__).parent.parent
    process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE)  # noqa: S603 - our own command
    started[:], started_at[:] = [process], [time.monotonic()]


def keep_housekeeping() -> None:
    """Start it again if it has ended, as when memory ran out and the system chose it."""
    if started[-1].poll() is not None and time.monotonic() >= started_at[-1] + PAUSE_SECONDS:
        start_housekeeping()


def stop_housekeeping() -> None:
    """Have it end now, before this process does."""
    started[-1].terminate()
