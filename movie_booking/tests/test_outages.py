"""The production server is alive while its database is not, and ready while it is only busy."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from movie_booking.tests.relay import Relay
from movie_booking.tests.server import Server, call, other_connections, wait_until

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.kills_servers,
    pytest.mark.usefixtures("real_transactions"),
]


class Host(Server):
    def responds(self) -> bool:
        """It is up when a worker answers, whatever the database does."""
        try:
            return call(self, "GET", "/healthz").status == 200
        except OSError:
            assert self.process.poll() is None, self.log.read_text()
            return False


@pytest.fixture
def relay():
    relay = Relay()
    yield relay
    relay.go_away()
    wait_until(lambda: other_connections() == 0)


@pytest.fixture
def host(tmp_path, relay):
    host = Host(tmp_path / "log", DATABASE_URL=relay.url, WEB_CONCURRENCY="1")
    try:
        host.start()
        yield host
    finally:
        host.kill()


def database_of(host):
    """What the host says of its database, and that it is alive all the while."""
    assert call(host, "GET", "/healthz").status == 200
    response = call(host, "GET", "/readyz?exclude=housekeeping")
    assert (response.status == 200) == (response.body["checks"]["database"] == "ok")
    return response.body["checks"]["database"]


def test_a_host_is_alive_whatever_its_database_does_and_ready_while_that_is_only_busy(host, relay):
    assert database_of(host) == "silent"
    relay.speak()
    wait_until(lambda: database_of(host) == "ok")

    # Its worker has twelve connections. More requests than that wait for a lock.
    with ThreadPoolExecutor(20) as crowd:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK movies_movie IN ACCESS EXCLUSIVE MODE")
            waiting = [crowd.submit(call, host, "GET", "/api/movies/") for _ in range(20)]
            wait_until(lambda: other_connections("wait_event_type = 'Lock'") >= 12)
            assert [database_of(host) for _ in range(10)] == ["ok"] * 10
        assert {each.result().status for each in waiting} == {200}

    relay.go_away()
    wait_until(lambda: database_of(host) == "unreachable")
    relay.listen()
    wait_until(lambda: database_of(host) == "ok")
