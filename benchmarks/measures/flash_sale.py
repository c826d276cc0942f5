"""A flash sale: 1,500 buyers on 200 connections for the 300 seats of one show, until all are answered."""

import random
from collections.abc import Iterator

from benchmarks import load
from benchmarks.cinema import SEATS
from benchmarks.load import Slice
from benchmarks.stage import FASTAPI, ONE_STATEMENT, OURS, Contender, Side, Stage, book

BUYERS, CONNECTIONS, EVERY = 1500, 200, 3


def contenders(stage: Stage) -> Iterator[Contender]:
    for name in (OURS, FASTAPI, ONE_STATEMENT):
        if side := stage.sides.get(name):
            run = lambda name=name, side=side: sale(stage, name, side)  # noqa: E731
            yield Contender("flash sale", name, run, every=EVERY)


def sale(stage: Stage, name: str, side: Side) -> Slice:
    """Each buyer asks once for a seat of their choice. Each seat must go to one of them.

    Raises RuntimeError if not every seat was sold once and everyone else refused.
    """
    (show,) = side.cinema.new_shows(1)
    choice = random.Random(show)
    seats = [*range(1, SEATS + 1), *choice.choices(range(1, SEATS + 1), k=BUYERS - SEATS)]
    choice.shuffle(seats)
    requests = [
        book(show, seat, stage.tokens[number % len(stage.tokens)]) for number, seat in enumerate(seats)
    ]
    found = load.run(side.server, requests, expected={"201", "409"}, seconds=None, connections=CONNECTIONS)
    side.cinema.retire([show])
    if found.unexpected == found.broken == 0 and found.statuses.get("201") != SEATS:
        raise RuntimeError(f"{name} sold {found.statuses} of {SEATS} seats.")
    return stage.note(name, found)
