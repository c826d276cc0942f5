"""How long is kept who somebody was, once nothing needs it any longer."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.services import drop_old_mails
from bookings.services.guests import anonymise_guests

DAYS_OF_A_MONTH = 30.4375  # on the average


def retention_horizon() -> datetime | None:
    """Return before which moment something has to be over for its people to be forgotten; None for never."""
    if not settings.RETENTION_MONTHS:
        return None
    return timezone.now() - timedelta(days=settings.RETENTION_MONTHS * DAYS_OF_A_MONTH)


def forget_old_contacts() -> int:
    """Forget contact data that nothing needs any longer, and return how many rows that were.

    An account is anonymised when it is closed, and needs nothing here; a guest, when the shows are so long
    over. A mail that could not be sent has its own time, which is shorter.
    """
    horizon = retention_horizon()
    return drop_old_mails() + (anonymise_guests(horizon) if horizon else 0)
