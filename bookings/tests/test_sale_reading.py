"""What is read along with the lock decides as all seats of the show would, read after it."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.tests.factories import make_user
from bookings import services
from bookings.models import Booking
from bookings.services.inventory import SeatInventory
from bookings.tests.factories import by, hold, make_show_with_all_sorts
from movie_booking.errors import DomainError
from movies.models import Screen, Show

WHO = ["ada", "ben", "eve"]
NUMBERS = st.integers(1, 24) | st.sampled_from([-(2**63), -1, 0, 25, 6001, 2**31, 2**63])
ASKED = {"numbers": st.lists(NUMBERS, min_size=1, max_size=4, unique=True), "who": st.sampled_from(WHO)}


class Undone(Exception):
    pass


@pytest.fixture(params=[False, True], ids=["any seat", "no single seats"])
def show(request, db):
    """Seats of two customers and the house: booked, held, and held for too long."""
    ada, ben, _ = (make_user(name) for name in WHO)
    show = make_show_with_all_sorts(ada, ben)
    Screen.objects.update(no_single_seats=request.param)
    return show


def outcome(call):
    """What the caller gets and what is in the tables afterwards, which is undone."""
    found = []
    try:
        with transaction.atomic():
            try:
                call()
                found.append("done")
            except DomainError as refusal:
                found += [type(refusal), refusal.detail, refusal.extra]
            columns = ("seat_number", "status", "price", "user__username")
            found += [sorted(Booking.objects.values_list(*columns)), list(Show.objects.values("live_seats"))]
            raise Undone
    except Undone:
        return found


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(**ASKED)
def test_a_sale_is_decided_as_if_all_seats_had_been_read(show, settings, numbers, who):
    settings.MAX_SEATS_PER_SHOW = 4
    customer = User.objects.get(username=who)
    choice = services.SeatChoice(seat_numbers=numbers)
    asked = {"customer": customer, "actor": by(customer)}
    calls = [
        lambda: services.hold_seats(show.pk, choice, **asked),
        lambda: services.book_seat(show.pk, numbers[0], **asked),
    ]
    for call in calls:
        along = outcome(call)
        with pytest.MonkeyPatch.context() as patched:
            read_later = classmethod(lambda cls, show_id, numbers, customer: cls.lock(show_id))
            patched.setattr(SeatInventory, "lock_for_sale", read_later)
            assert along == outcome(call)


def test_what_is_over_meanwhile_counts_for_neither(show):
    Booking.objects.filter(seat_number__in=(17, 18)).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert hold(show, 17, 18).bookings.count() == 2
