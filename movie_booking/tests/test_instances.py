"""What is made without `Model.__init__` is what that would have made."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.tests.factories import make_user
from bookings.models import Booking, Guest, Order, Status
from bookings.tests.factories import make_guest, make_order
from movie_booking.instances import NewInstances
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db


def orders():
    show = make_show()
    terms = {"show": show, "promised_screen": show.screen, "promised_starts_at": show.starts_at}
    yield {"user": make_user(), "guest": None, "sold_by": None, "machine_id": None, **terms}
    yield {"user": None, "guest": make_guest(), "created_at": timezone.now() - timedelta(days=1), **terms}
    yield {
        "user": None,
        "guest": Guest(email="a@example.com"),
        "sold_by": make_user(),
        "machine_id": 7,
        **terms,
    }
    yield {"show": show, "refund_tiers": [[24, 100]], "cancel_cutoff_minutes": 90, "show_version": 3}


def bookings():
    order = make_order(make_show(), 1)
    yield {
        "order": order,
        "show": order.show,
        "user_id": order.user_id,
        "seat_number": 2,
        "price": Decimal(8),
    }
    yield {"show": order.show, "status": Status.HELD, "expires_at": timezone.now(), "is_house_seat": True}


@pytest.mark.parametrize(("model", "all_values"), [(Order, orders), (Booking, bookings)])
def test_they_are_what_the_model_makes(model, all_values):
    make = NewInstances(model)
    for values in all_values():
        made, usual = make(**values), model(**values)
        for name in {name for name, _ in make.made_anew} - set(values):  # a moment, a random reference
            assert type(made.__dict__.pop(name)) is type(usual.__dict__.pop(name))
        states = [vars(each.__dict__.pop("_state")) for each in (made, usual)]
        assert states[0] == states[1]
        assert made.__dict__ == usual.__dict__


def test_no_two_have_the_same_reference():
    make = NewInstances(Order)
    assert len({make().reference for _ in range(50)}) == 50


def test_they_can_be_saved():
    order = make_order(make_show(), 1)
    booking = NewInstances(Booking)(
        order=order, show=order.show, user_id=order.user_id, seat_number=2, price=Decimal("8.50")
    )

    booking.save(force_insert=True)

    assert Booking.objects.get(pk=booking.pk).seat_number == 2
