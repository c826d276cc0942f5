"""What happens while a show is locked, and right after its seats were read."""

import time
from collections.abc import Callable, Mapping
from threading import Barrier, BrokenBarrierError, Event
from typing import Any

from django.db import connection, transaction
from django.utils.functional import cached_property

from bookings.rows import ORDER_ROWS, show_for_sale
from bookings.services import inventory, joint_inventory
from bookings.services.inventory import SeatInventory
from bookings.services.joint_inventory import JointInventory
from movie_booking import for_each
from movie_booking.composed import ComposedQuery
from movie_booking.tests.concurrency import run_concurrently
from movies.models import Show, ShowQuerySet
from movies.models.shows import LOCKED_SHOW, show_to_lock

# As if each of several shows could be had.
LOCK_NOTHING = "SELECT set_config('movie_booking.locked', string_agg(value_0::text, ' '), true) FROM {wanted}"


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

    def read_then(locked: SeatInventory) -> Any:
        rows = read(locked)
        then({number: status for _, number, status, *_ in rows})
        return rows

    patched = cached_property(read_then)
    patched.__set_name__(SeatInventory, "_rows")
    monkeypatch.setattr(SeatInventory, "_rows", patched)

    lock_and_read = SeatInventory.lock_for_sale.__func__

    def lock_and_read_then(cls: type[SeatInventory], *asked: Any) -> SeatInventory:
        locked = lock_and_read(cls, *asked)
        if locked._sale:
            then({number: status for _, number, status, *_ in locked._sale.rows})
        return locked

    monkeypatch.setattr(SeatInventory, "lock_for_sale", classmethod(lock_and_read_then))

    lock_several = JointInventory.lock_for_each

    def lock_several_then(wanted: Any) -> dict[int, JointInventory]:
        locked = lock_several(wanted)
        rows = [row for each in locked.values() for row in each._sale.rows]
        if len(locked) == len(wanted):
            then({number: status for _, number, status, *_ in rows})
        return locked

    monkeypatch.setattr(JointInventory, "lock_for_each", lock_several_then)


def meet_after_the_check(monkeypatch: Any, patience: float, *, buyers: int | None = None) -> list[bool]:
    """Have two buyers wait for each other when both have found seat 5 free, before either books it.

    Returns a list that fills with whether they met; of the first so many, if it is said.
    """
    meeting, met = Barrier(2), list[bool]()

    def meet(occupied: Any) -> None:
        if len(met) == buyers:
            return
        try:
            meeting.wait(patience)
            met.append(not occupied)
        except BrokenBarrierError:
            met.append(False)

    after_reading_the_seats(monkeypatch, meet)
    return met


def before_locking(monkeypatch: Any, then: Callable[[int], None]) -> None:
    """Have every service do this with the id of a show before it locks it, whatever it reads along."""
    lock = ShowQuerySet.lock

    def lock_show(shows: ShowQuerySet, show_id: int) -> Show:
        then(show_id)
        return lock(shows, show_id)

    monkeypatch.setattr(ShowQuerySet, "lock", lock_show)
    for name in ("lock_order", "lock_for_sale"):
        monkeypatch.setattr(SeatInventory, name, classmethod(_with_id(SeatInventory, name, then)))


def _with_id(owner: Any, name: str, then: Callable[[int], None]) -> Callable[..., Any]:
    method = owner.__dict__[name].__func__

    def call(cls: Any, show_id: int, *more: Any) -> Any:
        then(show_id)
        return method(cls, show_id, *more)

    return call


def without_the_lock(monkeypatch: Any) -> None:
    """Have shows read as ever, but not locked before."""
    unlocked = ComposedQuery(LOCKED_SHOW.build)
    monkeypatch.setattr(ShowQuerySet, "lock", lambda self, show_id: unlocked(show_id)[0])
    unlocked_all = lambda self, ids: list(self.with_details().filter(pk__in=ids).order_by("pk"))  # noqa: E731
    monkeypatch.setattr(ShowQuerySet, "lock_all", unlocked_all)
    monkeypatch.setattr(inventory, "SHOW_FOR_SALE", ComposedQuery(show_for_sale, int, int, int, int))
    monkeypatch.setattr(inventory, "ORDER_ROWS", ComposedQuery(ORDER_ROWS.build, int, int))
    monkeypatch.setattr(for_each, "LOCK_FOR_EACH", LOCK_NOTHING)
    composed_anew = ComposedQuery(show_for_sale, int, int, int, int, after=show_to_lock)
    monkeypatch.setattr(joint_inventory, "SHOW_FOR_SALE", composed_anew)


def wait_for_a_waiting_transaction() -> None:
    """Return once PostgreSQL says that a transaction waits for the lock of another."""
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute("SELECT count(*), pg_sleep(0.02) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("No transaction waits for a lock.")
