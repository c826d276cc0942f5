"""The production server: its workers count together in Redis, and go on without it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from movie_booking.tests.redis_server import RedisServer
from movie_booking.tests.server import Server, call, wait_until

pytestmark = [
    pytest.mark.about_http,
    pytest.mark.kills_servers,
    pytest.mark.needs("redis-server"),
    pytest.mark.usefixtures("real_transactions"),
]


@pytest.fixture
def redis(tmp_path):
    server = RedisServer(tmp_path)
    yield server
    server.stop()


def test_two_workers_share_a_limit_and_without_redis_there_is_none(redis, tmp_path):
    server = Server(tmp_path / "log", REDIS_URL=redis.url, THROTTLE_LOGIN="7/hour")

    def guess(number):
        return call(
            server, "POST", "/api/login/", {"username": f"user{number}", "password": "a guess"}
        ).status

    server.start()
    try:
        with ThreadPoolExecutor(10) as clients:
            assert Counter(clients.map(guess, range(20))) == {401: 7, 429: 13}
        redis.stop()
        # Each worker knows for a second that nothing is left.
        wait_until(lambda: [guess(number) for number in range(20, 26)] == [401] * 6)
    finally:
        server.kill()

    assert "Nothing is limited, as Redis does not answer" in (tmp_path / "log").read_text()
