from typing import Any

from django.core.management import BaseCommand

from bookings.services import forget_old_contacts


class Command(BaseCommand):
    help = "Forget contact data that nothing needs any longer: see RETENTION_MONTHS."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Contacts forgotten: {forget_old_contacts()}.")
