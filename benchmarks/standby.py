"""What a synchronous standby costs one hot show: bookings a second by how far away the standby is.

python -m benchmarks.standby [--rounds 3] [--delays 0 1 2 5 10 20 50]

pgbench sends what `book/` sends, 16 clients at a time, all for one show after the other. Primary and standby
are two servers on this machine; what they say to each other goes through a relay that keeps it for half of
the delay, in milliseconds, each way. Told is the median of the rounds, beside 1 / (work + fsync + round trip)
with the work and the fsync of the same run.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.measures.bookings import pgbench
from benchmarks.measures.round_trips import capture
from benchmarks.postgres import Postgres
from benchmarks.replication import Standby
from benchmarks.stage import open_stage

PORT = 5432  # of a socket in a folder, so of nobody else
WORK, FSYNC = "commits are not waited for", "commits are on the primary's disk"


class Relay:
    """Passes on what a standby and its primary say, after `one_way` seconds."""

    def __init__(self, primary: Postgres) -> None:
        host = parse_qs(urlsplit(primary.uri("postgres")).query)["host"][0]
        self.primary, self.one_way = f"{host}/.s.PGSQL.{PORT}", 0.0
        self.folder = Path(tempfile.mkdtemp(prefix="relay-"))
        self.folder.chmod(0o755)
        self.uri = f"postgresql://postgres@/postgres?host={self.folder}&port={PORT}&application_name=standby"
        listening = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve(listening)), daemon=True).start()
        listening.wait(10)

    async def _serve(self, listening: threading.Event) -> None:
        path = self.folder / f".s.PGSQL.{PORT}"
        server = await asyncio.start_unix_server(self._connect, path)
        path.chmod(0o777)
        listening.set()
        await server.serve_forever()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_primary, to_primary = await asyncio.open_unix_connection(self.primary)
        await asyncio.gather(self._pass_on(reader, to_primary), self._pass_on(from_primary, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65536):  # in order: those of one delay are due in the order they came
            if self.one_way:
                loop.call_later(self.one_way, writer.write, data)
            else:
                writer.write(data)
        writer.close()


def wait_for_standby(primary: Postgres, *, really: bool) -> None:
    """Make commits wait for the standby or not, and return once they do."""
    names = "standby" if really else ""
    primary.rows("postgres", f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    primary.rows("postgres", "SELECT pg_reload_conf()")
    state = "sync" if really else "async"
    for _ in range(200):
        rows = primary.rows("postgres", "SELECT sync_state FROM pg_stat_replication")
        if rows == [(state,)]:
            return
        time.sleep(0.1)
    raise RuntimeError(f"The standby does not become {state}: {rows}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delays", type=float, nargs="+", default=[0, 1, 2, 5, 10, 20, 50])
    options = parser.parse_args()
    found: dict[Any, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        stage = open_stage(stack, peers=())
        captured = capture(stage)
        stage.ours.server.stop()
        relay = Relay(stage.postgres)
        stack.callback(shutil.rmtree, relay.folder)
        stack.callback(Standby(relay.uri).close)
        database = stage.pgbench.database

        def measure(name: Any, commit: str) -> None:
            stage.postgres.rows(database, f"ALTER DATABASE {database} SET synchronous_commit = '{commit}'")
            found[name].append(pgbench(stage, captured).rate)

        for _ in range(options.rounds):
            wait_for_standby(stage.postgres, really=False)
            measure(WORK, "off")
            measure(FSYNC, "local")
            wait_for_standby(stage.postgres, really=True)
            for delay in options.delays:
                relay.one_way = delay / 2000
                measure(delay, "on")
            relay.one_way = 0.0
        wait_for_standby(stage.postgres, really=False)
    tell({name: statistics.median(rates) for name, rates in found.items()}, options.delays)


def tell(rates: dict[Any, float], delays: list[float]) -> None:
    """Print the tables of docs/scaling.md."""
    work, local = 1000 / rates[WORK], 1000 / rates[FSYNC]
    print(f"On {os.cpu_count()} processors. A booking has the show for {work:.2f} ms, fsync apart;", end=" ")
    print(f"fsync takes {local - work:.2f} ms.\n")
    print("| a booking waits until | bookings a second | computed |\n|---|---|---|")
    for name in (WORK, FSYNC):
        print(f"| {name} | {rates[name]:.0f} | |")
    beside = 1000 / rates[delays[0]] - delays[0]  # with the fsync of the standby
    for delay in delays:
        computed = f"{1000 / (beside + delay):.0f}" if delay != delays[0] else ""
        print(f"| it is on a standby {delay:g} ms away too | {rates[delay]:.0f} | {computed} |")


if __name__ == "__main__":
    main()
