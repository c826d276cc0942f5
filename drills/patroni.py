"""PostgreSQL with a standby that takes over: Patroni beside each server, which agree through etcd."""

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil

from drills.etcd import Etcd
from drills.processes import HOST, POSTGRESQL, DidNotHappen, Program, free_port, living_in, wait_until

LEASE_SECONDS = 20  # how long nobody takes over from a leader that is silent; Patroni's least
DATABASE = "cinema"
LOCAL = ["local all all trust", f"host all all {HOST}/32 trust", f"host replication all {HOST}/32 trust"]


class Node(Program):
    """A host of the database: PostgreSQL and its Patroni. `port` is that of PostgreSQL."""

    def __init__(self, folder: Path, *, etcd: Etcd, archive: Path) -> None:
        super().__init__(folder)
        self.name = folder.name
        self.data = folder / "data"
        self.patroni_port = free_port()
        self.configuration = folder / "patroni.json"  # Patroni reads YAML, which JSON is
        self.configuration.write_text(json.dumps(self._settings(etcd, archive), indent=1))

    def _settings(self, etcd: Etcd, archive: Path) -> dict[str, Any]:
        address = f"{HOST}:{self.patroni_port}"
        return {
            "scope": "cinema",
            "name": self.name,
            "restapi": {"listen": address, "connect_address": address},
            "etcd3": {"hosts": f"{HOST}:{etcd.port}"},
            "bootstrap": {
                "dcs": {
                    "ttl": LEASE_SECONDS,
                    "loop_wait": 1,
                    "retry_timeout": 3,
                    # A booking is acknowledged when two hosts have it; with one left, when that one has it.
                    "synchronous_mode": True,
                    # Where only PostgreSQL died, the standby is there sooner than the end of a recovery.
                    "primary_start_timeout": 0,
                    # Without etcd the leader goes on while it reaches all the others.
                    "failsafe_mode": True,
                    "postgresql": {
                        "use_pg_rewind": True,
                        "parameters": {
                            "archive_mode": "on",
                            "archive_command": f"test ! -f {archive}/%f && cp %p {archive}/%f",
                            "shared_buffers": "64MB",
                        },
                    },
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"{HOST}:{self.port}",
                "connect_address": f"{HOST}:{self.port}",
                "data_dir": str(self.data),
                "bin_dir": str(POSTGRESQL),
                "pgpass": str(self.folder / "pgpass"),
                "pg_hba": LOCAL,
                "parameters": {"unix_socket_directories": str(self.folder)},
                "basebackup": [{"checkpoint": "fast"}],  # a standby begins at once, not within five minutes
                "authentication": {
                    "superuser": {"username": "postgres", "password": "postgres"},
                    "replication": {"username": "replicator", "password": "replicator"},
                },
            },
        }

    def command(self) -> list[str]:
        return [sys.executable, "-m", "patroni", str(self.configuration)]

    def is_up(self) -> bool:
        return self.state().get("state") == "running"

    def state(self) -> dict[str, Any]:
        """What its Patroni says of it, or nothing if that does not answer."""
        return self.ask("GET", "/patroni")[1]

    def ask(self, method: str, path: str, body: object = None, seconds: float = 2) -> tuple[int, Any]:
        http = HTTPConnection(HOST, self.patroni_port, timeout=seconds)
        with suppress(OSError, HTTPException, ValueError):
            http.request(method, path, json.dumps(body) if body else None)
            response = http.getresponse()
            content = response.read().decode()
            return response.status, json.loads(content) if content.startswith("{") else {"text": content}
        return 0, {}

    def processes(self) -> list[psutil.Process]:
        """Patroni, and PostgreSQL, which is a family of its own."""
        patroni = super().processes()
        return [*patroni, *(each for each in living_in(self.data) if each not in patroni)]

    def kill_postgresql(self) -> None:
        """All of it but Patroni, as when the kernel runs out of memory."""
        for process in living_in(self.data):
            with suppress(psutil.NoSuchProcess):
                process.kill()


class Cluster:
    """Two or more such hosts."""

    def __init__(self, folder: Path, *, etcd: Etcd, archive: Path, names: Sequence[str] = ("anna", "bert")):
        self.nodes = [Node(folder / name, etcd=etcd, archive=archive) for name in names]

    def start(self) -> None:
        """Start the first, which becomes the leader; the others go on copying it."""
        self.nodes[0].start()
        wait_until(lambda: self.find_leader(), "the first leader", 60)
        for node in self.nodes[1:]:
            node.begin()

    def find_leader(self) -> Node | None:
        for node in self.nodes:
            if node.ask("GET", "/primary")[0] == 200:
                return node
        return None

    @property
    def leader(self) -> Node:
        """Raises DidNotHappen if there is none."""
        found = self.find_leader()
        if found is None:
            raise DidNotHappen("no host of PostgreSQL leads")
        return found

    @property
    def standby(self) -> Node:
        leader = self.leader
        return next(node for node in self.nodes if node is not leader)

    def wait_for_another_leader(self, former: Node, seconds: float) -> None:
        wait_until(lambda: self.find_leader() not in (None, former), "another leader", seconds)

    def is_whole(self) -> bool:
        """Whether one leads, and each other has all that is acknowledged."""
        leader = self.find_leader()
        others = [node for node in self.nodes if node is not leader]
        return leader is not None and all(node.ask("GET", "/synchronous")[0] == 200 for node in others)

    def wait_until_whole(self, seconds: float = 90) -> None:
        wait_until(self.is_whole, "the return of the standby", seconds, pause=0.2)

    def switch_over(self) -> None:
        """Have the standby lead, as before maintenance of the leader's host. Raises DidNotHappen."""
        leader, standby = self.leader, self.standby
        order = {"leader": leader.name, "candidate": standby.name}
        status, said = leader.ask("POST", "/switchover", order, seconds=60)
        if status != 200:
            raise DidNotHappen(f"the switch-over: {said}")
