"""Reads: the list of upcoming shows, the seat map of 300 seats whole and unchanged (304), and logging in."""

import urllib.request
from collections.abc import Iterator

from benchmarks import load
from benchmarks.cinema import PASSWORD, SEATS
from benchmarks.http import Request, request
from benchmarks.measures.bookings import in_turn
from benchmarks.stage import DJANGO, FASTAPI, OURS, Contender, Side, Stage

TAKEN = SEATS // 3
LOGINS = 200
UNCHANGED = "ours, unchanged (304)"


def contenders(stage: Stage) -> Iterator[Contender]:
    shows = [request("GET", "/api/shows/?upcoming=true")]
    logins = [
        request("POST", "/api/login/", body={"username": f"user{number}", "password": PASSWORD})
        for number in range(LOGINS)
    ]

    def reading(
        measure: str, name: str, requests: list[Request], expected: str = "200", label: str = ""
    ) -> Contender:
        server = stage.sides[name].server
        return Contender(
            measure,
            label or name,
            lambda: load.run(server, requests, expected=expected, seconds=stage.seconds),
        )

    for name in (OURS, FASTAPI, DJANGO):
        if name not in stage.sides:
            continue
        path = partly_sold(stage.sides[name])
        yield reading("show list", name, shows)
        yield reading("seat map", name, [request("GET", path)])
        if name != DJANGO:
            yield reading("log-in", name, logins)
        if name == OURS:
            unchanged = request("GET", path, If_None_Match=etag(stage.ours, path))
            yield reading("seat map", name, [unchanged], "304", label=UNCHANGED)


def partly_sold(side: Side) -> str:
    """The path of the seat map of a new show, of which a third is sold."""
    (show,) = side.cinema.new_shows(1)
    load.run(side.server, list(in_turn(show, side.cinema.tokens, TAKEN)), expected="201", seconds=None)
    return f"/api/shows/{show}/seats/"


def etag(side: Side, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{side.server.port}{path}") as response:
        return response.headers["ETag"]
