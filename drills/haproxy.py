"""An HAProxy of our own in front of hosts of the API, configured as docs/operations.md advises."""

import socket
from collections.abc import Sequence
from csv import DictReader
from pathlib import Path

from drills.processes import free_port, listens, start_listening

# A host that answers it with 200 is sent requests. What all hosts lack alike takes none of them out.
READY = "/readyz?exclude=housekeeping&exclude=redis"

# A host that is not ready is out after two checks. While none is ready, those that live are asked all the
# same. They say what is wrong, as the API says things, and what only reads may go on.
CONFIGURATION = """
global
    stats socket {socket} mode 600
defaults
    mode http
    timeout connect 2s
    timeout client 75s
    timeout server 60s
    timeout check 1s
    retries {retries}
    option httpchk
    http-check expect status 200
    default-server check inter 200ms fall 2 rise 1
frontend site
    bind 127.0.0.1:{port}
    use_backend alive if {{ nbsrv(ready) eq 0 }}
    default_backend ready
backend ready
    http-check send meth GET uri {ready}
{servers}
backend alive
    http-check send meth GET uri /healthz
{servers}
"""


class HAProxy:
    """One process. `hosts` are the ports of the API, and `ready` the address that is asked of each.

    `retries` is how often it tries a connection again that was refused: never, so that a cut is seen.
    """

    def __init__(
        self, program: str, folder: Path, *, hosts: Sequence[int], ready: str = READY, retries: int = 0
    ) -> None:
        self.program, self.folder = program, folder
        folder.mkdir(exist_ok=True)
        self.socket = folder / "stats"
        self.port = free_port()
        self.configuration = folder / "haproxy.cfg"
        self.configuration.write_text(
            CONFIGURATION.format(
                port=self.port,
                ready=ready,
                retries=retries,
                servers="\n".join(f"    server {port} 127.0.0.1:{port}" for port in hosts),
                socket=self.socket,
            )
        )

    def start(self) -> None:
        """Start it, and return once it listens. Raises RuntimeError, with what it says, if it ends."""
        command = [self.program, "-db", "-f", str(self.configuration)]
        self.socket.unlink(missing_ok=True)
        self.process = start_listening(command, self._is_up, self.folder / "log")

    def _is_up(self) -> bool:
        """Whether it takes requests and questions. It may be ready for the one before the other."""
        return self.socket.exists() and listens(self.port)

    def has_in_service(self, host: int) -> bool:
        """Whether it sends requests to the host on this port, as its last checks found it ready."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.socket))
            control.sendall(b"show stat\n")
            table = b"".join(iter(lambda: control.recv(65536), b"")).decode()
        return any(
            row["# pxname"] == "ready" and row["svname"] == str(host) and row["status"].startswith("UP")
            for row in DictReader(table.splitlines())
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
