"""An account takes over what its owner bought as a guest."""

from django.db import transaction

from accounts.models import User
from bookings.access_keys import opens
from bookings.errors import EmailNotVerified
from bookings.models import Booking, Guest, Order
from bookings.services.inventory import SeatInventory
from movie_booking.errors import NotFound


def claim_order(reference: str, access_key: str, *, user: User) -> list[str]:
    """Make the user the customer of what this key opens; return the references of the orders, oldest first.

    The key opens nothing after that, and what the guest said of themselves is forgotten. No limit counts:
    the seats are the user's already. Raises NotFound for a key that does not open the order.
    """
    orders = Order.objects.with_reference(reference).filter(guest__isnull=False).select_related("guest")
    for order in orders:
        is_open = order.guest and opens(access_key, order.guest.access_key_hash)
        if order.guest and is_open and (claimed := _claim(order.guest, user)):
            return claimed
    raise NotFound


def claim_orders_by_email(user: User) -> list[str]:
    """The same for all that guests bought with the user's e-mail address. Raises EmailNotVerified."""
    if user.email_verified_at is None or not user.email:
        raise EmailNotVerified
    guests = Guest.objects.filter(email_folded=user.email).order_by("pk")
    return [reference for guest in guests for reference in _claim(guest, user)]


def _claim(guest: Guest, user: User) -> list[str]:
    """Claim what a guest has; nothing, if another account just did.

    Once more, if they have exchanged seats for those of another show meanwhile.
    """
    while True:
        shows = _shows_of(guest)
        with transaction.atomic():
            # Seats of customers are counted under these locks.
            SeatInventory.lock_all(shows)
            # Waits for whoever is making an order of the guest, which refers to this row.
            list(Guest.objects.select_for_update().filter(pk=guest.pk).values_list("pk"))
            if _shows_of(guest) == shows:
                return _hand_over(guest, user)


def _shows_of(guest: Guest) -> set[int]:
    return set(Order.objects.filter(guest=guest).order_by().values_list("show_id", flat=True))


def _hand_over(guest: Guest, user: User) -> list[str]:
    orders = Order.objects.filter(guest=guest).order_by("pk")
    found = list(orders.values_list("pk", "reference"))
    ids = [pk for pk, _ in found]
    Booking.objects.filter(order__in=ids).update(user=user)
    Order.objects.filter(pk__in=ids).update(user=user, guest=None)
    Guest.objects.filter(pk=guest.pk).delete()
    return [reference for _, reference in found]
