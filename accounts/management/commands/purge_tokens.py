from typing import Any

from django.core.management import BaseCommand

from accounts.services import purge_tokens


class Command(BaseCommand):
    help = "Forget the log-ins whose last refresh token has expired."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Log-ins forgotten: {purge_tokens()}.")
