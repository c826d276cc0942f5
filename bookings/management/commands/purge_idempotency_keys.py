from typing import Any

from django.core.management import BaseCommand

from bookings.services import purge_idempotency_keys


class Command(BaseCommand):
    help = "Forget the answers to requests with an Idempotency-Key that were kept long enough."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Answers forgotten: {purge_idempotency_keys()}.")
