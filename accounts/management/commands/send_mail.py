from typing import Any

from django.core.management import BaseCommand

from accounts.services import send_mails


class Command(BaseCommand):
    help = "Send the mails that are due."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Mails sent: {send_mails()}.")
