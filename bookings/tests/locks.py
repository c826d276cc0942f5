"""What happens while a show is locked, and right after its seats were read."""

import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from django.db import connection, transaction
from django.utils.functional import cached_property

from bookings.services.inventory import SeatInventory
from movie_booking.tests.concurrency import run_concurrently
from movies.models import Show


def while_show_is_locked(show: Show, call: Callable[[], Any]) -> Any:
    """Call it on PostgreSQL while another transaction has the lock of the show for longer than one waits."""
    locked, release = Event(), Event()

    def hold_the_lock() -> None:
        with transaction.atomic():
            Show.objects.lock(show.pk)
            locked.set()
            assert release.wait(timeout=20)

    def wait() -> Any:
        assert locked.wait(timeout=10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        try:
            return call()
        finally:
            release.set()

    _, result = run_concurrently(hold_the_lock, wait)
    return result


def wait_until_one_waits_for_a_show(patience: float = 4) -> int:
    """How many connections PostgreSQL itself lists as waiting for the lock of a show, once one does."""
    until = time.monotonic() + patience
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock' AND query LIKE '%movies_show%'"
            )
            [waiting] = cursor.fetchone()
        if waiting or time.monotonic() > until:
            return waiting
        time.sleep(0.02)


def after_reading_the_seats(monkeypatch: Any, then: Callable[[Mapping[int, str]], None]) -> None:
    """Have every service do this when it has read which seats are occupied, before it goes on."""
    read = SeatInventory.__dict__["_rows"].func

    def read_then(inventory: SeatInventory) -> Any:
        rows = read(inventory)
        then({number: status for _, number, status, *_ in rows})
        return rows

    patched = cached_property(read_then)
    patched.__set_name__(SeatInventory, "_rows")
    monkeypatch.setattr(SeatInventory, "_rows", patched)


def wait_for_a_waiting_transaction() -> None:
    """Return once PostgreSQL says that a transaction waits for the lock of another."""
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute("SELECT count(*), pg_sleep(0.02) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("No transaction waits for a lock.")
