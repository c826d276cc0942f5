"""What is found out of a request that repeats one, and what is left to Django."""

import time
from email.utils import parsedate_to_datetime

import gevent
import pytest
from django.db import InterfaceError, OperationalError

from movie_booking import answering_again, counting
from movie_booking.answering_again import answer, note
from movie_booking.counting import counts
from movie_booking.database import is_reading
from movie_booking.errors import NotFound
from movie_booking.rates import Rate
from movie_booking.repeats import Repeat, Revalidation, answered, found_out
from movie_booking.request_context import ROUTE, current
from movie_booking.request_ids import KEPT, META_KEY
from movie_booking.throttling import QUOTAS

pytestmark = pytest.mark.django_db  # whose connection is given back after each look

ETAG = '"1-2"'
GET = {"REQUEST_METHOD": "GET"}


class Look:
    """Finds a tag, or fails; knows how often it was asked, and what was so meanwhile."""

    def __init__(self, found=ETAG):
        self.found, self.times = found, 0

    def __call__(self):
        self.times += 1
        self.was_reading, self.context = is_reading.get(), current.get()
        if isinstance(self.found, BaseException):
            raise self.found
        return self.found


@pytest.fixture(autouse=True)
def nothing_from_before():
    found_out.set(None)
    answered.set(None)
    counts.cache_clear()
    yield
    counts.cache_clear()


@pytest.fixture
def closed(monkeypatch):
    """How often connections were given back."""
    closed = []
    monkeypatch.setattr(answering_again, "close_old_connections", lambda: closed.append(1))
    return closed


def repeat_of(look, **meta):
    return Repeat(Revalidation(object(), look, ETAG), "/api/shows/{id}/seats/", GET | meta, b"ETag: x\r\n")


def ask(look, request_id=None, address="203.0.113.7", **meta):
    return answer(repeat_of(look, **meta), request_id, address)


def test_an_answer_has_a_date_an_id_and_the_headers_of_before():
    status, date, *others = ask(Look()).decode().removesuffix("\r\n\r\n").split("\r\n")

    assert status == "HTTP/1.1 304 Not Modified"
    assert abs(parsedate_to_datetime(date.removeprefix("Date: ")).timestamp() - time.time()) < 60
    assert others == ["Connection: keep-alive", "ETag: x", f"X-Request-ID: {current.get().request_id}"]


def test_a_look_is_one_of_readers_about_the_request_and_gives_connections_back(closed):
    look = Look()

    ask(look)

    assert (look.was_reading, closed) == (True, [1])
    assert look.context is current.get()


@pytest.mark.parametrize(
    "found",
    [
        '"1-3"',
        NotFound(),
        OperationalError("gone"),
        InterfaceError("closed"),
        RuntimeError("a fault of ours"),
    ],
    ids=repr,
)
def test_whatever_is_not_304_is_left_to_django_with_what_is_known_of_it(settings, closed, found):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"read": Rate(3, 3600)}
    look = Look(found)

    assert ask(look) is None
    assert closed == [1]
    known = found_out.get()
    assert known[KEPT] == look.context.request_id
    assert known[QUOTAS]["read"][1].left == 2


@pytest.mark.parametrize(("patience", "begun"), [(0.05, 1), (0, 0)])
def test_who_is_not_told_in_time_is_left_to_django(monkeypatch, patience, begun):
    """Also who has waited for a look of others until then: no other is begun."""
    monkeypatch.setattr(answering_again, "LOOK_SECONDS", patience)
    look = Look()

    assert ask(lambda: (look() and gevent.sleep(0.2)) or ETAG) is None
    assert look.times == begun


def test_nobody_looks_for_who_asks_too_often(settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"read": Rate(3, 3600)}
    look = Look()

    assert [ask(look) is not None for _ in range(5)] == [True] * 3 + [False] * 2
    assert (look.times, found_out.get()) == (3, None)
    assert ask(look, address="203.0.113.8") is not None


def test_a_proxy_says_whose_request_it_is(settings):
    settings.TRUSTED_PROXIES = 1
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"read": Rate(1, 3600)}
    here, elsewhere = {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.8"}

    told = [ask(Look(), address="10.0.0.1", **meta) is not None for meta in (here, here, elsewhere)]

    assert told == [True, False, True]


@pytest.mark.parametrize(("proxies", "is_taken"), [(0, False), (1, True)])
def test_the_id_of_a_request_is_that_of_a_proxy_or_a_new_one(settings, proxies, is_taken):
    settings.TRUSTED_PROXIES = proxies

    assert (b"X-Request-ID: of-the-proxy\r\n" in ask(Look(), "of-the-proxy")) is is_taken


def test_without_limits_nothing_is_counted(settings, monkeypatch):
    settings.THROTTLE = False
    monkeypatch.setattr(counting, "counts", None)

    assert ask(Look()) is not None


def test_of_what_was_sent_no_more_is_kept_than_it_is_counted_by():
    environ = GET | {
        ROUTE: "/api/shows/{id}/seats/",
        "HTTP_AUTHORIZATION": "Bearer a-secret",
        "HTTP_COOKIE": "sessionid=a-secret",
        "HTTP_X_FORWARDED_FOR": "203.0.113.7",
        META_KEY: "an-id-of-a-proxy",
    }
    headers = [("ETag", ETAG), ("X-Request-ID", "an-id-of-a-proxy")]

    note(environ, headers, Revalidation(1, Look(), ETAG))

    repeat, request_id = answered.get()
    assert repeat.meta == GET | {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}
    assert (repeat.headers, request_id) == (b'ETag: "1-2"\r\n', "an-id-of-a-proxy")
    assert "a-secret" not in repr(repeat)
