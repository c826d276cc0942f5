"""Where the processes of a production server keep what they count, to be added up by whichever is asked.

Without Django, which a production server must not load yet.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

# Of the environment, by which `metrics` knows where to write, and as whom.
FOLDER, PROCESS = "PROMETHEUS_MULTIPROC_DIR", "METRICS_PROCESS"
PREFIX = "movie-booking-metrics-"
SHARED_MEMORY, ROOM = Path("/dev/shm"), 64 * 1024 * 1024  # nosec B108  # noqa: S108 - a folder of our own; bytes


def open_folder() -> Path:
    """Make a folder for this server, empty and its own, and remove those of servers that are no more.

    In memory, if the system has such a place with room: a file that is mapped kills who writes to it when the
    disk is full.
    """
    parent = SHARED_MEMORY if has_room(SHARED_MEMORY) else Path(tempfile.gettempdir())
    for folder in parent.glob(f"{PREFIX}*"):
        remove_if_left(folder)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        # Kept open and locked until the last process of this server has ended, however it ends.
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if folder.exists():  # or another server that started just now took it for left
                return folder


def has_room(folder: Path) -> bool:
    if not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= ROOM


def remove_if_left(folder: Path) -> None:
    """Remove a folder of ours that no process has locked."""
    try:
        if folder.lstat().st_uid != os.getuid():
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)


# --- Hooks of gunicorn's -----------------------------------------------------------------------


def number_worker(arbiter: Any, worker: Any) -> None:
    """In the main process, before a worker is there: give it the lowest number that no other has."""
    taken = {other.number for other in arbiter.WORKERS.values()}
    worker.number = next(number for number in count(1) if number not in taken)


def name_worker(arbiter: Any, worker: Any) -> None:
    """In the worker: it goes on with what the last one of its number has counted."""
    os.environ[PROCESS] = name_of(worker)


def forget_worker(arbiter: Any, worker: Any) -> None:
    """In the main process, when a worker is no more: drop what it said of itself as it was."""
    if folder := os.environ.get(FOLDER):
        for file in Path(folder).glob(f"gauge_live*_{name_of(worker)}.db"):
            file.unlink(missing_ok=True)


def remove_folder(arbiter: Any) -> None:
    """In the main process, at its end."""
    if folder := os.environ.get(FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


def name_of(worker: Any) -> str:
    return f"worker{worker.number}"
