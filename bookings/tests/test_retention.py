"""How long contact data are kept."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import OutgoingMail
from accounts.services import request_password_reset
from bookings.services.retention import retention_horizon


def anonymise():
    output = StringIO()
    call_command("anonymise", stdout=output)
    return output.getvalue()


@pytest.mark.django_db
def test_mails_that_could_not_be_sent_are_forgotten_after_a_day():
    for hours in (23, 25):
        request_password_reset(email=f"{hours}@example.com")
        created_at = timezone.now() - timedelta(hours=hours)
        OutgoingMail.objects.filter(address=f"{hours}@example.com").update(created_at=created_at)

    assert anonymise() == "Contacts forgotten: 1.\n"
    assert anonymise() == "Contacts forgotten: 0.\n"
    assert OutgoingMail.objects.get().address == "23@example.com"


@pytest.mark.parametrize(("months", "days"), [(1, 30), (12, 365), (24, 730)])
def test_months_are_counted_back_from_now(settings, months, days):
    settings.RETENTION_MONTHS = months

    assert (timezone.now() - retention_horizon()).days == days


def test_zero_months_is_for_ever(settings):
    settings.RETENTION_MONTHS = 0

    assert retention_horizon() is None
