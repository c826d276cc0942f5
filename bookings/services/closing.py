"""Closing an account: what it bought stays, and what is to come stands in the way."""

from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from bookings.errors import OrdersToCome
from bookings.models import Booking, IdempotencyKey, OrderNote


def close_account(user: User, *, password: str | None = None, network: str | None = None) -> User:
    """Close an account for good and return it, anonymised. A user's own takes the password.

    Its orders and their history stay, and say no longer whose they are. Raises Invalid for another password,
    TooManyAttempts after many such from one network, StaffAccount, and OrdersToCome: without an account they
    could be neither cancelled nor exchanged, and nobody could be told that the show was moved.
    """
    if password is not None:
        accounts.refuse_other_password(user, password, network=network)
    with transaction.atomic():
        fresh = accounts.lock_to_close(user)
        if password is not None and fresh.password != user.password:  # it was changed meanwhile
            accounts.refuse_other_password(fresh, password)
        if orders := orders_to_come(fresh):
            raise OrdersToCome(orders=orders)
        IdempotencyKey.objects.filter(user=fresh).delete()  # with answers that were given
        OrderNote.objects.filter(order__user=fresh).delete()
        return accounts.anonymise(fresh)


def orders_to_come(user: User) -> list[str]:
    """Return the references of a user's orders that have seats of shows which have not begun."""
    now = timezone.now()
    live = Booking.objects.of_user(user).live(now).filter(show__starts_at__gt=now)
    references = live.order_by("order_id").values_list("order__reference", flat=True)
    return list(dict.fromkeys(references))
