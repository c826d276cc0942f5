"""Whether an account's owner gets in, and reads stay quick, while many guess its password.

python -m benchmarks.guessing [--guesses 10000] [--clients 50] [--accounts 1] [--redis URL]

Each client has an address of its own. Meanwhile the owner logs in from elsewhere each second, and others read
a list of shows and an unchanged seat map, each ten times a second. They did so before, with nobody guessing.
"""

import argparse
import asyncio
import statistics
import time
from collections import Counter
from contextlib import ExitStack

from benchmarks import servers
from benchmarks.cinema import fill_product
from benchmarks.http import request
from benchmarks.postgres import Postgres

OWNER, PASSWORD = "owner", "a password of the benchmark"
IDLE_SECONDS = 10
READS = {"list": "/api/shows/?upcoming=true", "unchanged map": "/api/shows/{show}/seats/"}


class Client:
    """One connection, from an address that a trusted proxy is said to have seen."""

    def __init__(self, port: int, address: str) -> None:
        self.port, self.address = port, address
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()

    async def __aenter__(self) -> "Client":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.writer.close()

    async def send(self, method: str, path: str, **more: object) -> None:
        raw = request(method, path, X_Forwarded_For=self.address, **more).raw
        started = time.perf_counter()
        self.writer.write(raw.encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        if "content-length: " in head:
            await self.reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
        self.seconds.append(time.perf_counter() - started)
        self.statuses[int(head[9:12])] += 1

    async def log_in(self, username: str, password: str) -> None:
        await self.send("POST", "/api/login/", body={"username": username, "password": password})


async def at_rate(
    client: Client, seconds: float, until: asyncio.Event, *what: object, **more: object
) -> None:
    """Send the same again and again, at that interval if answers come in time."""
    async with client:
        while not until.is_set():
            pause = asyncio.create_task(asyncio.sleep(seconds))
            await client.send(*what, **more)
            await pause


def readers(port: int, show: int, until: asyncio.Event) -> tuple[dict[str, Client], list[asyncio.Task[None]]]:
    clients = {name: Client(port, f"198.51.100.{place}") for place, name in enumerate(READS)}
    return clients, [
        asyncio.create_task(
            at_rate(clients[name], 0.1, until, "GET", path.format(show=show), If_None_Match="*")
        )
        for name, path in READS.items()
    ]


async def measure(server: servers.Server, show: int, options: argparse.Namespace) -> None:
    port = server.port
    until = asyncio.Event()
    idle, tasks = readers(port, show, until)
    await asyncio.sleep(IDLE_SECONDS)
    until.set()
    await asyncio.gather(*tasks)

    until = asyncio.Event()
    busy, tasks = readers(port, show, until)
    owner = Client(port, "203.0.113.1")
    body = {"username": OWNER, "password": PASSWORD}
    tasks.append(asyncio.create_task(at_rate(owner, 1, until, "POST", "/api/login/", body=body)))
    guesses = iter(range(options.guesses))
    guessers = [Client(port, f"192.0.2.{number}") for number in range(1, options.clients + 1)]

    async def guess(client: Client) -> None:
        async with client:
            for number in guesses:
                other = number % options.accounts
                await client.log_in(f"{OWNER}{other or ''}", f"guess {number}")

    started, cpu = time.perf_counter(), server.cpu_seconds()
    await asyncio.gather(*map(guess, guessers))
    took, cpu = time.perf_counter() - started, server.cpu_seconds() - cpu
    until.set()
    await asyncio.gather(*tasks)
    statuses = sum((client.statuses for client in guessers), Counter())
    print(f"{options.guesses} guesses in {took:.1f} s, {options.guesses / took:.0f}/s: {dict(statuses)}")
    print(f"CPU of the server: {cpu:.1f} s, reads and the owner's log-ins too")
    print(f"the owner: {dict(owner.statuses)}, median {statistics.median(owner.seconds) * 1000:.0f} ms")
    print("| read | idle ms: median, 95 % | while guessed at | ÷ idle | statuses |\n|---|---|---|---|---|")
    for name in READS:
        before, during = (quantiles(clients[name].seconds) for clients in (idle, busy))
        ratios = [after / first for first, after in zip(before, during, strict=True)]
        columns = [" ".join(f"{value:.1f}" for value in each) for each in (before, during)]
        columns += [" ".join(f"{ratio:.2f}" for ratio in ratios), str(dict(busy[name].statuses))]
        print(f"| {name} | {' | '.join(columns)} |")


def quantiles(seconds: list[float]) -> tuple[float, float]:
    """Return the median and the 95th of a hundred, in milliseconds."""
    return statistics.median(seconds) * 1000, statistics.quantiles(seconds, n=20)[-1] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--guesses", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--accounts", type=int, default=1)
    parser.add_argument("--redis", default="")
    options = parser.parse_args()
    with ExitStack() as stack:
        postgres = Postgres()
        stack.callback(postgres.close)
        fill_product(postgres, "product")
        limits = {"THROTTLE": "on", "TRUSTED_PROXIES": "1", "REDIS_URL": options.redis}
        server = servers.product("product", postgres.uri("product"), **limits)
        stack.callback(server.stop)
        server.wait_until_up("/api/movies/")
        asyncio.run(sign_up(server.port))
        show = postgres.value("product", "SELECT min(id) FROM movies_show")
        asyncio.run(measure(server, show, options))


async def sign_up(port: int) -> None:
    async with Client(port, "203.0.113.1") as client:
        body = {"username": OWNER, "email": "owner@example.com", "password": PASSWORD}
        await client.send("POST", "/api/signup/", body=body)
        assert client.statuses == {201: 1}


if __name__ == "__main__":
    main()
