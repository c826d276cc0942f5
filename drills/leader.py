"""HAProxy in front of PostgreSQL: connections lead to the server that may write."""

from collections.abc import Sequence
from pathlib import Path

from drills.patroni import Node
from drills.processes import HOST, Program
from movie_booking.tests.programs import find

# Patroni says which server leads. Connections to one that does so no more are ended, as they may hang.
CONFIGURATION = """
defaults
    mode tcp
    timeout connect 2s
    timeout check 1s
    timeout client 1h
    timeout server 1h
listen leader
    bind {host}:{port}
    option httpchk GET /primary
    http-check expect status 200
    default-server check inter 200ms fall 2 rise 1 on-marked-down shutdown-sessions
{servers}
"""


class WayToLeader(Program):
    def __init__(self, folder: Path, nodes: Sequence[Node]) -> None:
        super().__init__(folder)
        self.configuration = folder / "haproxy.cfg"
        servers = "\n".join(
            f"    server {node.name} {HOST}:{node.port} port {node.patroni_port}" for node in nodes
        )
        self.configuration.write_text(CONFIGURATION.format(host=HOST, port=self.port, servers=servers))

    def command(self) -> list[str]:
        return [find("haproxy") or "haproxy", "-db", "-f", str(self.configuration)]
