"""A standby behind a pooler: read as it is without one, and never written to."""

import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from bookings.tests.factories import book
from movie_booking.replica import REPLICA
from movie_booking.tests.poolers import address, start_pgbouncer, stop
from movie_booking.tests.standby import (
    assert_nobody_is_held_up,
    assert_the_replica_serves_all,
    following,
    get,
    known_as_replica,
    seats_path,
    version,
)
from movies.models import Genre
from movies.tests.factories import make_show

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.needs("pgbouncer"),
    pytest.mark.usefixtures("watched"),
    pytest.mark.django_db(transaction=True, databases=[DEFAULT_DB_ALIAS, REPLICA]),
]


@pytest.fixture(scope="module")
def standby(primary):
    with following(primary) as standby:
        yield standby


@pytest.fixture(scope="module")
def pgbouncer(standby, django_db_blocker):
    with django_db_blocker.unblock():
        pgbouncer = start_pgbouncer(host=str(standby.folder), port=5432)
    yield pgbouncer
    stop(pgbouncer)


@pytest.fixture(scope="module", params=["session", "transaction"], autouse=True)
def pooled(request, pgbouncer):
    """The address at which the standby is known as the replica."""
    url = address(pgbouncer, request.param)
    with known_as_replica(url):
        yield url


def test_it_is_read_through_the_pooler_and_says_the_same(in_step):
    show = make_show()
    book(show, 5)
    in_step()

    assert_the_replica_serves_all(show)


def test_what_it_lacks_is_read_from_the_primary(in_step, standby):
    show = make_show()
    in_step()
    standby.pause()
    book(show, 5)

    old, served = get(seats_path(show))
    assert served == {"replica"}
    new, served = get(f"{seats_path(show)}?min_version={version(old) + 1}")
    assert "primary" in served
    assert version(new) == version(old) + 1


def test_too_far_behind_it_is_not_asked(in_step, standby, watched, later, settings):
    show = make_show()
    in_step()
    standby.pause()
    book(show, 5)
    later(settings.REPLICA_MAX_LAG_SECONDS + 1)
    watched.look()

    assert get(seats_path(show))[1] == {"primary"}


def test_nothing_can_be_written_there(in_step):
    in_step()
    for _ in range(4):  # whichever session it is
        with pytest.raises(DatabaseError, match="read-only transaction"):
            Genre.objects.using(REPLICA).create(name="Noir")


def test_its_sessions_are_told_what_those_of_the_primary_are(in_step):
    in_step()
    for _ in range(4):
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('default_transaction_read_only'), current_setting('TimeZone')"
            )
            assert cursor.fetchone() == ("on", "UTC")


@pytest.mark.kills_servers
@pytest.mark.parametrize("way", ["stop", "freeze"])
def test_one_that_goes_behind_its_pooler_holds_nobody_up_for_long(way, standby, pooled, tmp_path):
    goes, returns = {"stop": (standby.stop, standby.start), "freeze": (standby.freeze, standby.thaw)}[way]
    assert_nobody_is_held_up(standby, pooled, tmp_path / "log", goes=goes, returns=returns)
