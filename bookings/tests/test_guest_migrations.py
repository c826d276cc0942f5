"""Orders of users stay as they were when orders of guests come, and none is left without a customer."""

import pytest
from django.db import IntegrityError, transaction

from accounts.tests.factories import make_user
from bookings.models import Guest, Order
from movie_booking.tests.migrations import migrate_to_latest, models_at
from movies.tests.factories import make_show


@pytest.fixture
def models_before(transactional_db):
    with models_at([("bookings", "0014_lists_by_time")]) as models:
        yield models


def test_orders_of_users_are_as_they_were_and_orders_of_nobody_are_refused(models_before):
    show, user = make_show(), make_user()
    terms = {"refund_tiers": "24:100", "cancel_cutoff_minutes": 0, "promised_starts_at": show.starts_at}
    model = models_before.get_model("bookings", "Order")
    model.objects.create(
        reference="ORDER1", user_id=user.pk, show_id=show.pk, promised_screen_id=show.screen_id, **terms
    )
    before = list(model.objects.values())

    migrate_to_latest()

    assert list(Order.objects.values(*before[0])) == before
    assert list(Order.objects.values_list("guest", "sold_by")) == [(None, None)]
    guest = Guest.objects.create(name="Ada")
    for customer in ({"user": None}, {"guest": guest}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Order.objects.update(**customer)
    assert Order.objects.update(user=None, guest=guest) == 1
    assert Order.objects.update(guest=None, sold_by=user) == 1
