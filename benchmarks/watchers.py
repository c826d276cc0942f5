"""What it costs to tell 500 clients which seats of one show are taken: by polling, and by a stream of events.

python -m benchmarks.watchers [--watchers 500] [--seconds 20] [--rounds 3]

Pollers ask each five seconds, with `If-None-Match`. Told is the CPU time of the server, in milliseconds a
second, less that of the same changes with nobody watching: medians of the rounds.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from benchmarks.stage import Side, open_stage

POLL_SECONDS = 5
SETTLE_SECONDS = 6  # until all have asked once
CHANGES_A_SECOND = (0, 0.4, 4)


@dataclass
class Watched:
    """A show, and how often watchers have been told of its seats."""

    port: int
    path: str
    told: int = 0

    async def ask(self, part: str, more: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.send(writer, part, more)
        return reader, writer

    def send(self, writer: asyncio.StreamWriter, part: str, more: str = "") -> None:
        writer.write(f"GET {self.path}{part} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}\r\n".encode())

    async def poll(self) -> None:
        await asyncio.sleep(random.random() * POLL_SECONDS)
        reader, writer = await self.ask("availability/")
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            headers = dict(
                line.split(": ", 1) for line in head.decode().lower().split("\r\n") if ": " in line
            )
            if length := int(headers.get("content-length", 0)):
                await reader.readexactly(length)
                self.told += 1
            await asyncio.sleep(POLL_SECONDS)
            self.send(writer, "availability/", f"If-None-Match: {headers['etag']}\r\n")

    async def stream(self) -> None:
        reader, _ = await self.ask("stream/")
        while line := await reader.readline():
            self.told += line.startswith(b"data: ")


async def change_seats(side: Side, show: int, rate: float) -> None:
    """Hold a seat and let it go, each a change, so often a second."""
    token = random.choice(side.cinema.tokens)  # one who has no holds of another run
    headers = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", side.server.port)

    async def post(path: str, body: str) -> str:
        writer.write(
            f"POST /api/{path} HTTP/1.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        answer = (await reader.readexactly(length)).decode()
        if " 20" not in head[:13]:
            raise RuntimeError(f"{path}: {head}{answer}")
        return answer

    while rate:
        held = await post("orders/", f'{{"show": {show}, "seat_numbers": [7]}}')
        await asyncio.sleep(1 / rate)
        await post(f"orders/{held.split('reference')[1][3:13]}/cancel/", "{}")
        await asyncio.sleep(1 / rate)


async def measure(
    side: Side, rate: float, watch: Callable[[Watched], Awaitable[None]] | None, watchers: int, seconds: float
) -> tuple[float, float]:
    """Return milliseconds of CPU a second, and how many were told a second."""
    (show,) = side.cinema.new_shows(1)
    watched = Watched(side.server.port, f"/api/shows/{show}/seats/")
    tasks = [asyncio.create_task(watch(watched)) for _ in range(watchers if watch else 0)]
    tasks.append(asyncio.create_task(change_seats(side, show, rate)))
    await asyncio.sleep(SETTLE_SECONDS)
    started, cpu, told = time.monotonic(), side.server.cpu_seconds(), watched.told
    await asyncio.sleep(seconds)
    took = time.monotonic() - started
    result = (side.server.cpu_seconds() - cpu) * 1000 / took, (watched.told - told) / took
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--watchers", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ways = {"nobody": None, "polling": Watched.poll, "stream": Watched.stream}
    found = defaultdict(list)
    with ExitStack() as stack:
        side = open_stage(stack, peers=()).ours
        for _ in range(options.rounds):
            for rate in CHANGES_A_SECOND:
                for name, watch in ways.items():
                    run = partial(measure, side, rate, watch, options.watchers, options.seconds)
                    found[rate, name].append(asyncio.run(run()))
    print("| changes/s | by | told/s | CPU ms/s | ÷ polling |\n|---|---|---|---|---|")
    for rate in CHANGES_A_SECOND:
        cpu, told = (
            {name: statistics.median(each[place] for each in found[rate, name]) for name in ways}
            for place in (0, 1)
        )
        for name in ("polling", "stream"):
            more = cpu[name] - cpu["nobody"]
            share = more / (cpu["polling"] - cpu["nobody"])
            print(f"| {rate} | {name} | {told[name]:.0f} | {more:.0f} | {share:.2f} |")


if __name__ == "__main__":
    main()
