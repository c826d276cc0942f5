"""Buyers who keep buying, each over a connection of its own, and who write down what they are told.

Each seat is wanted by two at once, so half of them are told that it is taken. What fails is sent again
with the same Idempotency-Key, after as many seconds as the answer asks for, until it is known what became
of it.
"""

import json
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection, HTTPException
from itertools import count
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, NamedTuple

from drills.processes import HOST, wait_until
from drills.record import Answer, Sale, Seat

BUYERS, READERS = 40, 4
PAUSE_SECONDS = 1.0  # of a buyer between two wishes: together they have some 40 a second
READER_PAUSE_SECONDS = 0.2
RETRY_SECONDS = 0.25  # where no answer says when to come back
PATIENCE = 30.0  # seconds that a client waits for an answer; the server promises one within 20


class Buyer(NamedTuple):
    user: int
    token: str


class Wish(NamedTuple):
    """A seat that somebody wants, and the key of the request for it."""

    seat: Seat
    buyer: Buyer
    key: str


class Seats:
    """What is still to be asked for: a seat of each show, then the next one of each, each for two buyers."""

    def __init__(self, shows: Sequence[int], seats: int, buyers: Sequence[Buyer], *, run: str) -> None:
        self.shows = shows
        self._lock = Lock()
        self._wishes = self._make(shows, seats, buyers, run)

    @staticmethod
    def _make(shows: Sequence[int], seats: int, buyers: Sequence[Buyer], run: str) -> Iterator[Wish]:
        number = count()
        for seat in range(1, seats + 1):
            for show in shows:
                for _ in range(2):
                    turn = next(number)
                    yield Wish((show, seat), buyers[turn % len(buyers)], f"{run}-{turn}")

    def next_wish(self) -> Wish:
        with self._lock:
            return next(self._wishes)


class Load:
    """A context: buyers and readers who send to this port until it ends."""

    def __init__(self, port: int, seats: Seats) -> None:
        self.port, self.seats = port, seats
        self.answers: list[Answer] = []
        self.sales: list[Sale] = []
        self._ending, self._give_up = Event(), float("inf")
        self._threads = [Thread(target=self._buy, daemon=True) for _ in range(BUYERS)]
        self._threads += [Thread(target=self._read, daemon=True, args=(n,)) for n in range(READERS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
            time.sleep(PAUSE_SECONDS / len(self._threads))  # so that they take turns
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        """Wait for the answers that are due. If the drill failed, nobody waits for them."""
        self._give_up = time.monotonic() + PATIENCE
        self._ending.set()
        if kind is None:
            for thread in self._threads:
                thread.join(3 * PATIENCE)

    def wait_for_sales(self, *, after: float, seconds: float, number: int = 20) -> None:
        """Return once so many bookings were asked for and sold after that moment. Raises DidNotHappen."""
        wait_until(
            lambda: sum(sale.at > after for sale in self.sales[-2 * number :]) >= number,
            "the return of bookings",
            seconds,
        )

    def leave_out(self, after: float, until: float) -> int:
        """Forget what was sold in between, as a back-up cannot have it. Returns how many these were."""
        kept = [sale for sale in self.sales if not after < sale.at <= until]
        beyond = len(self.sales) - len(kept)
        self.sales[:] = kept
        return beyond

    def sold_at(self) -> list[float]:
        return [sale.at for sale in list(self.sales)]

    def read_at(self) -> list[float]:
        return [
            answer.at for answer in list(self.answers) if answer.kind == "read" and answer.status == "200"
        ]

    def _buy(self) -> None:
        client = Client(self.port)
        while not self._ending.is_set():
            self._get(client, self.seats.next_wish())
            self._ending.wait(PAUSE_SECONDS)

    def _get(self, client: "Client", wish: Wish) -> None:
        """Ask for a seat until it is known whose it is; after the end only for a while."""
        show, number = wish.seat
        headers = {"Authorization": f"Bearer {wish.buyer.token}", "Idempotency-Key": wish.key}
        while True:
            answer, body, pause = client.ask(
                "POST", f"/api/shows/{show}/book/", {"seat_number": number}, headers
            )
            self.answers.append(answer)
            if answer.status == "201":
                sale = Sale(answer.at, body["id"], body["order"], wish.seat, wish.buyer.user)
                self.sales.append(sale)
            if is_final(answer) or time.monotonic() > self._give_up:
                return
            time.sleep(pause)

    def _read(self, number: int) -> None:
        client = Client(self.port)
        for turn in count(number):
            show = self.seats.shows[turn % len(self.seats.shows)]
            answer, _, pause = client.ask("GET", f"/api/shows/{show}/seats/", None, {})
            self.answers.append(answer)
            if self._ending.wait(READER_PAUSE_SECONDS if answer.status == "200" else pause):
                return


def is_final(answer: Answer) -> bool:
    """Whether the same request would get the same answer."""
    return answer.status == "201" or (answer.status.startswith("4") and answer.code != "in_progress")


class Client:
    """A connection that is kept, and opened again when it broke."""

    def __init__(self, port: int) -> None:
        self.http = HTTPConnection(HOST, port, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: object, headers: dict[str, str]) -> tuple[Answer, Any, float]:
        """Return the answer, its body, and after how many seconds it may be asked again."""
        kind = "book" if method == "POST" else "read"
        try:
            if self.http.sock is None:
                self.http.connect()
        except OSError:
            self.http.close()
            return Answer(time.monotonic(), kind, "no connection"), None, RETRY_SECONDS
        try:
            sent = json.dumps(body) if body else None
            self.http.request(method, path, sent, {"Content-Type": "application/json", **headers})
            response = self.http.getresponse()
            content = response.read()
        except (OSError, HTTPException):
            self.http.close()
            return Answer(time.monotonic(), kind, "cut"), None, RETRY_SECONDS
        is_json = "json" in response.headers.get("Content-Type", "")
        told = json.loads(content) if is_json else {}
        code = "" if response.status < 400 else str(told.get("code", "proxy"))
        pause = float(response.headers.get("Retry-After", RETRY_SECONDS))
        return Answer(time.monotonic(), kind, str(response.status), code), told, pause
