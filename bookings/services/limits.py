"""How many seats of a show, and how many orders on hold, a customer may have."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings

from accounts.models import User
from bookings.errors import HeldTooOften, TooManyHolds, TooManySeats
from bookings.models import HELD, Customer, Guest, Order, is_over
from bookings.rows import (
    HOLDS_OF_ADDRESS,
    HOLDS_OF_USER,
    holds_and_latest_of_address,
    holds_and_latest_of_user,
)
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
            # Nobody knows which of those who gave no address are one customer.
            holds = HOLDS_OF_ADDRESS(customer.address) if customer.address else []
    _refuse_too_many(holds, inventory, customer)


def refuse_new_hold(inventory: SeatInventory, customer: Customer) -> None:
    """The same for seats that the customer has not held before.

    Raises TooManyHolds; and HeldTooOften to whom let their last HOARDING_ORDERS go without buying any of
    their seats, all within HOARDING_HOURS. It takes one statement either way.
    """
    if not settings.HOARDING_ORDERS:
        refuse_too_many_holds(inventory, customer)
        return
    if isinstance(customer, Guest) and not customer.address:
        return
    latest = settings.HOARDING_ORDERS + settings.MAX_HELD_ORDERS
    match customer:
        case User():
            rows = holds_and_latest_of_user(latest)(customer.pk)
        case Guest():
            rows = holds_and_latest_of_address(latest)(customer.address)
    holds = [(order_id, until) for order_id, until, was_bought in rows if was_bought is None]
    on_hold = _refuse_too_many(holds, inventory, customer)
    orders = [
        (made, bought) for order_id, made, bought in rows if bought is not None and order_id not in on_hold
    ]
    _refuse_hoarding(sorted(orders, reverse=True)[: settings.HOARDING_ORDERS], inventory.at)


def _refuse_too_many(
    holds: Iterable[tuple[int, datetime | None]], inventory: SeatInventory, customer: Customer
) -> set[int]:
    """Return the ids of orders on hold. Raises TooManyHolds."""
    orders = {order_id for order_id, until in holds if not is_over(HELD, until, inventory.at)}
    if len(orders) >= settings.MAX_HELD_ORDERS:
        known = Order.objects.known_to(customer).filter(pk__in=orders).order_by("pk")
        references = known.values_list("reference", flat=True)
        raise TooManyHolds(limit=settings.MAX_HELD_ORDERS, orders=list(references))
    return orders


def _refuse_hoarding(latest: Sequence[tuple[datetime, bool]], at: datetime) -> None:
    """Raises HeldTooOften if all of these were let go, when they were made and whether they were bought."""
    if len(latest) < settings.HOARDING_ORDERS or any(was_bought for _, was_bought in latest):
        return
    over = latest[-1][0] + timedelta(hours=settings.HOARDING_HOURS)
    if at < over:
        raise HeldTooOften(retry_after=ceil((over - at).total_seconds()))
