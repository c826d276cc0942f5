"""A pgbouncer before the database of the tests, and connections that go through it."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from drills.pgbouncer import PgBouncer
from movie_booking.tests.programs import require

PASSWORD = "a/b@c:%d,e"


def start_pgbouncer(**elsewhere):
    """With two sessions for all clients, used in turn: what one leaves behind, the next would find.

    It leads to the database of the tests, or to another host.
    """
    params = connection.get_connection_params() | elsewhere
    host = params.get("host") or "127.0.0.1"
    target = {"host": host, "port": params.get("port") or 5432, "dbname": params["dbname"], "pool_size": 2}
    target |= {name: params[name] for name in ("user", "password") if params.get(name)}
    databases = {mode: {**target, "pool_mode": mode} for mode in ("session", "transaction", "statement")}
    databases["session"]["pool_size"] = 10
    return PgBouncer(
        require("pgbouncer"),
        Path(tempfile.mkdtemp(prefix="movie-booking-pgbouncer-")),
        databases,
        user="cinema",
        password=PASSWORD,
        owner=Path(host).owner() if host.startswith("/") else "nobody",
        server_round_robin=1,
        server_login_retry=1,  # seconds until it tries again, after a database that was away
    )


def stop(pgbouncer):
    pgbouncer.kill()
    shutil.rmtree(pgbouncer.folder)


@contextmanager
def led(**changes):
    """Lead the connections of the tests elsewhere: other settings of `DATABASES`."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(changes)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def address(pgbouncer, mode):
    return f"postgres://cinema:{quote(PASSWORD, safe='')}@127.0.0.1:{pgbouncer.port}/{mode}"


def through(pgbouncer, mode, **changes):
    return led(HOST="127.0.0.1", PORT=pgbouncer.port, NAME=mode, USER="cinema", PASSWORD=PASSWORD, **changes)
