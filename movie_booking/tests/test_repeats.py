"""Which heads are known: what they say decides, but for the id that a proxy gives each request."""

import pytest

from movie_booking.repeats import Repeat, Repeats, Revalidation

REPEAT = Repeat(Revalidation("a map", lambda: '"1-2"', '"1-2"'), "/api/shows/{id}/seats/", {}, b"")
POLL = b'GET /api/shows/1/seats/ HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: "1-2"\r\n\r\n'


def with_id(request_id, name=b"X-Request-ID"):
    return POLL.replace(b"Host:", name + b": " + request_id + b"\r\nHost:")


@pytest.fixture
def repeats():
    repeats = Repeats()
    repeats.keep(POLL, REPEAT, "")
    return repeats


def test_the_same_words_are_known(repeats):
    assert repeats.find(bytes(bytearray(POLL))) == (REPEAT, "")


@pytest.mark.parametrize(
    "other",
    [
        b"",
        POLL[:-1],
        POLL + b"\r\n",
        POLL + POLL,
        POLL.replace(b"GET", b"HEAD"),
        POLL.replace(b"/1/", b"/2/"),
        POLL.replace(b"1.1", b"1.0"),
        POLL.replace(b"localhost", b"LOCALHOST"),
        POLL.replace(b"\r\n\r\n", b"\r\nCookie: a=b\r\n\r\n"),
    ],
)
def test_a_head_that_differs_by_a_byte_is_another(repeats, other):
    assert repeats.find(other) is None


@pytest.mark.parametrize("name", [b"X-Request-ID", b"X-Request-Id", b"x-request-id"])
def test_the_id_of_a_request_is_no_part_of_what_it_says(repeats, name):
    assert repeats.find(with_id(b"5f0d7b1c-9c9e-4c39", name)) == (REPEAT, "5f0d7b1c-9c9e-4c39")


@pytest.mark.parametrize("malformed", [b"short", b"x" * 65, b"two words here", b"abcdefgh\x00", b"abcdefgh "])
def test_an_id_that_would_not_be_taken_is_a_word_like_all_others(repeats, malformed):
    assert repeats.find(with_id(malformed)) is None


def test_of_two_ids_one_is_no_part(repeats):
    twice = with_id(b"the-first-one").replace(b"Host:", b"X-Request-ID: the-second\r\nHost:")

    assert repeats.find(twice) is None
    repeats.keep(twice, REPEAT, "the-first-one,the-second")  # as WSGI has it
    assert repeats.find(twice) is None


def test_what_might_change_something_is_never_looked_up(repeats):
    book = POLL.replace(b"GET", b"POST")
    repeats.keep(book, REPEAT, "")

    assert repeats.find(book) is None


def test_the_oldest_is_forgotten(repeats, monkeypatch):
    monkeypatch.setattr(Repeats, "MOST", 3)
    polls = [POLL.replace(b"1-2", b"1-%d" % version) for version in range(2, 6)]
    for poll in polls[1:]:
        repeats.keep(poll, REPEAT, "")

    assert [repeats.find(poll) is not None for poll in polls] == [False, True, True, True]


def test_one_that_is_known_again_takes_no_second_place(repeats, monkeypatch):
    monkeypatch.setattr(Repeats, "MOST", 2)
    other = POLL.replace(b"1-2", b"1-3")
    repeats.keep(other, REPEAT, "")
    repeats.keep(other, REPEAT, "")

    assert repeats.find(POLL) is not None


def test_a_long_head_is_not_known(repeats):
    long = POLL.replace(b"Host:", b"Cookie: " + b"a" * Repeats.LONGEST + b"\r\nHost:")
    repeats.keep(long, REPEAT, "")

    assert repeats.find(long) is None


def test_nothing_of_what_was_sent_is_kept():
    repeats = Repeats()
    repeats.keep(POLL.replace(b"Host:", b"Authorization: Bearer a-secret\r\nHost:"), REPEAT, "")

    assert "a-secret" not in repr(vars(repeats))
