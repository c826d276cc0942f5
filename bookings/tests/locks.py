"""Somebody else who has the lock of a show."""

from collections.abc import Callable
from threading import Event
from typing import Any

from django.db import connection, transaction

from movie_booking.tests.races import at_once
from movies.models import Show


def waiting_in_vain(show: Show, call: Callable[[], Any]) -> Any:
    """Call it on PostgreSQL while the show is locked by somebody else for longer than one waits."""
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

    _, result = at_once(hold_the_lock, wait)
    return result
