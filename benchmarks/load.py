"""Puts a server under load: by wrk where it is installed, else by our own client."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.http import Request, write
from benchmarks.servers import ROOT, Server

CONNECTIONS = 16
WRK = shutil.which("wrk")


@dataclass
class Slice:
    """What one contender did in one slice of time."""

    rate: float  # answers of the expected status, or transactions, a second
    seconds: float
    cpu_ms: float | None = None  # of the server for each answer
    statuses: dict[str, int] = field(default_factory=dict)
    unexpected: int = 0  # answers of another status
    server_errors: int = 0  # 5xx
    broken: int = 0  # connections
    latency_ms: dict[str, dict[str, float]] = field(default_factory=dict)  # by tag

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def run(
    server: Server,
    requests: list[Request],
    *,
    expected: str | set[str] = "200",
    seconds: float | None = 1,
    connections: int = CONNECTIONS,
    own_client: bool = False,
) -> Slice:
    """Send the requests in turn for so many seconds, from the first again after the last.

    Without `seconds` each is sent once, and the slice lasts until all are answered; that, and answers by
    tag, only our own client can do.
    """
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        path = Path(file.name)
        write(requests, path)
        cpu = server.cpu_seconds()
        if WRK and seconds is not None and not own_client:
            found = _run_wrk(server.port, path, seconds, connections)
        else:
            found = _run_client(server.port, path, seconds, connections)
        cpu = server.cpu_seconds() - cpu
    counts = Counter[str]()
    for by_status in found["statuses"].values():
        counts.update(by_status)
    good = sum(counts[status] for status in ({expected} if isinstance(expected, str) else expected))
    answers = sum(counts.values())
    return Slice(
        rate=good / found["seconds"],
        seconds=found["seconds"],
        cpu_ms=1000 * cpu / max(answers, 1),
        statuses=dict(counts),
        unexpected=answers - good,
        server_errors=sum(count for status, count in counts.items() if status.startswith("5")),
        broken=found["broken"],
        latency_ms=found["latency_ms"],
    )


def _run_wrk(port: int, path: Path, seconds: float, connections: int) -> dict[str, Any]:
    command = [WRK, "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "--timeout", "30s"]
    command += ["-s", str(ROOT / "benchmarks" / "wrk.lua"), f"http://127.0.0.1:{port}/", "--", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(output.split("RESULT ", 1)[1])
    latency = {"all": {"p50": found["p50"], "p99": found["p99"]}}
    return {**found, "statuses": {"all": found["statuses"]}, "latency_ms": latency}


def _run_client(port: int, path: Path, seconds: float | None, connections: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.client", str(path), str(port)]
    command += ["--connections", str(connections)]
    if seconds is not None:
        command += ["--seconds", str(seconds)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    return json.loads(output)
