import os
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand
from django.db import DatabaseError, close_old_connections

from bookings.services import expire_holds


class Command(BaseCommand):
    help = "Expire the holds whose time is over. For the lists: the next buyer of a seat does it anyway."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every",
            type=float,
            nargs="?",
            const=settings.SWEEP_SECONDS,
            metavar="SECONDS",
            help="Go on that often (SWEEP_SECONDS), while its parent lives.",
        )

    def handle(self, *args: Any, every: float | None, **options: Any) -> None:
        if every is None:
            self.stdout.write(f"Holds expired: {expire_holds()}.")
            return
        parent = os.getppid()
        while os.getppid() == parent:  # the process that started it is still there
            try:
                if expired := expire_holds():
                    self.stdout.write(f"Holds expired: {expired}.")
            except DatabaseError as error:
                # The database is away or the show is busy; the next round does what this one left.
                self.stderr.write(f"Try again in {every:g} seconds: {error}")
            close_old_connections()
            time.sleep(every)
