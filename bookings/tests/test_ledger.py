"""The ledger: what it says it wrote is what the tables say, and who did it is who did it."""

from decimal import Decimal

import pytest
from django.db import transaction

from accounts.tests.factories import make_user
from bookings.models import Booking, Door, Order, SeatChange, Status
from bookings.services.ledger import Actor, take
from movies.models import Show
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db

PRICES = {7: Decimal("15.00"), 5: Decimal("10.00"), 6: Decimal("12.50")}


def take_seats(*, user, actor):
    with transaction.atomic():
        show = Show.objects.lock(make_show().pk)
        return take(show, user=user, prices=PRICES, status=Status.BOOKED, actor=actor)


def test_each_booking_that_is_returned_is_the_row_of_its_seat():
    user = make_user()

    order, bookings = take_seats(user=user, actor=Actor(user, Door.API))

    assert order == Order.objects.get()
    assert [booking.seat_number for booking in bookings] == [5, 6, 7]
    for booking in bookings:
        row = Booking.objects.get(pk=booking.pk)
        assert (row.order, row.seat_number, row.price) == (order, booking.seat_number, booking.price)


def test_history_names_who_did_it_and_not_for_whom():
    customer, staff = make_user(), make_user()

    take_seats(user=customer, actor=Actor(staff, Door.ADMIN))

    assert set(Booking.objects.values_list("user", flat=True)) == {customer.pk}
    assert set(SeatChange.objects.values_list("actor", "door")) == {(staff.pk, "ADMIN")}
