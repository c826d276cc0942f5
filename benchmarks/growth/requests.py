"""Times everyday requests, and asks PostgreSQL how it runs each of their statements."""

import http.cookiejar
import re
import statistics
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from benchmarks.cinema import PASSWORD, Cinema
from benchmarks.growth.plans import explain
from benchmarks.measures.round_trips import call
from benchmarks.postgres import Postgres
from benchmarks.servers import Server
from benchmarks.statements import Message

REPEATS = 7
SEAT = 271
USER = 5  # whose lists are read


class Staff:
    """A member of staff who is logged in to the Admin."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/admin/"
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)
        page = self.get("login/").decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        form = {"username": "staff", "password": PASSWORD, "csrfmiddlewaretoken": token, "next": "/admin/"}
        self.opener.open(f"{self.address}login/", urllib.parse.urlencode(form).encode()).close()

    def get(self, path: str) -> bytes:
        """Return the page. Raises RuntimeError if it asks to log in."""
        with self.opener.open(self.address + path) as response:
            if path != "login/" and "login" in response.url:
                raise RuntimeError("The Admin did not let staff in.")
            return response.read()


def measure_requests(postgres: Postgres, cinema: Cinema, server: Server) -> dict[str, Any]:
    """Return, by request, the median milliseconds until its answer and what its statements do."""
    token = cinema.tokens[USER]
    (show,) = cinema.new_shows(1)
    seats = iter(range(1, SEAT))

    def get(path: str) -> Any:
        return call(server.port, "GET", path, token)

    def book(seat: int | None = None) -> Any:
        body = {"seat_number": seat or next(seats)}
        buyer = cinema.tokens[body["seat_number"]]
        return call(server.port, "POST", f"/api/shows/{show}/book/", buyer, body)

    for _ in range(100):
        order = book()["order"]
    staff = Staff(server.port)
    requests: dict[str, Callable[[], Any]] = {
        "book a seat": book,
        "seat map": lambda: get(f"/api/shows/{show}/seats/"),
        "a user's bookings": lambda: get("/api/bookings/"),
        "a user's orders": lambda: get("/api/orders/"),
        "list of shows": lambda: get("/api/shows/?upcoming=true"),
        "Admin: bookings": lambda: staff.get("bookings/booking/"),
        "Admin: orders": lambda: staff.get("bookings/order/"),
        "Admin: bookings of a user name": lambda: staff.get(f"bookings/booking/?q=user{USER}"),
        "Admin: bookings of a reference": lambda: staff.get(f"bookings/booking/?q={order}"),
        "Admin: orders of a user name": lambda: staff.get(f"bookings/order/?q=user{USER}"),
        "Admin: orders of a reference": lambda: staff.get(f"bookings/order/?q={order}"),
    }
    found = {}
    for name, send in requests.items():
        milliseconds = [timed(send) for _ in range(REPEATS)]
        with postgres.listening(cinema.database) as messages:
            book(SEAT) if send is book else send()
        messages = largest(messages)
        if send is book:
            messages = [repeated(message) for message in messages]
        found[name] = {
            "ms": round(statistics.median(milliseconds), 2),
            "statements": explain(postgres, cinema.database, messages),
        }
    # So that the next size, too, begins with the same number of them.
    cinema.retire([show])
    return found


def timed(send: Callable[[], Any]) -> float:
    started = time.perf_counter()
    send()
    return 1000 * (time.perf_counter() - started)


def largest(messages: list[Message]) -> list[Message]:
    """The messages of the connection that sent most: others belong to the sweeper of expired holds."""
    by_process: dict[int, list[Message]] = {}
    for message in messages:
        by_process.setdefault(message.process, []).append(message)
    return max(by_process.values(), key=len, default=[])


def repeated(message: Message) -> Message:
    """The message of a booking for the next seat, as that of the first is taken by now."""
    text = re.sub(rf"(?<![\w.:-]){SEAT}(?![\w.:-])", str(SEAT + 1), message.text)
    return message._replace(text=re.sub(r"'[0-9A-HJKMNP-TV-Z]{10}'", "'BENCHMARKS'", text))
