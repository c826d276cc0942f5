"""Which heads are known: what they say decides, but for the id that a proxy gives each request."""

import pytest

from movie_booking.repeats import LONGEST, Repeat, Repeats, Revalidation, words_of

REPEAT = Repeat(Revalidation("a map", lambda: '"1-2"', '"1-2"'), "/api/shows/{id}/seats/", {}, b"")
POLL = b'GET /api/shows/1/seats/ HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: "1-2"\r\n\r\n'
END = b"\r\n\r\n"


def poll(number):
    return words_of(POLL.replace(b"1-2", b"1-%d" % number))


def with_header(line):
    return POLL.replace(END, b"\r\n" + line + END)


# --- What a head says --------------------------------------------------------------------------------


def test_the_same_words_are_the_same():
    assert words_of(POLL) == words_of(bytes(bytearray(POLL)))
    assert words_of(POLL).request_id is None


@pytest.mark.parametrize(
    "other",
    [
        POLL.replace(b"GET", b"HEAD"),
        POLL.replace(b"/1/", b"/2/"),
        POLL.replace(b"1.1", b"1.0"),
        POLL.replace(b"localhost", b"LOCALHOST"),
        with_header(b"Cookie: a=b"),
    ],
)
def test_a_byte_makes_another_head(other):
    assert words_of(other).digest != words_of(POLL).digest


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b"GET",
        END,
        POLL[:-1],
        POLL[:-2],
        POLL + b"\r\n",
        POLL + END,
        POLL + POLL,
        POLL + b"X-Request-ID: abcdefgh\r\n",
        POLL + b"X-Request-ID: abcdefgh" + END,
        b"\r\n" + POLL,
        POLL.replace(b"GET", b"POST"),
        POLL.replace(b"GET", b"get"),
        with_header(b"Cookie: " + b"a" * LONGEST),
    ],
)
def test_what_is_not_one_whole_short_head_that_only_reads_is_not_looked_up(other):
    assert words_of(other) is None


@pytest.mark.parametrize("name", [b"X-Request-ID", b"X-Request-Id", b"x-request-id"])
@pytest.mark.parametrize("place", [b"\r\nHost:", b"\r\nIf-None-Match", END])
def test_the_id_of_a_request_is_no_part_of_what_it_says(name, place):
    head = POLL.replace(place, b"\r\n" + name + b": 5f0d7b1c-9c9e-4c39" + place)

    assert words_of(head) == (words_of(POLL).digest, "5f0d7b1c-9c9e-4c39")


@pytest.mark.parametrize(
    "malformed", [b"", b"short", b"x" * 65, b"two words here", b"abcdefgh\x00", b"abcdefgh ", b"\tabcdefgh"]
)
def test_an_id_that_would_not_be_taken_is_a_word_like_all_others(malformed):
    words = words_of(with_header(b"X-Request-ID: " + malformed))

    assert words.digest != words_of(POLL).digest
    assert words.request_id is None


# --- Which are known ---------------------------------------------------------------------------------


@pytest.fixture
def repeats(monkeypatch):
    monkeypatch.setattr(Repeats, "MOST", 3)
    repeats = Repeats()
    for number in range(3):
        repeats.keep(poll(number), REPEAT, None)
    return repeats


def known(repeats, numbers):
    """Which of these polls are known. It is seen from outside, as finding one is a use of it."""
    return [number for number in numbers if poll(number).digest in repeats._known]


def test_what_was_kept_is_found(repeats):
    assert [repeats.find(poll(number)) for number in range(4)] == [REPEAT, REPEAT, REPEAT, None]


@pytest.mark.parametrize("of_wsgi", ["", "another-id", ",an-id-of-a-proxy"])
def test_what_wsgi_reads_otherwise_is_not_kept(repeats, of_wsgi):
    """As of two headers, which it joins by a comma."""
    with_id = with_header(b"X-Request-ID: an-id-of-a-proxy").replace(b"1-2", b"1-3")
    for words in (words_of(with_id), poll(3)):
        repeats.keep(words, REPEAT, of_wsgi)
        assert repeats.find(words) is None


def test_the_oldest_that_never_came_again_makes_room(repeats):
    repeats.keep(poll(3), REPEAT, None)
    assert known(repeats, range(4)) == [1, 2, 3]


def test_one_that_is_kept_again_takes_no_second_place(repeats):
    repeats.keep(poll(1), REPEAT, None)
    assert known(repeats, range(3)) == [0, 1, 2]


def test_who_polls_all_the_time_stays_known_among_more_than_there_is_room_for(repeats):
    found = 0
    for _ in range(10):
        for number in range(4):
            if repeats.find(poll(number)):
                found += 1
            else:
                repeats.keep(poll(number), REPEAT, None)

    assert found >= 25


def test_who_polls_no_more_is_forgotten_by_and_by(repeats):
    for number in range(3):
        repeats.find(poll(number))

    for number in (3, 4, 5, 3, 4, 5):
        repeats.keep(poll(number), REPEAT, None)

    assert known(repeats, range(6)) == [3, 4, 5]
    assert not repeats._came_again
