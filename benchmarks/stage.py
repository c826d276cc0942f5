"""Everything that runs while the suite measures: PostgreSQL, the servers, and the data of each."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import servers
from benchmarks.cinema import Cinema, Ours, Theirs, fill_product, fill_yardstick
from benchmarks.http import request
from benchmarks.load import Slice
from benchmarks.postgres import Postgres
from benchmarks.servers import Server

# How the contenders are called in results.
OURS = "ours"
FASTAPI = "FastAPI"
ONE_STATEMENT = "FastAPI, one statement"
DJANGO = "plain Django"
PGBENCH = "pgbench, our statements"
PEERS = (FASTAPI, ONE_STATEMENT, DJANGO)


@dataclass
class Side:
    """A server with its data."""

    server: Server
    cinema: Cinema


@dataclass
class Stage:
    postgres: Postgres
    folder: Path
    tokens: list[str]
    sides: dict[str, Side]
    pgbench: Cinema
    seconds: float = 1.0
    sold: Counter[str] = field(default_factory=Counter)  # acknowledged bookings, by side

    @property
    def ours(self) -> Side:
        return self.sides[OURS]

    def note(self, name: str, found: Slice) -> Slice:
        """Count what was acknowledged as booked, to be compared with the rows of the database."""
        self.sold[name] += found.statuses.get("201", 0)
        return found


@dataclass(frozen=True)
class Contender:
    """One way to do what a measure asks for."""

    measure: str
    name: str
    run: Callable[[], Slice]
    every: int = 1  # only in every so many rounds: it takes long


def open_stage(stack: ExitStack, *, peers: Iterable[str] = PEERS) -> Stage:
    """Start everything, and stop it when the stack is closed."""
    postgres = Postgres()
    stack.callback(postgres.close)
    tokens = fill_product(postgres, "product")
    postgres.create("pgbench", copy_of="product")
    starters = {
        OURS: lambda name: servers.product(name, postgres.uri(name)),
        FASTAPI: lambda name: servers.fastapi(name, postgres.uri(name)),
        ONE_STATEMENT: lambda name: servers.fastapi(name, postgres.uri(name), one_statement=True),
        DJANGO: lambda name: servers.django(name, postgres.uri(name)),
    }
    databases = {OURS: "product", FASTAPI: "fastapi", ONE_STATEMENT: "fastapi_one", DJANGO: "django"}
    sides = {}
    for name in (OURS, *peers):
        database = databases[name]
        if name != OURS:
            fill_yardstick(postgres, database, "product")
        server = starters[name](database)
        stack.callback(server.stop)
        cinema = Cinema(postgres, database, Ours() if name == OURS else Theirs(), tokens)
        sides[name] = Side(server, cinema)
    for side in sides.values():
        side.server.wait_until_up("/api/shows/?upcoming=true")
    folder = Path(stack.enter_context(TemporaryDirectory()))
    return Stage(postgres, folder, tokens, sides, Cinema(postgres, "pgbench", Ours(), tokens))


def book(show: int, seat: int, token: str, *, tag: str = "book", **headers: str):
    """The request of a booking, the same for every server."""
    path = f"/api/shows/{show}/book/"
    return request("POST", path, tag=tag, token=token, body={"seat_number": seat}, **headers)
