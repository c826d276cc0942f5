"""Counts how often somebody does something: in Redis for all workers and hosts, or in this process.

It is counted by one number, when the quota will be whole again; each request moves it on by the interval of
the rate. That is the generic cell rate algorithm (GCRA), a leaky bucket without a bucket that drips:
https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
"""

import logging
import time
from collections.abc import Sequence
from functools import cache
from math import ceil
from threading import Lock
from typing import Any, NamedTuple

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from movie_booking.metrics import REDIS_FAILURES
from movie_booking.rates import Rate

logger = logging.getLogger(__name__)

TIMEOUT = 0.1  # seconds that a request waits for Redis
PAUSE = 1.0  # seconds after a failure for which nobody asks it
SHARE = 100  # a worker takes so small a part of a quota ahead


class Ask(NamedTuple):
    """Who wants to do something, and how often they may."""

    key: str
    rate: Rate


class Quota(NamedTuple):
    """What is left to somebody."""

    is_allowed: bool
    left: int
    whole_in: float  # seconds

    @property
    def reset_after(self) -> int:
        """In how many seconds all of it is there again."""
        return ceil(self.whole_in)

    def retry_after(self, rate: Rate) -> int:
        """Return after how many seconds one more is allowed."""
        return max(1, ceil(self.whole_in - (rate.limit - 1) * rate.interval))


class LocalCounts:
    """The counts of this process."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._whole_at: dict[str, float] = {}
        self._most = 10_000

    def take(self, asks: Sequence[Ask]) -> list[Quota]:
        now = time.monotonic()
        with self._mutex:
            if len(self._whole_at) > self._most:
                self._forget(now)
            return [self._take_one(key, rate, now) for key, rate in asks]

    def _take_one(self, key: str, rate: Rate, now: float) -> Quota:
        whole_in = max(0.0, self._whole_at.get(key, now) - now)
        # Rounded, as the last of a quota must not be lost to how fractions are kept.
        room = int((rate.seconds - whole_in) / rate.interval + 1e-6)
        if room < 1:
            return Quota(False, 0, whole_in)
        whole_in += rate.interval
        self._whole_at[key] = now + whole_in
        return Quota(True, room - 1, whole_in)

    def _forget(self, now: float) -> None:
        """Drop those whose quota is whole. Rare: next when there are twice as many as are left."""
        self._whole_at = {key: at for key, at in self._whole_at.items() if at > now}
        self._most = max(10_000, 2 * len(self._whole_at))


# Three arguments for each key: the interval in microseconds, the limit, and how many are wanted. Returns for
# each how many are given, how many are left, and in how many microseconds the quota is whole, by its clock.
SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local answer = {}
for i, key in ipairs(KEYS) do
  local interval, limit, wanted = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local whole_at = math.max(tonumber(redis.call('GET', key)) or 0, now)
  local room = math.max(0, math.floor((now + interval * limit - whole_at) / interval + 1e-6))
  local given = math.min(wanted, room)
  if given > 0 then
    whole_at = whole_at + given * interval
    redis.call('SET', key, string.format('%.0f', whole_at), 'PX', math.ceil((whole_at - now) / 1000) + 1)
  end
  answer[i] = {given, room - given, math.floor(whole_at - now)}
end
return answer
"""


class Lease(NamedTuple):
    """What this process has taken of a quota ahead; or that nothing was left of it."""

    at: float
    until: float
    given: int
    left: int  # to all others
    whole_in: float  # as it was then

    def quota(self, now: float) -> Quota:
        return Quota(
            self.given > 0, self.left + max(0, self.given - 1), max(0.0, self.whole_in + self.at - now)
        )


class SharedCounts:
    """The counts of all workers and hosts, in Redis; all that are asked for in one round trip.

    Of a large quota a process takes a hundredth ahead, for as long as the quota's time, and asks again when
    it has spent that: who polls seats does not wait for Redis each time. Of a small one it takes one by one.
    That nothing is left it knows until there will be, or for a second, as Redis may be gone meanwhile.
    """

    def __init__(self, url: str) -> None:
        self._leases: dict[str, Lease] = {}
        self._most = 10_000
        self._is_failing = False
        self._next_try, self._said_at = 0.0, float("-inf")
        self._client: Any = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),  # who waited once has waited enough
            protocol=2,
        )
        self._script = self._client.register_script(SCRIPT)

    def take(self, asks: Sequence[Ask]) -> list[Quota] | None:
        """Return what is left to each; None if Redis cannot be asked."""
        now = time.monotonic()
        quotas = {ask.key: self._take_leased(ask.key, now) for ask in asks}
        missing = [ask for ask in asks if quotas[ask.key] is None]
        if missing:
            leases = self._ask(missing, now)
            if leases is None:
                return None
            for ask, lease in zip(missing, leases, strict=True):
                quotas[ask.key] = lease.quota(now)
                self._keep(ask.key, lease, now)
        return [quota for ask in asks if (quota := quotas[ask.key]) is not None]

    def answers(self) -> bool:
        """Whether Redis can be asked now."""
        try:
            return bool(self._client.ping())
        except (redis.RedisError, OSError):
            return False

    def _take_leased(self, key: str, now: float) -> Quota | None:
        lease = self._leases.get(key)
        if lease is None or now >= lease.until:
            return None
        if lease.given:
            self._keep(key, lease, now)
        return lease.quota(now)

    def _keep(self, key: str, lease: Lease, now: float) -> None:
        """Keep what is left of a lease after one was taken of it."""
        if lease.given == 1:
            self._leases.pop(key, None)
            return
        if len(self._leases) > self._most:
            self._leases = {each: kept for each, kept in self._leases.items() if kept.until > now}
            self._most = max(10_000, 2 * len(self._leases))
        self._leases[key] = lease._replace(given=max(0, lease.given - 1))

    def _ask(self, asks: Sequence[Ask], now: float) -> list[Lease] | None:
        if self._is_failing and now < self._next_try:
            return None
        self._next_try = now + PAUSE  # while it fails, one request a second tries it, and waits
        arguments: list[float] = []
        for _, rate in asks:
            arguments += (rate.interval * 1e6, rate.limit, max(1, rate.limit // SHARE))
        try:
            answer = self._script(keys=[ask.key for ask in asks], args=arguments)
        except (redis.RedisError, OSError) as error:
            REDIS_FAILURES.inc()
            self._is_failing = True
            if now >= self._said_at + PAUSE:
                self._said_at = now
                logger.error("Nothing is limited, as Redis does not answer: %s", error)
            return None
        if self._is_failing:
            self._is_failing = False
            logger.warning("Redis answers again: limits hold.")
        leases = []
        for ask, (given, left, microseconds) in zip(asks, answer, strict=True):
            whole_in = microseconds / 1e6
            room_in = max(0.001, whole_in - (ask.rate.limit - 1) * ask.rate.interval)
            lasts = ask.rate.seconds if given else min(room_in, PAUSE)
            leases.append(Lease(now, now + lasts, given, left, whole_in))
        return leases


@cache
def counts(url: str) -> LocalCounts | SharedCounts:
    """Return where this process counts. With its first request, so that it has connections of its own."""
    return SharedCounts(url) if url else LocalCounts()


def take(asks: Sequence[Ask]) -> list[Quota] | None:
    """Count each that is asked for, and return what is left of it; None if that cannot be known."""
    return counts(settings.REDIS_URL).take(asks)
