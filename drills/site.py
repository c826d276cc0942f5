"""All that an installation of two hosts has, on one machine: what buyers reach, and what is behind it.

Buyers reach HAProxy, which has two hosts of the API. The first reaches PostgreSQL through HAProxy, the second
through pgbouncer and HAProxy. HAProxy sends both to the server that leads.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import extensions

from drills.etcd import Etcd
from drills.haproxy import READY, HAProxy
from drills.hosts import ApiHost, environment
from drills.leader import WayToLeader
from drills.load import Buyer, Load, Seats
from drills.patroni import DATABASE, Cluster
from drills.pgbouncer import PgBouncer
from drills.processes import (
    HOST,
    ROOT,
    SERVICE_USER,
    DidNotHappen,
    end_all_in,
    let_services_in,
    undisturbed,
    wait_until,
)
from drills.record import Found
from movie_booking.tests.programs import find

SCREENS, SHOWS_OF_SCREEN, SEATS, USERS = 10, 12, 300, 500

SETUP = f"""
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken
from accounts.models import User
from movies.models import Cinema, Movie, Screen, Show
from movies.services import save_screen, schedule_show

call_command("migrate", verbosity=0)
users = User.objects.bulk_create(
    User(username=f"buyer{{n}}", email=f"buyer{{n}}@example.com", password="!") for n in range({USERS})
)
movie = Movie.objects.create(title="Casablanca", duration_minutes=102)
cinema = Cinema.objects.create(name="Roxy", time_zone="Europe/London")
for number in range(1, {SCREENS} + 1):
    screen = save_screen(Screen(cinema=cinema, name=f"Screen {{number}}"), total_seats={SEATS})
    for turn in range({SHOWS_OF_SCREEN}):
        starts_at = timezone.now() + timedelta(days=2, hours=4 * turn)
        schedule_show(movie=movie, screen=screen, starts_at=starts_at)
print(*Show.objects.order_by("starts_at", "pk").values_list("pk", flat=True))
for user in users:
    print(user.pk, AccessToken.for_user(user))
"""


class Site:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archive = folder / "archive"
        self.archive.mkdir()
        let_services_in(self.archive)
        self.etcd = Etcd(folder / "etcd")
        self.cluster = Cluster(folder, etcd=self.etcd, archive=self.archive)
        self.leader = WayToLeader(folder / "leader", self.cluster.nodes)

    @property
    def database_url(self) -> str:
        """Where the server that leads is found."""
        return url(self.leader.port)

    def start(self) -> None:
        """Start all of it, with shows on sale. Raises DidNotHappen."""
        self.etcd.start()
        self.leader.start()
        self.cluster.start()
        wait_until(self.answers, "a connection to the leader", 30)
        self.execute(f"CREATE DATABASE {DATABASE}", database="postgres")
        self.seats = put_on_sale(self.database_url)
        self._start_hosts()
        self.cluster.wait_until_whole()

    def _start_hosts(self) -> None:
        (self.folder / "pgbouncer").mkdir()
        self.pooler = PgBouncer(
            find("pgbouncer") or "pgbouncer",
            self.folder / "pgbouncer",
            {"*": {"host": HOST, "port": self.leader.port}},
            user="postgres",
            owner=SERVICE_USER,
            pool_mode="transaction",
            max_client_conn=500,
            server_login_retry=1,  # else it leaves a database alone for 15 seconds once a connection failed
        )
        self.direct_host = ApiHost(self.folder / "host-1", database_url=self.database_url, ready=READY)
        self.pooled_host = ApiHost(self.folder / "host-2", database_url=url(self.pooler.port), ready=READY)
        self.hosts = [self.direct_host, self.pooled_host]
        for host in self.hosts:
            host.begin()
        for host in self.hosts:
            host.wait_until_up()
        self.balancer = HAProxy(
            find("haproxy") or "haproxy",
            self.folder / "haproxy",
            hosts=[host.port for host in self.hosts],
            ready=READY,
            retries=3,
        )
        self.balancer.start()
        self.wait_until_balanced()

    def wait_until_balanced(self, seconds: float = 30) -> None:
        """Return when both hosts get requests. Raises DidNotHappen."""
        for host in self.hosts:
            wait_until(partial(self.balancer.has_in_service, host.port), "the return of a host", seconds)

    def wait_until_whole(self, seconds: float = 90) -> None:
        """Return when everything runs and is reached again. Raises DidNotHappen."""
        self.cluster.wait_until_whole(seconds)
        for host in self.hosts:
            host.wait_until_up(seconds)
        self.wait_until_balanced()

    def answers(self) -> bool:
        try:
            self.execute("SELECT 1", database="postgres")
        except psycopg2.Error:
            return False
        return True

    def load(self, port: int | None = None) -> Load:
        return Load(port or self.balancer.port, self.seats)

    # --- What the database says -------------------------------------------------------------------

    def rows(self, statement: str, *, database: str = DATABASE) -> list[tuple[Any, ...]]:
        """Return what the server that leads returns. Committed at once."""
        with connect(self.leader.port, database) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def execute(self, statement: str, *, database: str = DATABASE) -> None:
        self.rows(statement, database=database)

    def bookings(self) -> list[Found]:
        """Return all that stand."""
        rows = self.rows(
            "SELECT booking.id, reference, booking.show_id, seat_number, booking.user_id"
            " FROM bookings_booking booking JOIN bookings_order ON bookings_order.id = order_id"
            " WHERE booking.status = 'BOOKED'"
        )
        return [Found(booking, order, (show, seat), user) for booking, order, show, seat, user in rows]

    def check_seats(self) -> None:
        """Have the product compare counts, bookings and history. Raises DidNotHappen if they differ."""
        manage(self.database_url, "check_seats")

    def shows_that_differ(self) -> int:
        """Return of how many shows the count, the bookings and the history do not say the same."""
        [(number,)] = self.rows(
            """
            WITH live AS (
                SELECT show_id, count(*) AS seats FROM bookings_booking
                WHERE status IN ('HELD', 'BOOKED', 'BLOCKED') GROUP BY show_id
            ), last AS (
                SELECT DISTINCT ON (booking_id) booking_id, to_status FROM bookings_bookingevent
                ORDER BY booking_id, id DESC
            )
            SELECT count(*) FROM movies_show LEFT JOIN live ON live.show_id = movies_show.id
            WHERE live_seats <> coalesce(seats, 0) OR EXISTS (
                SELECT FROM bookings_booking booking LEFT JOIN last ON last.booking_id = booking.id
                WHERE booking.show_id = movies_show.id AND booking.status IS DISTINCT FROM to_status
            )
            """
        )
        return int(number)


def url(port: int, database: str = DATABASE) -> str:
    return f"postgres://postgres@{HOST}:{port}/{database}"


def put_on_sale(database_url: str) -> Seats:
    """Make the tables, the shows, and the accounts of those who buy."""
    lines = manage(database_url, "shell", "-v0", "-c", SETUP).splitlines()
    buyers = [Buyer(int(user), token) for user, token in (line.split() for line in lines[1:])]
    shows = [int(show) for show in lines[0].split()]
    return Seats(shows, SEATS, buyers, run=secrets.token_hex(4))


@contextmanager
def connect(port: int, database: str) -> Iterator[extensions.connection]:
    connection = psycopg2.connect(url(port, database), connect_timeout=5)
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def manage(database_url: str, *arguments: str) -> str:
    """Run a command of the product, and return what it prints. Raises DidNotHappen."""
    command, env = [sys.executable, "manage.py", *arguments], os.environ | environment(database_url)
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DidNotHappen(f"manage.py {arguments[0]} failed: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


@contextmanager
def open_site() -> Iterator[Site]:
    """Yield a site that sells; however this ends, nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="movie-booking-drill-"))
    folder.chmod(0o755)
    try:
        site = Site(folder)
        site.start()
        yield site
    finally:
        with undisturbed():
            end_all_in(folder)
            keep_logs(folder)
            shutil.rmtree(folder, ignore_errors=True)


def keep_logs(folder: Path) -> None:
    """Put what all parts said where it can be read afterwards, in the place of that of the last time."""
    kept = ROOT / ".drills" / "logs"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for log in folder.glob("*/log"):
        shutil.copy(log, kept / f"{log.parent.name}.log")
