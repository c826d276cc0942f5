"""Round trips to the database: what one request sends, authentication included, from PostgreSQL's own log."""

import json
import urllib.request
from typing import Any, NamedTuple

from benchmarks.cinema import FIRST_USER
from benchmarks.stage import Stage
from benchmarks.statements import Message, of_request, pgbench_script, verbs

SEAT = 271  # no other number in a statement


class Captured(NamedTuple):
    """The messages of one `book/`, and what stands for show, seat, user and reference in them."""

    messages: list[Message]
    variables: dict[str, int | str]

    def script(self, header: str) -> str:
        """A script of pgbench that sends the same. The header sets the variables."""
        return pgbench_script(self.messages, self.variables, header)


def call(port: int, method: str, path: str, token: str, body: Any = None) -> Any:
    """Return the JSON of an answer. Raises HTTPError."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read() or "null")


def capture(stage: Stage) -> Captured:
    """Book a seat, and return what the service sent for it once it was warm."""
    side = stage.ours
    (show,) = side.cinema.new_shows(1)

    def book(seat: int) -> Any:
        return call(
            side.server.port, "POST", f"/api/shows/{show}/book/", stage.tokens[0], {"seat_number": seat}
        )

    for seat in range(1, 9):
        book(seat)
    with stage.postgres.listening(side.cinema.database) as messages:
        booking = book(SEAT)
    side.cinema.retire([show])
    variables = {"reference": booking["order"], "user": FIRST_USER, "show": show, "seat": SEAT}
    return Captured(of_request(messages, [FIRST_USER, show]), variables)


def count_round_trips(stage: Stage) -> dict[str, list[str]]:
    """Return the messages that some requests take, by the verbs of their statements."""
    side, token = stage.ours, stage.tokens[1]
    (show,) = side.cinema.new_shows(1)
    marks = [FIRST_USER + 1, show]

    def of(method: str, path: str, body: Any = None) -> tuple[list[str], Any]:
        with stage.postgres.listening(side.cinema.database) as messages:
            answer = call(side.server.port, method, path, token, body)
        return verbs(of_request(messages, marks)), answer

    hold, order = of("POST", "/api/orders/", {"show": show, "seat_numbers": [1, 2]})
    confirm, _ = of("POST", f"/api/orders/{order['reference']}/confirm/", {})
    captured = capture(stage)
    seat_map, _ = of("GET", f"/api/shows/{show}/seats/")
    side.cinema.retire([show])
    return {
        "book": verbs(captured.messages),
        "hold two seats": hold,
        "confirm": confirm,
        "seat map": seat_map,
    }
