"""A pgbouncer of our own before a PostgreSQL, with the settings that Debian's package has."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PATIENCE = 20.0  # seconds


class PgBouncer:
    """One process. `databases` are its names for them, with what each leads to, as its configuration has it.

    `options` are other lines of the configuration. It runs as `owner`, for it may not as root.
    """

    def __init__(
        self,
        program: str,
        folder: Path,
        databases: Mapping[str, Mapping[str, object]],
        *,
        user: str,
        password: str = "",
        owner: str | None = None,
        **options: object,
    ) -> None:
        self.program, self.folder, self.owner = program, folder, owner
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        users = folder / "userlist.txt"
        users.write_text(f'"{user}" "{password}"\n')
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256" if password else "trust",
            "auth_file": users,
            **options,
        }
        lines = ["[databases]"]
        lines += [f"{name} = {_words(target)}" for name, target in databases.items()]
        lines += ["[pgbouncer]", *(f"{name} = {value}" for name, value in settings.items())]
        self.configuration = folder / "pgbouncer.ini"
        self.configuration.write_text("\n".join(lines) + "\n")
        self.start()

    def start(self) -> None:
        """Start it, and return once it listens. Raises RuntimeError, with what it says, if it ends."""
        command = [self.program]
        if os.geteuid() == 0 and self.owner:
            shutil.chown(self.folder, self.owner)
            command += ["--user", self.owner]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*command, self.configuration], stdout=log, stderr=log)  # noqa: S603
        until = time.monotonic() + PATIENCE
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.01)

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _words(target: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in target.items())
