"""What holding two seats, and confirming them, costs the server beside a booking by `book/`."""

from collections.abc import Iterator

from benchmarks import load
from benchmarks.cinema import FIRST_USER
from benchmarks.http import request
from benchmarks.load import Slice
from benchmarks.stage import OURS, Contender, Stage

ORDERS = 150  # of two seats, so all seats of a show


def contenders(stage: Stage) -> Iterator[Contender]:
    held: list[tuple[str, str]] = []  # references, with the token of their customer
    yield Contender("hold two seats", OURS, lambda: hold(stage, held))
    yield Contender("confirm an order", OURS, lambda: confirm(stage, held))


def hold(stage: Stage, held: list[tuple[str, str]]) -> Slice:
    (show,) = stage.ours.cinema.new_shows(1)
    requests = [
        request(
            "POST",
            "/api/orders/",
            token=stage.tokens[number],
            body={"show": show, "seat_numbers": [2 * number + 1, 2 * number + 2]},
        )
        for number in range(ORDERS)
    ]
    found = load.run(stage.ours.server, requests, expected="201", seconds=None)
    rows = stage.postgres.rows(
        stage.ours.cinema.database,
        "SELECT reference, user_id - %s FROM bookings_order WHERE show_id = %s",
        [FIRST_USER, show],
    )
    held += [(reference, stage.tokens[number]) for reference, number in rows]
    return found


def confirm(stage: Stage, held: list[tuple[str, str]]) -> Slice:
    """Confirm what the slice before has held. Where none has, one does now."""
    if not held:
        hold(stage, held)
    requests = [
        request("POST", f"/api/orders/{reference}/confirm/", token=token, body={})
        for reference, token in held
    ]
    held.clear()
    return load.run(stage.ours.server, requests, seconds=None)
