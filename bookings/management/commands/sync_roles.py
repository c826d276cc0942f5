from typing import Any

from django.core.management import BaseCommand

from accounts.actors import Actor, Channel
from bookings.services.roles import sync_roles


class Command(BaseCommand):
    help = (
        "Make the roles of staff what the table in bookings/roles.py says. `migrate` does so too; to run it"
        " again is safe."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        changes = sync_roles(actor=Actor(None, Channel.COMMAND))
        for change in changes:
            self.stdout.write(change)
        self.stdout.write(self.style.SUCCESS(f"Roles changed: {len(changes)}."))
