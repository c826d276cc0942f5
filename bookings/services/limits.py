"""How many seats of a show, and how many orders on hold, a customer may have."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from bookings.errors import HeldTooOften, TooManyHolds, TooManySeats
from bookings.models import HELD, MORE_THAN_HELD, Booking, Customer, Guest, Order, is_over
from bookings.rows import (
    HOLDS_OF_ADDRESS,
    HOLDS_OF_USER,
    TRY_HOLDS_OF_ALL,
    holds_and_order_of_address,
    holds_and_order_of_user,
)
from bookings.services.inventory import SeatInventory
from movie_booking.database import RETRY_AFTER_SECONDS
from movie_booking.errors import Busy


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


def lock_holds_of(user_ids: Collection[int]) -> None:
    """Before the holds of several users are looked at in one transaction, have the locks of all of them.

    What is taken again later is there. Raises Busy, without a wait, if others have one of them: they would
    wait for all, and two who wait might wait for each other.
    """
    if len(user_ids) > 1 and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(TRY_HOLDS_OF_ALL, [list(user_ids)])
            if cursor.fetchone() != (0,):
                raise Busy(retry_after=RETRY_AFTER_SECONDS)


def refuse_new_hold(inventory: SeatInventory, customer: Customer) -> None:
    """The same for seats that the customer has not held before.

    Raises TooManyHolds; and HeldTooOften to whom let their last HOARDING_ORDERS go without buying any of
    their seats, all within HOARDING_HOURS. It takes one statement, and another for those who made so many
    orders in that time.
    """
    if not settings.HOARDING_ORDERS:
        refuse_too_many_holds(inventory, customer)
        return
    match customer:
        case User():
            of_customer = Q(user=customer.pk)
            rows = holds_and_order_of_user(settings.HOARDING_ORDERS)(customer.pk)
        case Guest():
            if not customer.address:
                return
            of_customer = Q(guest__address=customer.address)
            rows = holds_and_order_of_address(settings.HOARDING_ORDERS)(customer.address)
    holds = [(order_id, until) for order_id, until in rows if order_id is not None]
    on_hold = _refuse_too_many(holds, inventory, customer)
    made = next((made for order_id, made in rows if order_id is None), None)
    if made is not None and inventory.at < end_of_pause(made):
        _refuse_hoarding(of_customer, on_hold, inventory.at)


def end_of_pause(made: datetime) -> datetime:
    """Return until when an order counts that was made then and let go."""
    return made + timedelta(hours=settings.HOARDING_HOURS)


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


def _refuse_hoarding(of_customer: Q, on_hold: set[int], at: datetime) -> None:
    """Raises HeldTooOften if the latest orders, without those on hold, were all let go within the time."""
    bought = Booking.objects.filter(MORE_THAN_HELD, order=OuterRef("pk")).order_by()
    orders = Order.objects.filter(of_customer).exclude(pk__in=on_hold).order_by("-id")
    latest = orders.values_list("created_at", Exists(bought))[: settings.HOARDING_ORDERS]
    if len(latest) < settings.HOARDING_ORDERS or any(was_bought for _, was_bought in latest):
        return
    over = end_of_pause(min(made for made, _ in latest))
    if at < over:
        raise HeldTooOften(retry_after=ceil((over - at).total_seconds()))
