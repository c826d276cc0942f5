"""Bookings: of one hot show after the other, spread over many, refused; and their statements in pgbench."""

import re
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.cinema import FIRST_USER, SEATS, Cinema
from benchmarks.http import Request
from benchmarks.load import CONNECTIONS, Slice
from benchmarks.measures.round_trips import Captured, capture
from benchmarks.stage import OURS, PGBENCH, Contender, Side, Stage, book

WITH_KEYS = "hot bookings, each with a key"
HOT_SHOWS = 16  # a slice; more than any server sells out in it
SPREAD_REQUESTS = 4000
PGBENCH_TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


def contenders(stage: Stage) -> Iterator[Contender]:
    captured = capture(stage)
    for name, side in stage.sides.items():
        yield Contender("hot bookings", name, lambda name=name, side=side: hot(stage, name, side))
        if name == OURS:  # no other has such keys
            yield Contender(WITH_KEYS, name, lambda: hot(stage, OURS, stage.ours, with_keys=True))
        yield Contender("spread bookings", name, lambda name=name, side=side: spread(stage, name, side))
        taken = refusals(side)
        yield Contender(
            "refusals",
            name,
            lambda side=side, taken=taken: load.run(
                side.server, taken, expected="409", seconds=stage.seconds
            ),
        )
    yield Contender("hot bookings", PGBENCH, lambda: pgbench(stage, captured))


def in_turn(
    show: int, tokens: list[str], seats: int = SEATS, *, with_keys: bool = False
) -> Iterator[Request]:
    """A request for each seat of a show, each of another user."""
    for seat in range(1, seats + 1):
        headers = {"Idempotency_Key": f"{show}-{seat}"} if with_keys else {}
        yield book(show, seat, tokens[(seat + show) % len(tokens)], **headers)


def hot(stage: Stage, name: str, side: Side, *, with_keys: bool = False) -> Slice:
    shows = side.cinema.new_shows(HOT_SHOWS)
    requests = [request for show in shows for request in in_turn(show, stage.tokens, with_keys=with_keys)]
    found = load.run(side.server, requests, expected="201", seconds=stage.seconds)
    side.cinema.retire(shows)
    return stage.note(name, found)


def spread(stage: Stage, name: str, side: Side) -> Slice:
    seats = islice(side.cinema.spread_seats(), SPREAD_REQUESTS)
    requests = [book(*seat) for seat in seats]
    found = load.run(side.server, requests, expected="201", seconds=stage.seconds)
    return stage.note(name, found)


def refusals(side: Side) -> list[Request]:
    """Requests for the seats of a show that is sold out. It is sold here."""
    (show,) = side.cinema.new_shows(1)
    tokens = side.cinema.tokens
    load.run(side.server, list(in_turn(show, tokens)), expected="201", seconds=None)
    others = tokens[500:] + tokens[:500]  # who has no seat yet
    return list(in_turn(show, others))


def pgbench(stage: Stage, captured: Captured) -> Slice:
    """The messages of `book/` alone, one show after the other: no client is a show ahead of the others."""
    cinema: Cinema = stage.pgbench
    shows = cinema.new_shows(HOT_SHOWS)
    header = "\n".join(
        [
            r"\set turn :turn + 1",
            rf"\set seat :turn * {CONNECTIONS} + :client_id + 1",
            rf"\set user {FIRST_USER} + (:seat + :show) % {len(stage.tokens)}",
            r"\set reference random(1000000000, 9999999999)",
        ]
    )
    script = stage.folder / "book.pgbench"
    script.write_text(captured.script(header))
    turns = SEATS // CONNECTIONS
    sold, seconds = 0, 0.0
    for show in shows:
        tps = run_pgbench(stage, script, cinema.database, turns, {"turn": -1, "show": show, "prepared": 0})
        sold, seconds = sold + turns * CONNECTIONS, seconds + turns * CONNECTIONS / tps
        if seconds > stage.seconds:
            break
    cinema.retire(shows)
    return Slice(rate=sold / seconds, seconds=seconds)


def run_pgbench(stage: Stage, script: Path, database: str, turns: int, variables: dict[str, int]) -> float:
    """Return the transactions a second, each client doing so many. Raises CalledProcessError."""
    command: list[Any] = [stage.postgres.program("pgbench"), "--no-vacuum", "--file", script]
    command += ["--client", CONNECTIONS, "--jobs", 1, "--transactions", turns]
    for name, value in variables.items():
        command += ["--define", f"{name}={value}"]
    command.append(stage.postgres.uri(database))
    run = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True)
    return float(PGBENCH_TPS.search(run.stdout)[1])
