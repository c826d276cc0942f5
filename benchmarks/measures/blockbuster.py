"""The morning of a blockbuster: everyone polls the seat map, few buy, many send their order again.

Polls carry the ETag that the client was told last. Who buys sends an Idempotency-Key, and two of three
repeat the request with it, as a client does whose answer was lost: the repeats get the same answer.
"""

import random
from collections.abc import Iterator

from benchmarks import load
from benchmarks.http import ETAG, Request, request
from benchmarks.load import Slice
from benchmarks.stage import OURS, Contender, Stage, book

CLIENTS, BUYERS, POLLS, EVERY = 50, 30, 60, 3  # polls to a buyer


def contenders(stage: Stage) -> Iterator[Contender]:
    yield Contender("blockbuster morning", OURS, lambda: morning(stage), every=EVERY)


def morning(stage: Stage) -> Slice:
    """Until all are answered. Raises RuntimeError unless each buyer got one seat."""
    (show,) = stage.ours.cinema.new_shows(1)
    choice = random.Random(show)
    poll = request("GET", f"/api/shows/{show}/seats/", tag="poll", If_None_Match=ETAG)
    requests: list[Request] = []
    for buyer in range(BUYERS):
        key = {"Idempotency_Key": f"blockbuster-{show}-{buyer}"}
        buy = book(show, 3 * buyer + 1, stage.tokens[buyer], tag="buy", **key)
        group = [buy, *[poll] * POLLS]
        choice.shuffle(group)
        requests += group
        requests += [buy._replace(tag="repeat")] * (buyer % 3)
    found = load.run(
        stage.ours.server,
        requests,
        expected={"200", "201", "304"},
        seconds=None,
        connections=CLIENTS,
    )
    sold = stage.postgres.value(
        stage.ours.cinema.database, "SELECT count(*) FROM bookings_booking WHERE show_id = %s", [show]
    )
    if found.unexpected == found.broken == 0 and sold != BUYERS:
        raise RuntimeError(f"{BUYERS} buyers have {sold} seats.")
    stage.ours.cinema.retire([show])
    return found
