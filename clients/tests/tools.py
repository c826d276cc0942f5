"""What these tests need that pip does not bring. Without it they are skipped, and say how to get it.

`make check` allows no skips (`--no-skips`).
"""

import shutil
from importlib.util import find_spec

import pytest


def command(name: str, install: str) -> str:
    """Where that program is."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: {install}")
    return found


def package(name: str) -> None:
    if find_spec(name) is None:
        pytest.skip(f"the Python package {name} is not installed: make dev")


def chromium() -> str:
    return command("chromium", "apt-get install chromium")
