"""Mixed traffic: nine reads to a booking, and the mix of BenchBase's SEATS (tickets of an airline)."""

import random
from collections.abc import Callable, Iterator
from itertools import islice

from benchmarks import load
from benchmarks.cinema import FIRST_USER, SEATS
from benchmarks.http import Request, request
from benchmarks.load import Slice
from benchmarks.stage import DJANGO, FASTAPI, OURS, Contender, Side, Stage, book

REQUESTS, SEATS_REQUESTS = 3000, 400
LAST_SEATS = range(200, SEATS + 1)  # of the spread shows: these are not sold from the front
# In percent. https://github.com/cmu-db/benchbase/blob/main/config/postgres/sample_seats_config.xml
SEATS_MIX = {
    "cancel a booking": 10,
    "find shows": 10,
    "find open seats": 35,
    "book a seat": 20,
    "update a customer": 10,
    "change a seat": 15,
}


def contenders(stage: Stage) -> Iterator[Contender]:
    for name in (OURS, FASTAPI, DJANGO):
        if side := stage.sides.get(name):
            run = lambda name=name, side=side: nine_reads(stage, name, side)  # noqa: E731
            yield Contender("mixed, 90 % reads", name, run)
    yield Contender("mixed, as SEATS", OURS, lambda: as_seats(stage))


def nine_reads(stage: Stage, name: str, side: Side) -> Slice:
    """Six lists of shows, three seat maps and a booking of ten requests, in any order."""
    seats = side.cinema.spread_seats()
    choice = random.Random(1)
    requests = []
    for kind in choice.choices(["list", "map", "book"], [6, 3, 1], k=REQUESTS):
        if kind == "list":
            requests.append(request("GET", "/api/shows/?upcoming=true", tag=kind))
        elif kind == "map":
            requests.append(seat_map(choice.choice(side.cinema.spread)))
        else:
            requests.append(book(*next(seats)))
    found = load.run(side.server, requests, expected={"200", "201"}, seconds=stage.seconds)
    return stage.note(name, found)


def seat_map(show: int, tag: str = "map") -> Request:
    return request("GET", f"/api/shows/{show}/seats/", tag=tag)


def as_seats(stage: Stage) -> Slice:
    """The product's part of each transaction of SEATS, each request once."""
    side, choice = stage.ours, random.Random()
    stock = iter(stock_of_bookings(stage))
    seats = side.cinema.spread_seats()

    def change() -> Request | None:
        if (found := next(stock, None)) is None:
            return None
        _, order, seat, user = found
        body = {"from": [seat], "to": [choice.choice(LAST_SEATS)]}
        return request(
            "POST",
            f"/api/orders/{order}/exchange/",
            tag="change a seat",
            token=stage.tokens[user],
            body=body,
        )

    def cancel() -> Request | None:
        if (found := next(stock, None)) is None:
            return None
        booking, _, _, user = found
        path = f"/api/bookings/{booking}/cancel/"
        return request("POST", path, tag="cancel a booking", token=stage.tokens[user], body={})

    def update() -> Request:
        name, token = f"Name {choice.randrange(10**6)}", choice.choice(stage.tokens)
        return request("PATCH", "/api/me/", tag="update a customer", token=token, body={"first_name": name})

    make: dict[str, Callable[[], Request | None]] = {
        "cancel a booking": cancel,
        "find shows": lambda: request(
            "GET", f"/api/shows/?upcoming=true&movie={choice.randint(1, 8)}", tag="find shows"
        ),
        "find open seats": lambda: seat_map(choice.choice(side.cinema.spread), "find open seats"),
        "book a seat": lambda: book(*next(seats), tag="book a seat"),
        "update a customer": update,
        "change a seat": change,
    }
    kinds = choice.choices(list(SEATS_MIX), list(SEATS_MIX.values()), k=SEATS_REQUESTS)
    requests = [found for kind in kinds if (found := make[kind]())]
    # A seat that somebody else has by now is refused; in SEATS, too, a part of the transactions ends so.
    found = load.run(side.server, requests, expected={"200", "201", "409"}, seconds=None)
    return stage.note(OURS, found)


def stock_of_bookings(stage: Stage) -> list[tuple[int, str, int, int]]:
    """Bookings of shows to come, to be cancelled or changed: id, order, seat, and which user."""
    side = stage.ours
    seats = list(islice(side.cinema.spread_seats(), SEATS_REQUESTS // 3))
    sold = load.run(side.server, [book(*seat) for seat in seats], expected="201", seconds=None)
    stage.note(OURS, sold)
    return stage.postgres.rows(
        side.cinema.database,
        "SELECT b.id, o.reference, b.seat_number, b.user_id - %s"
        " FROM bookings_booking b JOIN bookings_order o ON o.id = b.order_id"
        " WHERE b.status = 'BOOKED' AND b.show_id = ANY(%s) AND b.seat_number < %s"
        " ORDER BY random() LIMIT %s",
        [FIRST_USER, side.cinema.spread, LAST_SEATS.start, SEATS_REQUESTS // 3],
    )
