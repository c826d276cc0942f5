from typing import Any

from django.core.management import BaseCommand

from bookings.services import expire_holds


class Command(BaseCommand):
    help = "Expire the holds whose time is over. For the lists: the next buyer of a seat does it anyway."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Holds expired: {expire_holds()}.")
