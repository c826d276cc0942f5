from argparse import ArgumentParser
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand
from django.db import DatabaseError, connection

from accounts.attempts import purge_password_failures
from accounts.services import purge_sessions, purge_tokens, send_mails
from bookings.idempotency import purge_idempotency_keys
from bookings.models import HousekeepingRun
from bookings.services import expire_holds, forget_old_contacts
from bookings.services.housekeeping import Lead, Task
from movie_booking.housekeeping import Job, run

RENEW_SECONDS = 5  # a third of the time for which the lead is had
LOOK_SECONDS = 60.0  # how often it is looked whether what is done now and then is due
PATIENCE_SECONDS = 1.0  # the end does not wait for a database that is away
HOUR, DAY = 3600.0, 86_400.0


def tasks() -> list[Task]:
    return [
        Task("Freeing expired holds", expire_holds, settings.SWEEP_SECONDS),
        Task("Sending mails", send_mails, 1),
        Task("Deleting responses kept for Idempotency-Key", purge_idempotency_keys, HOUR),
        Task("Forgetting log-ins that expired", purge_tokens, HOUR),
        Task("Deleting sessions that expired", purge_sessions, HOUR),
        Task("Forgetting wrong passwords", purge_password_failures, HOUR),
        Task("Forgetting contact data", forget_old_contacts, DAY),
    ]


def jobs(lead: Lead, tasks: list[Task]) -> list[Job]:
    """Return what this process does: it tries to have the lead, and while it has, does what is due."""

    def lead_on() -> None:
        had_it = lead.is_ours
        lead.renew()
        if not had_it:
            lead.forget_others(tasks)

    return [
        Job("Being the only one", lead_on, RENEW_SECONDS),
        *(Job(task.name, partial(lead.do, task), min(task.seconds, LOOK_SECONDS)) for task in tasks),
    ]


class Command(BaseCommand):
    help = (
        "Do again and again what is to be done beside the server, while the parent of this process lives. "
        "Of all such processes of one database one does it, and the others stand by."
    )
    # They would load the views, which it has no use for: a fifth of its start, and 13 MB of 89.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--beside", type=int, metavar="PID", help="The process that started it. Servers say so."
        )
        parser.add_argument("--show", action="store_true", help="Only say when each task was done last.")

    def handle(self, *args: Any, beside: int | None, show: bool, **options: Any) -> None:
        if show:
            for each in HousekeepingRun.objects.order_by("name"):
                self.stdout.write(str(each))
            return
        lead = Lead()
        run(jobs(lead, tasks()), beside=beside)
        if lead.is_ours:
            last = Thread(target=give_up, args=(lead,), daemon=True)
            last.start()
            last.join(PATIENCE_SECONDS)


def give_up(lead: Lead) -> None:
    with suppress(DatabaseError):  # or another process has it when its time is over
        lead.give_up()
    connection.close()
