"""How many seats of a show, and how many orders on hold, a customer may have."""

from typing import Any

from django.conf import settings

from accounts.models import User
from bookings.errors import TooManyHolds, TooManySeats
from bookings.models import HELD, Customer, Guest, Order, is_over
from bookings.rows import HOLDS_OF_ADDRESS, HOLDS_OF_USER
from bookings.services.inventory import SeatInventory


def refuse_too_many_seats(inventory: SeatInventory, customer: Customer, seats: int) -> None:
    """Raises TooManySeats if so many more would be too many of this show."""
    have = inventory.count_seats_of(customer)
    if have + seats > settings.MAX_SEATS_PER_SHOW:
        # Who gives an e-mail address is not told what its owner has.
        known: dict[str, Any] = {"have": have} if isinstance(customer, User) else {}
        raise TooManySeats(limit=settings.MAX_SEATS_PER_SHOW, **known)


def refuse_too_many_for_staff(inventory: SeatInventory, customer: Customer | None, seats: int) -> None:
    """Raises TooManySeats if staff may not sell so many at once, or so many more to a customer they know."""
    if seats > settings.STAFF_MAX_SEATS_PER_ORDER:
        limit = settings.STAFF_MAX_SEATS_PER_ORDER
        raise TooManySeats(f"Staff sell at most {limit} seats an order.", limit=limit)
    limit, have = settings.STAFF_MAX_SEATS_PER_SHOW, inventory.count_seats_of(customer) if customer else 0
    if have + seats > limit:
        raise TooManySeats(limit=limit, have=have)


def refuse_too_many_holds(inventory: SeatInventory, customer: Customer) -> None:
    """Raises TooManyHolds if one more order on hold would be too many. The last check of its transaction."""
    match customer:
        case User():
            holds = HOLDS_OF_USER(customer.pk)
        case Guest():
            holds = HOLDS_OF_ADDRESS(customer.address)
    orders = {order_id for order_id, until in holds if not is_over(HELD, until, inventory.at)}
    if len(orders) >= settings.MAX_HELD_ORDERS:
        known = Order.objects.known_to(customer).filter(pk__in=orders).order_by("pk")
        references = known.values_list("reference", flat=True)
        raise TooManyHolds(limit=settings.MAX_HELD_ORDERS, orders=list(references))
