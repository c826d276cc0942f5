"""Growth: what everyday requests cost at a thousand, a hundred thousand and ten million bookings."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks import servers
from benchmarks.cinema import Cinema, Ours, fill_product
from benchmarks.growth.fill import Filler
from benchmarks.growth.requests import measure_requests
from benchmarks.postgres import Postgres


def measure(sizes: Sequence[int]) -> dict[str, Any]:
    """Return, by size, what each request took and how PostgreSQL ran its statements."""
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        postgres = Postgres()
        stack.callback(postgres.close)
        tokens = fill_product(postgres, "growth")
        server = servers.product("growth", postgres.uri("growth"))
        stack.callback(server.stop)
        server.wait_until_up("/api/shows/?upcoming=true")
        cinema = Cinema(postgres, "growth", Ours(), tokens)
        filler = Filler(postgres, cinema, server)
        for size in sizes:
            print(f"Growing to {size:,} bookings …", file=sys.stderr, flush=True)
            seconds = filler.grow_to(size)
            found[str(size)] = {
                "filled_in_seconds": round(seconds, 1),
                "bytes": postgres.value("growth", "SELECT pg_database_size('growth')"),
                "requests": measure_requests(postgres, cinema, server),
            }
    return found
