"""How long is kept who somebody was, once nothing needs it any longer."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.services import drop_old_mails

DAYS_OF_A_MONTH = 30.4375  # on the average


def retention_horizon() -> datetime | None:
    """Return before which moment something has to be over for its people to be forgotten; None for never."""
    if not settings.RETENTION_MONTHS:
        return None
    return timezone.now() - timedelta(days=settings.RETENTION_MONTHS * DAYS_OF_A_MONTH)


def forget_old_contacts() -> int:
    """Forget contact data that nothing needs any longer, and return how many rows that were.

    An account is anonymised when it is closed, and needs nothing here. A mail that could not be sent has its
    own time, which is shorter.
    """
    return drop_old_mails()
