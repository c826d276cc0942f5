"""How buyers behave, and what they write down."""

import socket
from contextlib import contextmanager
from threading import Thread

import pytest

from drills.load import RETRY_SECONDS, Buyer, Client, Load, Seats, is_final
from drills.processes import free_port
from drills.record import Answer, Sale

HEAD = b"HTTP/1.1 "


@contextmanager
def one_answer(raw):
    """A server that says this to one client, and closes; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(raw)

        thread = Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def ask(port):
    client = Client(port)
    try:
        return client.ask("POST", "/api/shows/1/book/", {"seat_number": 1}, {})
    finally:
        client.http.close()


def test_each_seat_is_wanted_by_two_buyers_with_keys_of_their_own():
    seats = Seats([7, 8], 2, [Buyer(n, f"token{n}") for n in range(3)], run="now")
    wishes = [seats.next_wish() for _ in range(8)]

    assert [wish.seat for wish in wishes[::2]] == [(7, 1), (8, 1), (7, 2), (8, 2)]
    assert [wish.seat for wish in wishes[::2]] == [wish.seat for wish in wishes[1::2]]
    assert all(one.buyer != other.buyer for one, other in zip(wishes[::2], wishes[1::2], strict=True))
    assert len({wish.key for wish in wishes}) == 8


@pytest.mark.parametrize(
    ("status", "code", "final"),
    [
        ("201", "", True),
        ("409", "seat_taken", True),
        ("401", "not_authenticated", True),
        ("409", "in_progress", False),
        ("503", "outcome_unknown", False),
        ("502", "proxy", False),
        ("cut", "", False),
        ("no connection", "", False),
    ],
)
def test_what_may_have_another_answer_is_asked_again(status, code, final):
    assert is_final(Answer(0, "book", status, code)) == final


def test_a_problem_is_known_by_its_code_and_says_when_to_come_back():
    body = b'{"code": "busy"}'
    raw = (
        HEAD
        + b"503 -\r\nContent-Type: application/problem+json\r\nRetry-After: 3\r\nContent-Length: %d\r\n\r\n"
    )
    with one_answer(raw % len(body) + body) as port:
        answer, told, pause = ask(port)

    assert (answer.status, answer.code, told, pause) == ("503", "busy", {"code": "busy"}, 3.0)


def test_an_answer_that_is_no_problem_document_is_that_of_a_proxy():
    with one_answer(HEAD + b"502 Bad\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno") as port:
        answer, _, pause = ask(port)

    assert (answer.status, answer.code, pause) == ("502", "proxy", RETRY_SECONDS)


def test_a_connection_that_ends_without_an_answer_is_cut():
    with one_answer(b"") as port:
        answer, *_ = ask(port)

    assert answer.status == "cut"


def test_where_nothing_listens_there_is_no_connection():
    answer, *_ = ask(free_port())

    assert answer.status == "no connection"


def test_what_a_back_up_cannot_have_is_left_out_and_counted():
    load = Load(1, Seats([1], 1, [Buyer(1, "")], run=""))
    load.sales += [Sale(at, int(at), "", (1, 1), 1) for at in (1.0, 2.0, 3.0, 4.0)]

    assert load.leave_out(1.0, 3.0) == 2
    assert load.sold_at() == [1.0, 4.0]
