"""How many seats of a show, and how many orders on hold, a customer may have."""

from django.conf import settings

from accounts.models import User
from bookings.errors import TooManyHolds, TooManySeats
from bookings.models import HELD, Order, is_over
from bookings.rows import HOLDS_OF_USER
from bookings.services.inventory import SeatInventory


def refuse_too_many_seats(inventory: SeatInventory, customer: User, seats: int) -> None:
    """Raises TooManySeats if so many more would be too many of this show."""
    have = inventory.count_seats_of(customer)
    if have + seats > settings.MAX_SEATS_PER_SHOW:
        raise TooManySeats(limit=settings.MAX_SEATS_PER_SHOW, have=have)


def refuse_too_many_holds(inventory: SeatInventory, customer: User) -> None:
    """Raises TooManyHolds if one more order on hold would be too many. The last check of its transaction."""
    holds = HOLDS_OF_USER(customer.pk)
    orders = {order_id for order_id, until in holds if not is_over(HELD, until, inventory.at)}
    if len(orders) >= settings.MAX_HELD_ORDERS:
        references = Order.objects.filter(pk__in=orders).order_by("pk").values_list("reference", flat=True)
        raise TooManyHolds(limit=settings.MAX_HELD_ORDERS, orders=list(references))
