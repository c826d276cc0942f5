"""A pgbouncer of our own before a PostgreSQL, with the settings that Debian's package has."""

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from drills.processes import free_port, listens, start_listening


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
        self.port = free_port()
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
        self.process = start_listening(
            [*command, str(self.configuration)], lambda: listens(self.port), self.folder / "log"
        )

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _words(target: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in target.items())
