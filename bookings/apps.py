from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from bookings.refunds import parse_tiers


class BookingsConfig(AppConfig):
    name = "bookings"

    def ready(self) -> None:
        """Refuse to start with a cancellation policy that makes no sense."""
        try:
            parse_tiers(settings.REFUND_TIERS)
        except ValueError as error:
            raise ImproperlyConfigured(f"REFUND_TIERS: {error}") from error
