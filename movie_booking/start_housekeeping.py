"""How a server starts the process beside it. Without Django, which a production server must not load yet."""

import os
import subprocess
import sys
from pathlib import Path

# Kept, as the input of a process ends with the object that stands for it.
started: list["subprocess.Popen[bytes]"] = []


def start_housekeeping() -> None:
    """Start the process beside this one. It ends with this one, however that ends."""
    command = [sys.executable, "manage.py", "housekeeping", "--beside", str(os.getpid())]
    root = Path(__file__).parent.parent
    process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE)  # noqa: S603 - our own command
    started.append(process)
