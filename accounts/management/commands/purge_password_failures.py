from typing import Any

from django.core.management import BaseCommand

from accounts.attempts import purge_password_failures


class Command(BaseCommand):
    help = "Forget wrong passwords whose time is over."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Counts of wrong passwords forgotten: {purge_password_failures()}.")
