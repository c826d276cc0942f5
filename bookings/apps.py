from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models.signals import post_migrate

from bookings.refunds import parse_tiers


class BookingsConfig(AppConfig):
    name = "bookings"

    def ready(self) -> None:
        """Refuse to start with a cancellation policy that makes no sense."""
        try:
            parse_tiers(settings.REFUND_TIERS)
        except ValueError as error:
            raise ImproperlyConfigured(f"REFUND_TIERS: {error}") from error
        # As Django makes permissions: a role gets a new one with the upgrade that brings it.
        post_migrate.connect(sync_roles_after_migrate, sender=self)


def sync_roles_after_migrate(apps: Any = installed, plan: Any = None, **_: Any) -> None:
    from accounts.actors import Actor, Channel  # models are there only once all apps are
    from bookings.services.roles import sync_roles

    # `flush` sends the signal too, without a plan; and an operator may go back to before there were roles.
    if plan is not None and "staffrole" in apps.all_models["movies"]:
        sync_roles(actor=Actor(None, Channel.COMMAND))
