"""Sessions of the Admin."""

from django.contrib.sessions.models import Session
from django.utils import timezone

from movie_booking.purging import delete_in_batches


def purge_sessions() -> int:
    """Delete sessions whose time is over, and return how many. Django's `clearsessions` does it for cron."""
    return delete_in_batches(Session.objects.filter(expire_date__lt=timezone.now()).order_by("expire_date"))
