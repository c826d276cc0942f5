"""Counting requests: in a process, in Redis, and while Redis is gone."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from movie_booking import counting
from movie_booking.counting import Ask, LocalCounts, SharedCounts
from movie_booking.rates import Rate, parse_rate
from movie_booking.tests.redis_server import RedisServer

THREE_A_MINUTE = Rate(3, 60)
LARGE = Rate(400, 3600)  # of which four are taken at once


class Clock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(counting, "time", clock)
    return clock


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def redis(redis_server):
    redis_server.flush()
    return redis_server


def allowed(counts, *, of=THREE_A_MINUTE, key="john", times=1):
    return [counts.take([Ask(key, of)])[0].is_allowed for _ in range(times)]


@pytest.mark.parametrize(
    ("text", "rate"), [("20/minute", (20, 60)), ("1/second", (1, 1)), ("5/hour", (5, 3600)), ("off", None)]
)
def test_a_rate_is_read_as_it_is_said(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "20", "0/minute", "-1/minute", "20/fortnight", "20/m", "1.5/minute", "OFF"]
)
def test_a_rate_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="20/minute"):
        parse_rate(text)


def test_as_many_as_the_limit_are_allowed_at_once_and_then_one_an_interval(clock):
    counts = LocalCounts()

    assert allowed(counts, times=4) == [True, True, True, False]
    clock.now += 19.9
    assert allowed(counts) == [False]
    clock.now += 0.2
    assert allowed(counts, times=2) == [True, False]
    clock.now += 60
    assert allowed(counts, times=4) == [True, True, True, False]


def test_a_quota_says_what_is_left_and_when_there_is_more(clock):
    counts = LocalCounts()
    quotas = [counts.take([Ask("john", THREE_A_MINUTE)])[0] for _ in range(4)]

    assert [(quota.left, quota.reset_after) for quota in quotas] == [(2, 20), (1, 40), (0, 60), (0, 60)]
    assert quotas[3].retry_after(THREE_A_MINUTE) == 20


def test_each_key_has_a_quota_of_its_own(clock):
    counts = LocalCounts()
    allowed(counts, times=3)

    assert allowed(counts, key="jane") == [True]


def test_whole_quotas_are_forgotten_so_that_many_addresses_do_not_fill_the_memory(clock):
    counts = LocalCounts()
    for number in range(10_001):
        counts.take([Ask(str(number), THREE_A_MINUTE)])
    clock.now += 61
    for number in range(2):
        counts.take([Ask(f"later {number}", THREE_A_MINUTE)])

    assert len(counts._whole_at) == 2


@pytest.mark.needs("redis-server")
def test_two_processes_share_what_redis_counts(redis):
    one, other = SharedCounts(redis.url), SharedCounts(redis.url)

    assert [*allowed(one, times=2), *allowed(other, times=2)] == [True, True, True, False]
    [quota] = other.take([Ask("john", THREE_A_MINUTE)])
    assert (quota.left, quota.retry_after(THREE_A_MINUTE)) == (0, 20)


@pytest.mark.needs("redis-server")
def test_of_many_at_once_no_more_than_the_limit_are_allowed(redis):
    processes = [SharedCounts(redis.url) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda counts: allowed(counts, times=5), processes))

    assert sum(sum(each) for each in answers) == 3


@pytest.mark.needs("redis-server")
def test_of_a_large_quota_some_are_taken_ahead_and_none_is_given_twice(redis):
    one, other = SharedCounts(redis.url), SharedCounts(redis.url)
    asked = []
    ask = one._script
    one._script = lambda **given: asked.append(given) or ask(**given)

    assert allowed(one, of=LARGE, times=8) == [True] * 8
    assert len(asked) == 2
    [quota] = other.take([Ask("john", LARGE)])
    assert quota.left == 400 - 8 - 1


@pytest.mark.needs("redis-server")
def test_that_nothing_is_left_is_known_for_a_second_without_asking(redis, clock):
    counts = SharedCounts(redis.url)
    allowed(counts, times=4)
    counts._script = None

    assert allowed(counts) == [False]
    clock.now += 1.1
    with pytest.raises(TypeError):  # now it asks
        allowed(counts)


@pytest.mark.needs("redis-server")
def test_several_quotas_take_one_round_trip(redis):
    counts = SharedCounts(redis.url)
    asked = []
    ask = counts._script
    counts._script = lambda **given: asked.append(given) or ask(**given)

    quotas = counts.take([Ask("john", THREE_A_MINUTE), Ask("address", Rate(5, 60))])

    assert [quota.left for quota in quotas] == [2, 4]
    assert len(asked) == 1


@pytest.mark.needs("redis-server")
@pytest.mark.parametrize("outage", ["stop", "freeze"])
def test_without_redis_nothing_is_limited_and_one_line_says_so_until_it_is_back(redis, clock, caplog, outage):
    counts = SharedCounts(redis.url)
    allowed(counts)
    getattr(redis, outage)()
    try:
        with caplog.at_level(logging.WARNING, "movie_booking.counting"):
            assert [counts.take([Ask("john", THREE_A_MINUTE)]) for _ in range(10)] == [None] * 10
            assert len(caplog.records) == 1  # and only the first waited for it
            clock.now += 1.1
            assert counts.take([Ask("john", THREE_A_MINUTE)]) is None
            assert len(caplog.records) == 2
    finally:
        redis.start() if outage == "stop" else redis.thaw()

    assert counts.take([Ask("john", THREE_A_MINUTE)]) is None  # not yet
    clock.now += 1.1
    with caplog.at_level(logging.WARNING, "movie_booking.counting"):
        assert allowed(counts) == [True]
    assert caplog.messages[-1] == "Redis answers again: limits hold."
