"""How many processors this process may use, which in a container are fewer than the machine has."""

import os
from math import ceil
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def available_processors(cgroup: Path = CGROUP) -> int:
    """Return the number that the scheduler allows, or what a limit on processor time comes to; at least 1."""
    knows = hasattr(os, "sched_getaffinity")  # not on every system
    allowed = len(os.sched_getaffinity(0)) if knows else os.cpu_count() or 1
    limit = processor_limit(cgroup)
    return max(1, allowed if limit is None else min(allowed, ceil(limit)))


def processor_limit(cgroup: Path) -> float | None:
    """Return the limit of a control group in processors, None if it has none.

    https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files (`cpu.max`), and its predecessor.
    """
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text()
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):  # "max", or no such files
        return None
