"""What a back-up is for: the database is gone, or it has what should never have been done.

A database is restored under another name and renamed when it is whole: so no host sees the half of it.
"""

import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg2

from drills.load import Load
from drills.patroni import DATABASE
from drills.processes import HOST, POSTGRESQL, Program, run, wait_until
from drills.site import Site, connect, url

RESTORED = f"{DATABASE}_restored"
ACCIDENT = "UPDATE bookings_booking SET status = 'CANCELLED', cancelled_at = now() WHERE status = 'BOOKED'"


def program(name: str) -> str:
    return str(POSTGRESQL / name)


def dump(site: Site, source: str, name: str) -> Path:
    file = site.archive / name
    run([program("pg_dump"), "--format=custom", f"--file={file}", source], cwd=site.archive)
    return file


def restore(site: Site, file: Path) -> float:
    """Put what was dumped in the place of the database, which is gone. Returns a moment just before."""
    site.execute(f"CREATE DATABASE {RESTORED}", database="postgres")
    target = url(site.leader.port, RESTORED)
    run([program("pg_restore"), "--exit-on-error", f"--dbname={target}", str(file)], cwd=site.archive)
    moment = time.monotonic()
    site.execute(f"ALTER DATABASE {RESTORED} RENAME TO {DATABASE}", database="postgres")
    return moment


def drop_and_restore(site: Site, load: Load) -> str:
    dumped_at = time.monotonic()
    file = dump(site, site.database_url, "cinema.dump")
    site.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)", database="postgres")
    beyond = load.leave_out(dumped_at, restore(site, file))
    site.check_seats()
    return f"{beyond} were sold after the back-up had begun, and are not in it"


class Recovered(Program):
    """A server that has replayed what a base back-up and the archive say, up to a moment."""

    until: datetime

    def __init__(self, folder: Path, *, archive: Path) -> None:
        super().__init__(folder)
        self.data, self.archive = folder / "data", archive
        self.configuration = folder / "postgresql.conf"

    def begin(self) -> None:
        settings = {
            "port": str(self.port),
            "listen_addresses": HOST,
            "unix_socket_directories": str(self.folder),
            "restore_command": f"cp {self.archive}/%f %p",
            "recovery_target_time": self.until.isoformat(),
            "recovery_target_action": "promote",
        }
        # Not those that Patroni left in the back-up: of a standby that the server would wait for, for one.
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        self.configuration.write_text(lines)
        run(["touch", str(self.data / "recovery.signal")], cwd=self.folder)
        super().begin()

    def command(self) -> list[str]:
        return [program("postgres"), "-D", str(self.data), f"--config-file={self.configuration}"]

    def is_up(self) -> bool:
        """Whether it is there and done with replaying."""
        with (
            suppress(psycopg2.Error),
            connect(self.port, "postgres") as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT NOT pg_is_in_recovery()")
            [(is_done,)] = cursor.fetchall()
            return bool(is_done)
        return False


def go_back(site: Site, load: Load) -> str:
    """Recover beside what runs, to a second before the accident, and put that in its place."""
    copy = site.folder / "recovered"
    server = Recovered(copy, archive=site.archive)
    base_backup = [
        program("pg_basebackup"),
        f"--pgdata={server.data}",
        "--checkpoint=fast",
        "--wal-method=none",
    ]
    run([*base_backup, f"--dbname={url(site.leader.port, 'postgres')}"], cwd=copy)
    time.sleep(5)  # of bookings that no back-up has

    with_accident = time.monotonic()
    server.until = datetime.now(timezone.utc) - timedelta(seconds=1)
    point = with_accident - 1
    site.execute(ACCIDENT)
    time.sleep(2)  # until somebody notices
    [(segment,)] = site.rows("SELECT pg_walfile_name(pg_switch_wal())")
    wait_until((site.archive / segment).exists, f"archiving {segment}", 30)
    server.start()
    try:
        file = dump(site, url(server.port), "recovered.dump")
    finally:
        server.stop()
    site.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)", database="postgres")
    beyond = load.leave_out(point, restore(site, file))
    site.check_seats()
    return f"{beyond} were sold after that second, and are not in it"
