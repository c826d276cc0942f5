"""A crowd that looks at one show asks together, and nobody is shown a map from before they asked."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection

from accounts.tests.factories import client_for, make_user
from bookings import seat_map
from movie_booking.tests.server import wait_until
from movies.tests.factories import make_show

pytestmark = pytest.mark.usefixtures("real_transactions")


class Reads:
    """Stands for the query: it is done, and then it waits, so that others come meanwhile."""

    def __init__(self, read):
        self.read, self.times, self.goes_on = read, 0, Event()

    def __call__(self, *arguments):
        state = self.read(*arguments)
        self.times += 1
        assert self.goes_on.wait(30)
        return state


@pytest.fixture
def reads(monkeypatch):
    reads = Reads(seat_map._read_state)
    monkeypatch.setattr(seat_map, "_read_state", reads)
    return reads


@pytest.fixture
def crowd():
    with ThreadPoolExecutor(20) as crowd:
        yield crowd


def poll(show, etag=""):
    try:
        return client_for().get(
            f"/api/shows/{show.pk}/seats/", headers={"If-None-Match": etag} if etag else {}
        )
    finally:
        connection.close()


def waiting(show):
    """How many wait for what another will read."""
    return sum(
        len(each.is_over._cond._waiters) for (pk, *_), each in seat_map.states._next.items() if pk == show.pk
    )


@pytest.mark.parametrize("etag", ["", "*"])
def test_a_crowd_reads_it_twice_and_not_each_for_itself(reads, crowd, etag):
    show = make_show()
    first = crowd.submit(poll, show, etag)
    wait_until(lambda: reads.times == 1)
    others = [crowd.submit(poll, show, etag) for _ in range(15)]
    wait_until(lambda: waiting(show) == 14)

    reads.goes_on.set()

    assert {each.result(30).status_code for each in [first, *others]} == {304 if etag else 200}
    assert reads.times == 2


def test_who_bought_sees_it_though_a_read_from_before_is_on_its_way(reads, crowd):
    show, user = make_show(), make_user()
    first = crowd.submit(poll, show)
    wait_until(lambda: reads.times == 1)
    bought = client_for(user).post(f"/api/shows/{show.pk}/book/", {"seat_number": 5}).json()

    after = [crowd.submit(poll, show) for _ in range(3)]
    wait_until(lambda: waiting(show) == 2)
    reads.goes_on.set()

    assert first.result(30).json()["seats_version"] < bought["seats_version"]
    assert [each.result(30).json()["seats_version"] for each in after] == [bought["seats_version"]] * 3


def test_other_shows_are_not_waited_for(reads, crowd):
    show, other = make_show(), make_show()
    first = crowd.submit(poll, show)
    wait_until(lambda: reads.times == 1)

    second = crowd.submit(poll, other)
    wait_until(lambda: reads.times == 2)

    reads.goes_on.set()
    assert {first.result(30).status_code, second.result(30).status_code} == {200}


def test_a_show_that_is_gone_is_not_found_by_all_who_ask(reads, crowd):
    gone = make_show()
    reads.goes_on.set()
    type(gone).objects.filter(pk=gone.pk).update(status="DRAFT")

    assert {each.result(30).status_code for each in [crowd.submit(poll, gone) for _ in range(10)]} == {404}
