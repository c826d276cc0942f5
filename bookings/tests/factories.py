"""Valid rows for tests."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from bookings.models import Booking, Door, Order, Status
from bookings.services import Wish, confirm_order, hold_seats
from bookings.services.ledger import Actor, take
from movies.models import Show


def make_booking(show: Show, *, user: User | None = None, seat_number: int = 1, **fields: object) -> Booking:
    """A booking in any status, written as the ledger writes it. A hold lasts ten minutes."""
    user = user or make_user()
    status = fields.pop("status", Status.BOOKED)
    if status == Status.HELD:
        fields.setdefault("expires_at", timezone.now() + timedelta(minutes=10))
    with transaction.atomic():
        _, [booking] = take(
            Show.objects.lock(show.pk),
            user=user,
            prices={seat_number: fields.pop("price", show.price)},
            status=status,
            actor=Actor(user, Door.API),
            for_house=status == Status.BLOCKED,
            **fields,
        )
    return booking


def make_order(show: Show, *seat_numbers: int, user: User | None = None, status: str = Status.HELD) -> Order:
    """An order of these seats, on hold or BOOKED."""
    user = user or make_user()
    order = hold_seats(user=user, show_id=show.pk, wish=Wish(seat_numbers=seat_numbers))
    if status == Status.BOOKED:
        confirm_order(user=user, among=Order.objects.all(), reference=order.reference)
    return order


def let_expire(*orders: Order) -> None:
    """The time of these holds is over; nobody has noted it."""
    held = Booking.objects.filter(order__in=orders, status=Status.HELD)
    assert held.update(expires_at=timezone.now() - timedelta(milliseconds=1))
