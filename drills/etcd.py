"""etcd, where the servers of PostgreSQL agree on who leads. An installation has three; a drill has one."""

from pathlib import Path

from drills.processes import HOST, Program, free_port
from movie_booking.tests.programs import find


class Etcd(Program):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.peers = f"http://{HOST}:{free_port()}"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        options = {
            "data-dir": str(self.folder / "data"),
            "listen-client-urls": self.url,
            "advertise-client-urls": self.url,
            "listen-peer-urls": self.peers,
            "initial-advertise-peer-urls": self.peers,
            "initial-cluster": f"default={self.peers}",
        }
        return [find("etcd") or "etcd", *(f"--{name}={value}" for name, value in options.items())]
