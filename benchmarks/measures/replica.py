"""Reads with a standby and without: how many, and whose CPU they take.

Two servers of the product on one database, one of which has a standby as well, take turns by slices of a
second. Load, servers and both databases share the processors, so the standby makes nothing faster here: what
counts is the CPU of the primary.
"""

import random
import time
import urllib.request
from contextlib import ExitStack
from typing import Any

import psutil

from benchmarks import load, servers
from benchmarks.cinema import SEATS, Cinema, Ours, fill_product
from benchmarks.http import Request, request
from benchmarks.measures.bookings import in_turn
from benchmarks.postgres import Postgres
from benchmarks.replication import Standby
from benchmarks.servers import Server

DATABASE = "product"
WITHOUT, WITH = "without", "with a replica"
SECONDS = 1.0


def measure_replica(rounds: int) -> dict[str, dict[str, list[dict[str, float]]]]:
    """Return, by request and server, what each slice did."""
    with ExitStack() as stack:
        postgres = Postgres()
        stack.callback(postgres.close)
        tokens = fill_product(postgres, DATABASE)
        standby = Standby(postgres.uri("postgres"))
        stack.callback(standby.close)
        settings = {WITHOUT: {}, WITH: {"DATABASE_REPLICA_URL": standby.url(DATABASE)}}
        sides = {
            name: servers.product(DATABASE, postgres.uri(DATABASE), **more) for name, more in settings.items()
        }
        for server in sides.values():
            stack.callback(server.stop)
            server.wait_until_up("/api/shows/?upcoming=true")
        (show,) = Cinema(postgres, DATABASE, Ours(), tokens).new_shows(1)
        load.run(sides[WITHOUT], list(in_turn(show, tokens, SEATS // 3)), expected="201", seconds=None)
        requests = reads(sides[WITHOUT], f"/api/shows/{show}/seats/")

        found: dict[str, Any] = {name: {side: [] for side in sides} for name in requests}
        plan = [(name, side) for name in requests for side in sides]
        shuffle = random.Random(1).shuffle
        for number in range(rounds + 1):
            shuffle(plan)
            for name, side in plan:
                what, expected = requests[name]
                before = cpu_of(postgres.processes()), cpu_of(standby.processes())
                slice_ = load.run(sides[side], [what], expected=expected, seconds=SECONDS)
                time.sleep(0.05)  # until the last of them is done
                answers = max(sum(slice_.statuses.values()), 1)
                after = cpu_of(postgres.processes()), cpu_of(standby.processes())
                primary_ms, standby_ms = (
                    1000 * (end - start) / answers for start, end in zip(before, after, strict=True)
                )
                if number > 0:  # the first is to warm up
                    found[name][side].append(
                        {
                            "rate": slice_.rate,
                            "cpu_ms": slice_.cpu_ms or 0.0,
                            "primary_ms": primary_ms,
                            "standby_ms": standby_ms,
                            "unexpected": slice_.unexpected + slice_.broken,
                        }
                    )
        return found


def reads(server: Server, path: str) -> dict[str, tuple[Request, str]]:
    """What is measured: each request, and the status that is expected."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}") as response:
        etag = response.headers["ETag"]
    return {
        "the unchanged map (304)": (request("GET", f"{path}availability/", If_None_Match=etag), "304"),
        "which seats are free": (request("GET", f"{path}availability/"), "200"),
        "the map of 300 seats": (request("GET", path), "200"),
        "20 shows to come": (request("GET", "/api/shows/?upcoming=true"), "200"),
        "the list of films": (request("GET", "/api/movies/"), "200"),
    }


def cpu_of(processes: list[psutil.Process]) -> float:
    """CPU seconds of a PostgreSQL so far, those of processes that have ended included."""
    server = processes[0].cpu_times()
    total = server.children_user + server.children_system
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total
