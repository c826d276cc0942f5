from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from accounts.services import send_mails
from bookings.services import expire_holds
from movie_booking.housekeeping import Job, run


def jobs() -> list[Job]:
    return [
        Job("Freeing expired holds", expire_holds, settings.SWEEP_SECONDS),
        Job("Sending mails", send_mails, 1),
    ]


class Command(BaseCommand):
    help = "Do again and again what is to be done beside the server, while the parent of this process lives."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--beside", type=int, metavar="PID", help="The process that started it. Servers say so."
        )

    def handle(self, *args: Any, beside: int | None, **options: Any) -> None:
        run(jobs(), beside=beside)
