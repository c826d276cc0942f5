"""A real server that is killed, clients that hang up, and connections that the database ends.

Whatever is lost on the way, a client that sends a request again with its Idempotency-Key has its seats once.
"""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from threading import Event
from typing import NamedTuple

import pytest
from django.db import connection, transaction

from accounts.tests.factories import make_user
from bookings.models import Booking, IdempotencyKey
from bookings.tests.history import assert_history_consistent
from movie_booking.tests.server import (
    PATIENCE,
    Server,
    call,
    headers_for,
    is_show_lock_awaited,
    other_connections,
    wait_until,
)
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = [pytest.mark.kills_servers, pytest.mark.usefixtures("real_transactions")]

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def server_process(django_db_setup, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server") / "log")
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def server(server_process):
    if server_process.process is None:
        server_process.start()
    yield server_process
    if connection.vendor == "postgresql":
        wait_until(database_is_idle)  # the tables are about to be emptied


# --- Looking at the database, and what clients ask for -----------------------------------------


def end_all_other_connections():
    other_connections(select="count(pg_terminate_backend(pid))")


def database_is_idle():
    return not other_connections("state <> 'idle'")


class Purchase(NamedTuple):
    """A request of a user, with its key: sent again, it is the same."""

    user: object
    path: str
    body: dict
    key: str

    def send(self, server):
        return call(server, "POST", self.path, self.body, self.user, self.key)

    def send_or_give_up(self, server):
        with suppress(OSError, HTTPException):
            return self.send(server)
        return None


def book(show, seat):
    return Purchase(make_user(), f"/api/shows/{show.pk}/book/", {"seat_number": seat}, f"book-{seat}")


def purchases_of(show, users, each):
    """Some single seats and some pairs for every user, all different."""
    purchases = []
    seats = iter(range(1, show.total_seats + 1))
    for user in [make_user() for _ in range(users)]:
        for number in range(each):
            if number % 2:
                body = {"show": show.pk, "seat_numbers": [next(seats), next(seats)]}
                purchases.append(Purchase(user, "/api/orders/", body, f"key-{number}"))
            else:
                body = {"seat_number": next(seats)}
                purchases.append(Purchase(user, f"/api/shows/{show.pk}/book/", body, f"key-{number}"))
    return purchases


def seats_in(answer):
    return [b["seat_number"] for b in answer.body.get("bookings", [answer.body])]


def seats_of(purchase):
    return purchase.body.get("seat_numbers") or [purchase.body["seat_number"]]


def assert_all_were_served_once(purchases):
    expected = sorted((one.user.pk, seat) for one in purchases for seat in seats_of(one))
    assert sorted(Booking.objects.values_list("user", "seat_number")) == expected
    assert Show.objects.get().live_seats == len(expected)
    assert_history_consistent()


@contextmanager
def in_background(call, many):
    """Call it for each of many, a few at a time; give a list of futures, and end before going on."""
    with ThreadPoolExecutor(8) as pool:
        yield [pool.submit(call, one) for one in many]


# --- The server dies ---------------------------------------------------------------------------


@pytest.mark.postgres
def test_killed_before_it_wrote_anything_the_server_leaves_nothing_behind(server):
    """It has taken note of the key and waits for the show. The retry is the first to book."""
    show = make_show()
    purchases = [book(show, seat) for seat in (1, 2, 3)]
    with transaction.atomic():
        Show.objects.lock(show.pk)
        with in_background(lambda one: one.send_or_give_up(server), purchases) as answers:
            wait_until(is_show_lock_awaited)
            server.kill()
        assert [answer.result() for answer in answers] == [None] * 3
    wait_until(lambda: not other_connections())
    assert (Booking.objects.count(), IdempotencyKey.objects.count()) == (0, 0)

    server.start()
    retried = [one.send(server) for one in purchases]

    assert [(answer.status, answer.replayed) for answer in retried] == [(201, None)] * 3
    assert_all_were_served_once(purchases)


@contextmanager
def slow_commits():
    """Every transaction that books something takes a second to commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION take_your_time() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$"
        )
        cursor.execute(
            "CREATE CONSTRAINT TRIGGER take_your_time AFTER INSERT ON bookings_booking"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION take_your_time()"
        )
        try:
            yield
        finally:
            cursor.execute("DROP FUNCTION take_your_time CASCADE")


@pytest.mark.postgres
def test_killed_when_all_is_written_and_nothing_answered_the_retry_gets_that_booking(server):
    purchase = book(make_show(), 5)
    with slow_commits():
        with in_background(lambda one: one.send_or_give_up(server), [purchase]) as [answer]:
            wait_until(lambda: other_connections("wait_event = 'PgSleep'"))  # which is in its COMMIT
            server.kill()
        assert answer.result() is None
        wait_until(lambda: Booking.objects.count() == 1)  # the database goes on to the end

    server.start()
    first, second = purchase.send(server), purchase.send(server)

    assert first == second
    assert (first.status, first.replayed) == (201, "true")
    assert first.body["id"] == Booking.objects.get().pk
    assert_all_were_served_once([purchase])


def test_killed_twice_in_the_middle_of_a_rush_nothing_is_lost_and_nothing_doubled(server):
    purchases = purchases_of(make_show(total_seats=300), users=10, each=20)
    answered, over = [], Event()

    def send(one):
        """Send it until there is an answer, or it is over."""
        while not over.is_set():
            if answer := one.send_or_give_up(server):
                answered.append(answer)
                return answer
            time.sleep(0.05)
        return None

    with in_background(send, purchases) as asked:
        wait_until(lambda: len(answered) >= 30)
        server.kill_workers()
        wait_until(lambda: len(answered) >= 90)
        server.kill()
        over.set()
        before = [future.result() for future in asked]

    server.start()
    with in_background(lambda one: one.send(server), purchases) as asked:
        after = [future.result() for future in asked]

    assert None in before
    assert Counter(answer.status for answer in after) == {201: 200}
    for one, was, now in zip(purchases, before, after, strict=True):
        assert seats_in(now) == seats_of(one)
        if was is not None:
            assert (was.status, was.body) == (201, now.body)
            assert now.replayed == "true"
    assert_all_were_served_once(purchases)


# --- The client hangs up -----------------------------------------------------------------------


@pytest.mark.postgres
def test_a_client_that_hangs_up_finds_its_one_booking_when_it_sends_again(server):
    show = make_show()
    patient, hasty = book(show, 1), book(show, 2)
    with transaction.atomic():
        Show.objects.lock(show.pk)
        send_and_hang_up(server, patient, wait_until_received=True)
    wait_until(lambda: Booking.objects.count() == 1)

    send_and_hang_up(server, hasty)
    answers = [patient.send(server), hasty.send(server)]

    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].replayed == "true"
    assert_all_were_served_once([patient, hasty])


def send_and_hang_up(server, purchase, wait_until_received=False):
    http = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    http.request("POST", purchase.path, json.dumps(purchase.body), headers_for(purchase.user, purchase.key))
    if wait_until_received:
        wait_until(is_show_lock_awaited)
    http.close()


# --- The database hangs up ---------------------------------------------------------------------


@pytest.mark.postgres
def test_connections_that_the_database_ends_are_answered_503_and_nothing_is_lost(server):
    show = make_show(total_seats=60)
    purchases = purchases_of(show, users=4, each=10)
    refusals, over = [], Event()

    def send(one):
        """Send it until it succeeds and the database is left in peace, and read meanwhile."""
        until = time.monotonic() + PATIENCE
        while True:
            reads = [
                call(server, "GET", f"/api/shows/{show.pk}/seats/"),
                call(server, "GET", "/api/orders/", user=one.user),
            ]
            answer = one.send(server)
            refusals.extend(each for each in (*reads, answer) if each.status not in (200, 201))
            if over.is_set() and answer.status == 201:
                return answer
            assert time.monotonic() < until, answer

    def refused_often_enough():
        end_all_other_connections()
        return len(refusals) >= 40

    with in_background(send, purchases) as asked:
        try:
            wait_until(refused_often_enough, pause=0.03)
        finally:
            over.set()
        answers = [future.result() for future in asked]

    assert {(r.status, r.content_type, r.retry_after) for r in refusals} == {(503, PROBLEM, "1")}
    # The second where it was lost in the middle of a commit: then the repeated request finds out.
    assert {r.body["code"] for r in refusals} - {"outcome_unknown"} == {"unavailable"}
    assert [seats_in(answer) for answer in answers] == [seats_of(one) for one in purchases]
    assert_all_were_served_once(purchases)
