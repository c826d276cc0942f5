"""Where and of what a run was made."""

import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from benchmarks.servers import ROOT, WORKERS

PACKAGES: tuple[str, ...] = (
    "django",
    "djangorestframework",
    "psycopg2-binary",
    "granian",
    "gunicorn",
    "gevent",
)
PACKAGES += ("fastapi", "sqlalchemy", "asyncpg", "uvicorn")


def machine() -> dict[str, Any]:
    """The commit, the day, the processors, and the versions of what takes part."""
    return {
        "commit": commit(),
        "day": datetime.now(timezone.utc).date().isoformat(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "workers": WORKERS,
        "packages": {name: found for name in PACKAGES if (found := installed(name))},
    }


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def commit() -> str:
    """The commit, with a + if files differ from it; "unknown" without git."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
