"""One show, or one database that does not commit, does not stop the house: with the server that we run."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from accounts.tests.factories import make_user
from bookings.models import Booking, Status
from bookings.tests.factories import make_order
from movie_booking.tests.server import call, is_show_lock_awaited, other_connections, running, wait_until
from movies.models import Show
from movies.tests.factories import make_movie, make_show

pytestmark = [
    pytest.mark.kills_servers,
    pytest.mark.postgres,
    pytest.mark.usefixtures("real_transactions"),
]

BUYERS = 200


@pytest.fixture(scope="module")
def house(tmp_path_factory, django_db_setup):
    """A server for the tests that want it as it is, since a start takes longer than they do."""
    with running(tmp_path_factory.mktemp("house") / "log") as server:
        yield server


def book(server, show, seat_number, user, key=""):
    return call(server, "POST", f"/api/shows/{show.pk}/book/", {"seat_number": seat_number}, user, key)


@contextmanager
def commits_frozen():
    """A time in which no commit of others is acknowledged, as when the standby of a database froze.

    PostgreSQL waits for a standby that is not there. What is committed meanwhile is committed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = local")  # not ours
        try:
            cursor.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            cursor.execute("SELECT pg_reload_conf()")
            wait_until(lambda: shown(cursor, "synchronous_standby_names") == "nobody")
            yield
        finally:
            cursor.execute("ALTER SYSTEM RESET synchronous_standby_names")
            cursor.execute("SELECT pg_reload_conf()")
            cursor.execute("SET synchronous_commit = on")


def shown(cursor, setting):
    cursor.execute(f"SHOW {setting}")
    return cursor.fetchone()[0]


def test_while_a_crowd_waits_for_one_show_all_else_goes_on(house):
    """All that is asserted within the lock happens while it is held, and so while 200 wait for it."""
    wanted, other = make_show(total_seats=300), make_show()
    buyers = [make_user() for _ in range(BUYERS)]
    user = buyers[0]
    order = make_order(other, 7, user=user, status=Status.HELD)
    with ThreadPoolExecutor(BUYERS) as crowd:
        with transaction.atomic():
            Show.objects.lock(wanted.pk)
            answers = [
                crowd.submit(book, house, wanted, seat_number, buyer)
                for seat_number, buyer in enumerate(buyers, start=1)
            ]
            wait_until(is_show_lock_awaited)

            assert [call(house, "GET", "/api/movies/").status for _ in range(20)] == [200] * 20
            assert call(house, "GET", f"/api/shows/{wanted.pk}/seats/").status == 200
            assert call(house, "GET", "/api/orders/", user=user).status == 200
            assert book(house, other, 5, user).status == 201
            assert call(house, "POST", f"/api/orders/{order.reference}/confirm/", {}, user).status == 200
            assert not any(answer.done() for answer in answers)
            # One for each of the two workers: the others wait where nobody else wants anything.
            assert other_connections("wait_event_type = 'Lock'") <= 2

        assert [answer.result().status for answer in answers] == [201] * BUYERS
    assert Booking.objects.filter(show=wanted, status=Status.BOOKED).count() == BUYERS


def test_while_one_show_is_locked_those_of_all_others_are_sold_at_once(house):
    """Buyers of several shows share transactions, but with nobody who waits."""
    wanted, *others = (make_show() for _ in range(12))
    users = [make_user() for _ in range(4)]
    with ThreadPoolExecutor(60) as crowd:
        with transaction.atomic():
            Show.objects.lock(wanted.pk)
            waiting = [crowd.submit(book, house, wanted, seat, user) for seat, user in enumerate(users, 1)]
            wait_until(is_show_lock_awaited)
            answers = [
                crowd.submit(book, house, show, seat, user)
                for seat, user in enumerate(users, 1)
                for show in others
            ]

            assert [answer.result(20).status for answer in answers] == [201] * len(answers)
            assert not any(answer.done() for answer in waiting)

        assert [answer.result(20).status for answer in waiting] == [201] * len(users)


@pytest.mark.parametrize("name", ["confirm", "cancel", "extend", "exchange"])
def test_a_crowd_that_acts_on_its_orders_stops_nobody(house, name):
    """Which show they wait for, their path does not tell."""
    wanted, other = make_show(), make_show()
    buyers = [make_user() for _ in range(40)]
    orders = [make_order(wanted, seat, user=u, status=Status.HELD) for seat, u in enumerate(buyers, 1)]
    bodies = [{"from": [seat], "to": [50]} if name == "exchange" else {} for seat in range(1, 41)]
    with ThreadPoolExecutor(len(buyers)) as crowd:
        with transaction.atomic():
            Show.objects.lock(wanted.pk)
            answers = [
                crowd.submit(call, house, "POST", f"/api/orders/{order.reference}/{name}/", body, order.user)
                for order, body in zip(orders, bodies, strict=True)
            ]
            wait_until(is_show_lock_awaited)

            assert book(house, other, 5, buyers[0]).status == 201
            assert other_connections("wait_event_type = 'Lock'") <= 2

        assert {answer.result().status for answer in answers} <= {200, 400, 409}


@pytest.mark.parametrize("server", [{"MAX_WAITING_PER_SHOW": "5", "WEB_CONCURRENCY": "1"}], indirect=True)
def test_beyond_a_bound_nobody_more_may_queue(server):
    wanted = make_show(total_seats=300)
    buyers = [make_user() for _ in range(20)]
    with ThreadPoolExecutor(len(buyers)) as crowd:
        with transaction.atomic():
            Show.objects.lock(wanted.pk)
            first = crowd.submit(book, server, wanted, 1, buyers[0])
            wait_until(is_show_lock_awaited)
            answers = [
                crowd.submit(book, server, wanted, seat, buyer) for seat, buyer in enumerate(buyers[1:], 2)
            ]
            wait_until(lambda: sum(answer.done() for answer in answers) == 14)
            refused = [answer.result() for answer in answers if answer.done()]
            assert {(answer.status, answer.body["code"]) for answer in refused} == {(503, "busy")}
            assert {answer.retry_after for answer in refused} == {"1"}

        assert first.result().status == 201
        assert sum(answer.result().status == 201 for answer in answers) == 5


@pytest.mark.parametrize("server", [{"LOCK_TIMEOUT_SECONDS": "1"}], indirect=True)
def test_who_waited_too_long_for_a_turn_is_told_to_come_back(server):
    wanted = make_show()
    buyers = [make_user() for _ in range(10)]
    with ThreadPoolExecutor(len(buyers)) as crowd, transaction.atomic():
        Show.objects.lock(wanted.pk)
        answers = [crowd.submit(book, server, wanted, seat, u) for seat, u in enumerate(buyers, 1)]

        assert {(a.result().status, a.result().body["code"]) for a in answers} == {(503, "busy")}
    assert not Booking.objects.exists()
    assert book(server, wanted, 1, buyers[0]).status == 201


@pytest.mark.parametrize(
    "server", [{"LOCK_TIMEOUT_SECONDS": "1", "ANSWER_SECONDS": "3", "WEB_CONCURRENCY": "1"}], indirect=True
)
def test_what_cannot_be_committed_in_time_is_unknown_and_its_repetition_is_answered(server):
    make_movie()
    shows, user = [make_show() for _ in range(20)], make_user()
    with ThreadPoolExecutor(len(shows)) as crowd:
        with commits_frozen():
            answers = [
                crowd.submit(book, server, show, 5, user, key=f"key-{number}")
                for number, show in enumerate(shows)
            ]
            wait_until(lambda: other_connections("wait_event = 'SyncRep'") >= 8)

            assert [call(server, "GET", "/api/movies/").status for _ in range(20)] == [200] * 20
            codes = [answer.result().body["code"] for answer in answers]
            assert {answer.result().status for answer in answers} == {503}
            assert set(codes) == {"outcome_unknown", "busy"}
            assert codes.count("outcome_unknown") == 8  # the connections of those who write
            # While it is so, the same again changes nothing, and reads go on.
            again = book(server, shows[codes.index("outcome_unknown")], 5, user, "key-0")
            assert (again.status, again.body["code"]) == (503, "busy")
            assert call(server, "GET", "/api/movies/").status == 200

        wait_until(lambda: other_connections("wait_event = 'SyncRep'") == 0)
        replies = [book(server, show, 5, user, key=f"key-{number}") for number, show in enumerate(shows)]

    assert [reply.status for reply in replies] == [201] * len(shows)
    assert [reply.replayed for reply in replies] == [
        "true" if code == "outcome_unknown" else None for code in codes
    ]
    assert Booking.objects.count() == len(shows)
