"""What these tests need that pip does not bring. Without it they are skipped, and say how to get it.

`make check` allows no skips (`--no-skips`).
"""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

NOT_INSTALLED = "the Python package {} is not installed: make dev"
TYPESCRIPT = settings.BASE_DIR / "clients" / "typescript"


def command(name: str, install: str) -> str:
    """Where that program is."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: {install}")
    return found


def package(name: str) -> None:
    if find_spec(name) is None:
        pytest.skip(NOT_INSTALLED.format(name))


def sync_api() -> Any:
    """That of Playwright, for a module of tests, which is skipped without it."""
    return pytest.importorskip("playwright.sync_api", reason=NOT_INSTALLED.format("playwright"))


def chromium() -> str:
    return command("chromium", "apt-get install chromium")


def node_modules() -> Path:
    """The packages that clients/typescript/package-lock.json pins, fetched if they are not there."""
    npm = command("npm", "apt-get install nodejs npm")
    folder, lock = TYPESCRIPT / "node_modules", (TYPESCRIPT / "package-lock.json").read_bytes()
    installed = folder / ".installed"
    if not installed.exists() or installed.read_bytes() != lock:
        fetch = subprocess.run([npm, "ci"], cwd=TYPESCRIPT, capture_output=True, text=True, check=False)
        if fetch.returncode != 0:
            pytest.skip(f"npm ci in {TYPESCRIPT} failed, and needs a network: {fetch.stderr[-500:]}")
        installed.write_bytes(lock)
    return folder
