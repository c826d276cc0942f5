"""Hosts that start at once, or before their database does, and what `migrate` says meanwhile."""

import time
from contextlib import nullcontext, suppress
from functools import partial
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.signals import pre_migrate

from bookings.models import Booking
from movie_booking.management.commands import migrate as command
from movie_booking.postgresql.migrating import LONGEST_PAUSE, alone, wait_for_database
from movie_booking.tests.concurrency import run_concurrently
from movie_booking.tests.migrations import models_at
from movie_booking.tests.poolers import led

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("real_transactions")]

LAST = ("bookings", "0021_machines_in_background")
BEFORE_LAST = [("bookings", "0020_machines")]


@pytest.fixture
def pauses(monkeypatch):
    """Time passes by pauses alone: a list. What is in `then` is done once as many seconds are over."""

    class Pauses(list):
        then = None

        def sleep(self, seconds):
            self.append(seconds)
            if self.then and sum(self) >= self.then[0]:
                self.then[1]()
                self.then = None

    pauses = Pauses()
    monkeypatch.setattr(time, "sleep", pauses.sleep)
    monkeypatch.setattr(time, "monotonic", lambda: float(sum(pauses)))
    return pauses


def test_it_waits_for_a_database_with_growing_pauses_and_a_line_a_minute(pauses):
    said = []
    known = dict(connection.settings_dict)
    with led(HOST="127.0.0.1", PORT=1):
        pauses.then = 150, partial(connection.settings_dict.update, known)
        wait_for_database(connection, lambda line: said.append((sum(pauses), line)))

    assert list(pauses) == sorted(pauses)
    assert (pauses[0] < 1, pauses[-1]) == (True, LONGEST_PAUSE)
    assert [seconds // 60 for seconds, _ in said] == [0, 1, 2]
    assert said[0][0] == 0
    assert all("Waiting for the database: " in line and "Connection refused" in line for _, line in said)


def test_it_waits_for_one_that_takes_writes(pauses):
    said = []
    read_only = {"options": "-c default_transaction_read_only=on"}
    known = dict(connection.settings_dict)
    with led(OPTIONS={**connection.settings_dict["OPTIONS"], **read_only}):
        pauses.then = 20, partial(connection.settings_dict.update, known)
        wait_for_database(connection, said.append)

    assert said == ["Waiting for the database: It takes no writes."]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"NAME": "nowhere"}, 'database "nowhere" does not exist'),
        ({"USER": "nobody"}, "role .nobody. does not"),
    ],
)
def test_what_waiting_does_not_change_is_told_at_once(pauses, changes, reason):
    with led(**changes), pytest.raises(CommandError, match=reason):
        call_command("migrate", verbosity=0)

    assert list(pauses) == []


def test_it_waits_while_another_host_migrates(pauses):
    other, stderr = connection.copy(), StringIO()
    other.ensure_connection()
    migrating = alone(other, print)
    migrating.__enter__()
    pauses.then = 90, partial(migrating.__exit__, None, None, None)

    call_command("migrate", verbosity=0, stderr=stderr)

    other.close()
    assert sum(pauses) >= 90
    assert stderr.getvalue() == "Another host migrates this database. Waiting for it.\n" * 2


def test_the_lock_is_let_go_of_whatever_happens():
    with suppress(ZeroDivisionError), alone(connection, print):
        raise ZeroDivisionError
    other = connection.copy()
    other.ensure_connection()
    with alone(other, print):  # which would wait for ever
        pass
    other.close()


def migrate():
    call_command("migrate", verbosity=0, stderr=StringIO())


def times_applied():
    return MigrationRecorder.Migration.objects.filter(app=LAST[0], name=LAST[1]).count()


def test_hosts_that_start_at_once_on_an_older_schema_all_come_up():
    with models_at(BEFORE_LAST):
        assert times_applied() == 0
        assert run_concurrently(*[migrate] * 5) == [None] * 5
        assert times_applied() == 1
        assert Booking.objects.count() == 0


def test_without_the_lock_they_do_not(monkeypatch):
    monkeypatch.setattr(command, "alone", lambda *args: nullcontext())
    both_know_what_to_do = Barrier(2)

    def meet(sender, **kwargs):
        if sender.label == "bookings":
            both_know_what_to_do.wait(timeout=30)

    pre_migrate.connect(meet)
    try:
        with models_at(BEFORE_LAST):
            results = run_concurrently(migrate, migrate)
            assert results != [None] * 2 or times_applied() == 2
    finally:
        pre_migrate.disconnect(meet)
