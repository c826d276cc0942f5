"""Programs of Debian's that tests start. `.ci/install` installs them."""

import os
import shutil

import pytest

# By the package that has it.
PACKAGES = {
    "redis-server": "redis-server",
    "pgbouncer": "pgbouncer",
    "haproxy": "haproxy",
    "etcd": "etcd-server",
    "etcdctl": "etcd-client",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "caddy": "caddy",
    "systemd-analyze": "systemd",
}


def find(program: str) -> str | None:
    """Return where a program is; some are where only root looks."""
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))


def require(program: str) -> str:
    """The same; without it the test fails."""
    found = find(program)
    if found is None:
        pytest.fail(f"{program} is not installed: {how_to_install([program])}")
    return found


def missing(item: pytest.Item) -> list[str]:
    """Return which programs a test needs, by its marks, that are not installed."""
    needed = {name for mark in item.iter_markers("needs") for name in mark.args}
    return sorted(name for name in needed if find(name) is None)


def how_to_install(programs: list[str]) -> str:
    return f"apt-get install {' '.join(PACKAGES[program] for program in programs)}"
