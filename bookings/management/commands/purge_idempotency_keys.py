from typing import Any

from django.core.management import BaseCommand

from bookings.idempotency import purge_idempotency_keys


class Command(BaseCommand):
    help = "Delete the responses to requests with an Idempotency-Key that were kept long enough."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Responses deleted: {purge_idempotency_keys()}.")
