"""The status of bookings and orders at a moment: what an object says is what the queries find."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import combinations

import pytest
from django.utils import timezone as django_timezone

from accounts.tests.factories import make_user
from bookings.models import LIVE, STATUS_PRECEDENCE, Booking, Order, Status
from bookings.queries import order_summary
from bookings.tests.factories import make_empty_order
from movies.tests.factories import make_show

pytestmark = pytest.mark.django_db

AT = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)
INSTANT = timedelta(microseconds=1)
EARLIER, LATER = AT - INSTANT, AT + INSTANT


def add_booking(order, seat_number, status, expires_at=None):
    return Booking.objects.create(
        order=order,
        show=order.show,
        user=order.user,
        seat_number=seat_number,
        status=status,
        price=10,
        is_house_seat=status == Status.BLOCKED,
        expires_at=expires_at,
        cancelled_at=AT if status == Status.CANCELLED else None,
    )


@pytest.fixture
def order():
    return make_empty_order(make_show(), make_user())


@pytest.mark.parametrize(
    ("status", "expires_at", "expected"),
    [
        (Status.HELD, EARLIER, Status.EXPIRED),
        (Status.HELD, AT, Status.EXPIRED),
        (Status.HELD, LATER, Status.HELD),
        # What is no hold does not expire, whatever its row says.
        *(
            (status, expires_at, status)
            for status in (Status.BOOKED, Status.BLOCKED, Status.CANCELLED, Status.EXPIRED)
            for expires_at in (None, EARLIER, AT, LATER)
        ),
    ],
)
def test_a_booking_has_the_status_by_which_it_is_found(order, status, expires_at, expected):
    booking = add_booking(order, 1, status, expires_at)

    assert booking.status_at(AT) == expected
    assert [each for each in Status if Booking.objects.with_status(each, AT).exists()] == [expected]
    assert booking.is_live(AT) == Booking.objects.live(AT).exists() == (expected in LIVE)
    is_over = status == Status.HELD and expected == Status.EXPIRED
    assert Booking.objects.expired_holds(AT).exists() == is_over
    assert Booking.objects.in_seat_index().exists() == (is_over or expected in LIVE)


# A hold that is over and still says HELD is a sixth kind of booking that an order can have.
KINDS = {str(status): (status, LATER if status == Status.HELD else None) for status in STATUS_PRECEDENCE}
KINDS["HELD, over"] = (Status.HELD, AT)
COMBINATIONS = [kinds for size in range(len(KINDS) + 1) for kinds in combinations(KINDS, size)]


@pytest.mark.parametrize("kinds", COMBINATIONS, ids=lambda kinds: "+".join(kinds) or "none")
def test_an_order_has_the_status_by_which_it_is_found(order, kinds):
    for seat_number, kind in enumerate(kinds, 1):
        add_booking(order, seat_number, *KINDS[kind])

    summary = order_summary(order.bookings.all(), AT)

    assert [each for each in Status if Order.objects.with_status(each, AT).exists()] == [summary.status]
    # Written out, so as not to ask the code for its precedence.
    has = {"EXPIRED" if kind == "HELD, over" else kind for kind in kinds}
    expected = next((s for s in ("HELD", "BOOKED", "BLOCKED", "EXPIRED") if s in has), "CANCELLED")
    assert summary.status == expected
    assert summary.total == Decimal("10.00") * len(has & {"HELD", "BOOKED", "BLOCKED"})
    assert summary.expires_at == (LATER if "HELD" in has else None)


def test_the_status_of_an_order_follows_from_its_own_bookings_only(order):
    other = make_empty_order(order.show, order.user)
    add_booking(order, 1, Status.BOOKED)
    add_booking(other, 2, Status.HELD, LATER)

    assert list(Order.objects.with_status(Status.BOOKED, AT)) == [order]
    assert list(Order.objects.with_status(Status.HELD, AT)) == [other]


@pytest.mark.parametrize(("at", "expected"), [(EARLIER, Status.HELD), (AT, Status.EXPIRED)])
def test_without_a_moment_it_is_the_status_now(order, at, expected, monkeypatch):
    booking = add_booking(order, 1, Status.HELD, AT)
    monkeypatch.setattr(django_timezone, "now", lambda: at)

    assert booking.status_at() == expected
    assert list(Booking.objects.with_status(expected)) == [booking]
    assert list(Order.objects.with_status(expected)) == [order]
    assert booking.is_live() == Booking.objects.live().exists() == (expected == Status.HELD)
