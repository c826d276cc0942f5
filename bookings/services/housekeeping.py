"""What is done beside the server is done by one process at a time, however many hosts have one.

It has a row of the database for some seconds, and renews it while it lives. No lock is held meanwhile: that
would take a transaction as long as the work, or a session, which a pooler does not give.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from django.db import DatabaseError
from django.db.models import DateTimeField, ExpressionWrapper, Q
from django.db.models.functions import Now
from django.utils import timezone

from bookings.models import HousekeepingLead, HousekeepingRun

# For how long the lead is had. Another process has it so long after its holder died.
LEAD = timedelta(seconds=15)
# A task that is done more often than this is noted no more often, unless there was something to do.
NOTED = timedelta(minutes=1)


class Task(NamedTuple):
    """What is done, and how many seconds after it was done it is done again. It returns how many it did."""

    name: str
    work: Callable[[], int]
    seconds: float

    @property
    def is_frequent(self) -> bool:
        """Whether it is done each time that it is asked for, without a look at when it was done."""
        return self.seconds < NOTED.total_seconds()

    @property
    def due_again(self) -> timedelta:
        return max(NOTED, timedelta(seconds=self.seconds))


class Lead:
    """The right of this process to do the tasks. All are safe in parallel: for a moment two may have it."""

    def __init__(self) -> None:
        self._holder = uuid4().hex
        self._until = float("-inf")  # by the clock of this process
        self._noted: dict[str, float] = {}

    @property
    def is_ours(self) -> bool:
        return time.monotonic() < self._until

    def renew(self) -> None:
        """Have the lead for a while, if it is ours already, or nobody's."""
        asked_at = time.monotonic()
        won = self._claim()
        if not won and not HousekeepingLead.objects.exists():
            first = HousekeepingLead(holder="", until=timezone.now() - LEAD)
            HousekeepingLead.objects.bulk_create([first], ignore_conflicts=True)
            won = self._claim()
        self._until = asked_at + LEAD.total_seconds() if won else float("-inf")

    def _claim(self) -> bool:
        until = ExpressionWrapper(Now() + LEAD, output_field=DateTimeField())
        free = HousekeepingLead.objects.filter(Q(holder=self._holder) | Q(until__lte=Now()))
        return free.update(holder=self._holder, until=until) == 1

    def give_up(self) -> None:
        """Leave the lead to another process, which has it at its next attempt."""
        self._until = float("-inf")
        HousekeepingLead.objects.filter(holder=self._holder).update(holder="", until=Now())

    def do(self, task: Task) -> bool:
        """Do a task if it is due, and note what came of it; return False if another process has the lead.

        Raises what the task raises.
        """
        if not self.is_ours:
            return False
        if not (task.is_frequent or is_due(task)):
            return True
        started_at = timezone.now()
        try:
            count = task.work()
        except Exception as error:
            with suppress(DatabaseError):  # which may be what failed
                _note_failure(task, error)
            raise
        now = time.monotonic()
        since = now - self._noted.get(task.name, float("-inf"))
        if count or not task.is_frequent or since >= NOTED.total_seconds():
            _note(task, started_at, count)
            self._noted[task.name] = now
        return True

    def forget_others(self, tasks: list[Task]) -> None:
        """Forget when tasks were done that are done no longer, or they would count as late for ever."""
        if self.is_ours:
            HousekeepingRun.objects.exclude(name__in=[task.name for task in tasks]).delete()


def is_due(task: Task) -> bool:
    return not HousekeepingRun.objects.filter(name=task.name, due_at__gt=timezone.now()).exists()


def _note(task: Task, started_at: datetime, count: int) -> None:
    finished_at = timezone.now()
    _save(
        task,
        started_at=started_at,
        finished_at=finished_at,
        count=count,
        due_at=finished_at + task.due_again,
        failed_at=None,
        error="",
    )


def _note_failure(task: Task, error: Exception) -> None:
    """When it was done last, and is due, remains."""
    now = timezone.now()
    failure = {"failed_at": now, "error": type(error).__name__[:100]}
    if not HousekeepingRun.objects.filter(name=task.name).update(**failure):
        _save(task, due_at=now, **failure)


def _save(task: Task, **fields: Any) -> None:
    HousekeepingRun.objects.bulk_create(
        [HousekeepingRun(name=task.name, **fields)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=list(fields),
    )
