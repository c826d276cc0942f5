"""Whether this server is about to stop. Known to all its processes: the main one says so before it does."""

from ctypes import c_bool
from multiprocessing import RawValue

# In memory that the main process shares with the workers that it forks.
_is_stopping = RawValue(c_bool, False)


def announce() -> None:
    """Say it. From then on the server is not ready, and goes on serving until its proxies have noticed."""
    _is_stopping.value = True


def is_announced() -> bool:
    return _is_stopping.value
