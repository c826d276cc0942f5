"""Known holes of the packages that are installed, where a source of advisories can be reached.

Package mirrors often know of none, and pip-audit is content with that. So it is also asked about a package
that is known to have one: a source that does not know that knows nothing.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

KNOWN_TO_HAVE_ONE = ("httplib2", "0.17.0")  # CVE-2020-11078
SOURCES = ("osv", "pypi")
SECONDS = 20  # for each source
NOTICE = "NOTICE: NO SOURCE OF ADVISORIES was reached: known holes of packages were NOT looked for."


def findings() -> Iterator[str]:
    """Yield the known holes, a line each, or a notice that none were looked for."""
    for source in SOURCES:
        told = ask(source)
        if told is not None:
            yield from told
            return
    yield NOTICE


def ask(source: str) -> list[str] | None:
    """Return the holes that a source knows of what is installed, or None if it knows nothing at all."""
    installed = {(each.name.lower(), each.version) for each in distributions()}
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "pins.txt"
        pins.write_text("\n".join(f"{name}=={version}" for name, version in {*installed, KNOWN_TO_HAVE_ONE}))
        asked = [f"--vulnerability-service={source}", f"--requirement={pins}", "--no-deps", "--disable-pip"]
        shown = ["--format=json", "--progress-spinner=off", "--timeout=3"]
        command = [sys.executable, "-m", "pip_audit", *asked, *shown]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
            return read(json.loads(done.stdout)["dependencies"])
        except (subprocess.TimeoutExpired, ValueError, KeyError):  # it says why, and not in JSON
            return None


def read(packages: list[dict[str, Any]]) -> list[str] | None:
    """Return what pip-audit says of each package that has a hole, None if it misses the one that is known."""
    holes = {(each["name"], each["version"]): each["vulns"] for each in packages if each.get("vulns")}
    if not holes.pop(KNOWN_TO_HAVE_ONE, None):
        return None
    return [
        f"{name} {version}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version'}"
        for (name, version), found in holes.items()
        for hole in found
    ]
