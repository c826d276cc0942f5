"""A load generator of few parts, as a process of its own: kept connections, one request at a time on each.

    python -m benchmarks.client FILE PORT --connections 16 --seconds 1
    python -m benchmarks.client FILE PORT --connections 200    # each request once, until all are answered

Prints JSON: seconds, answers by tag and status, percentiles of their latency, connections that broke.
"""

import argparse
import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from benchmarks.http import ETAG, Request, read

PERCENTILES = (50, 90, 99, 100)
WITHOUT_BODY = ("204", "304")


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, load: "Load") -> None:
        self.load, self.etag = load, '"none"'
        self.received = bytearray()
        self.sent: tuple[Request, float] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send_next()

    def send_next(self) -> None:
        request = self.load.next_request()
        if request is None:
            self.sent = None
            self.load.one_less()
            self.transport.close()
            return
        self.sent = request, time.perf_counter()
        self.transport.write(request.raw.replace(ETAG, self.etag).encode())

    def data_received(self, data: bytes) -> None:
        self.received += data
        answer = whole_answer(self.received)
        if answer is None or self.sent is None:
            return
        status, headers, length = answer
        del self.received[:length]
        self.etag = headers.get("etag", self.etag)
        request, sent_at = self.sent
        self.load.answered(request.tag, status, time.perf_counter() - sent_at)
        if headers.get("connection", "").lower() == "close":
            self.sent = None
            self.transport.close()
            self.load.connect()
        else:
            self.send_next()

    def connection_lost(self, error: Exception | None) -> None:
        if self.sent:  # without an answer
            self.load.broken += 1
            self.load.connect()


def whole_answer(received: bytearray) -> tuple[str, dict[str, str], int] | None:
    """Return status, headers and length of the first answer, once all of it is there."""
    head_ends = received.find(b"\r\n\r\n")
    if head_ends < 0:
        return None
    first, *lines = received[:head_ends].decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status, start = first.split(" ", 2)[1], head_ends + 4
    if status in WITHOUT_BODY:
        return status, headers, start
    if "content-length" in headers:
        end = start + int(headers["content-length"])
    else:  # in chunks, the last of which is empty
        last = received.find(b"0\r\n\r\n", start)
        end = last + 5 if last >= 0 else len(received) + 1
    return (status, headers, end) if len(received) >= end else None


class Load:
    def __init__(self, requests: list[Request], port: int, connections: int, seconds: float | None) -> None:
        self.port, self.connections, self.seconds = port, connections, seconds
        self.requests: Iterator[Request] = iter(requests) if seconds is None else cycle(requests)
        self.statuses: dict[str, Counter[str]] = defaultdict(Counter)
        self.latencies: dict[str, list[float]] = defaultdict(list)
        self.broken = 0
        self.deadline = float("inf")

    def next_request(self) -> Request | None:
        return next(self.requests, None) if time.perf_counter() < self.deadline else None

    def answered(self, tag: str, status: str, seconds: float) -> None:
        self.statuses[tag][status] += 1
        self.latencies[tag].append(1000 * seconds)

    def connect(self) -> None:
        coroutine = self.loop.create_connection(lambda: Connection(self), "127.0.0.1", self.port)
        task = self.loop.create_task(coroutine)
        self.opening.add(task)
        task.add_done_callback(self.opened)

    def opened(self, task: asyncio.Task) -> None:
        self.opening.discard(task)
        if task.exception():
            self.broken += 1
            self.one_less()

    def one_less(self) -> None:
        self.open -= 1
        if self.open == 0:
            self.finished.set()

    async def run(self) -> dict:
        self.loop, self.finished, self.opening = asyncio.get_running_loop(), asyncio.Event(), set()
        self.open = self.connections
        started = time.perf_counter()
        if self.seconds is not None:
            self.deadline = started + self.seconds
        for _ in range(self.connections):
            self.connect()
        await self.finished.wait()
        return {
            "seconds": time.perf_counter() - started,
            "statuses": self.statuses,
            "latency_ms": {tag: percentiles(times) for tag, times in self.latencies.items()},
            "broken": self.broken,
        }


def percentiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {f"p{each}": round(ordered[(len(ordered) - 1) * each // 100], 2) for each in PERCENTILES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float)
    options = parser.parse_args()
    load = Load(read(options.file), options.port, options.connections, options.seconds)
    print(json.dumps(asyncio.run(load.run())))


if __name__ == "__main__":
    main()
