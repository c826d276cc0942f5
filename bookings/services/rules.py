"""Rules that several services share: does the show still sell, which seats may one take, and how long."""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from bookings.errors import (
    LeavesSingleSeat,
    NotOnSale,
    SalesClosed,
    SeatTaken,
    ShowStarted,
    SoldInPairs,
    reasons,
)
from bookings.orphan_seats import is_single, single_seats_left
from bookings.services.ledger import Room
from movie_booking.errors import NotFound
from movies.errors import ShowCancelled
from movies.models import Show


def refuse_unless_on_sale(show: Show) -> None:
    """Raises NotFound for a draft, ShowCancelled, ShowStarted, NotOnSale or SalesClosed."""
    if show.status == Show.Status.DRAFT:
        raise NotFound
    refuse_unless_ahead(show)
    now = timezone.now()
    if show.sales_open_at is not None and now < show.sales_open_at:
        raise NotOnSale(sales_open_at=show.sales_open_at)
    if now >= show.sales_close_at:
        raise SalesClosed


def refuse_unless_ahead(show: Show) -> None:
    """Raises ShowCancelled or ShowStarted."""
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    if show.has_started():
        raise ShowStarted


def refuse_half_sofas(show: Show, numbers: Collection[int]) -> None:
    """Raises SoldInPairs if one half of a sofa is among the seats without the other."""
    if missing := other_halves(show, numbers) - set(numbers):
        raise SoldInPairs(seats=reasons(dict.fromkeys(missing, "other_half")))


def other_halves(show: Show, numbers: Iterable[int]) -> set[int]:
    """Return the seats that make whole sofas with those among these that are half of one."""
    partners = (show.plan.seat(number).partner for number in numbers)
    return {partner for partner in partners if partner is not None}


def refuse_taken(room: Room, numbers: Collection[int]) -> None:
    """Raises SeatTaken that names every seat that is not free, with the reason."""
    conflicts = {n: room.taken[n] for n in numbers if n in room.taken}
    conflicts |= {n: "no_such_seat" for n in numbers if not room.show.plan.has_seat(n)}
    if conflicts:
        raise SeatTaken(seats=reasons(conflicts))


def refuse_single_seats(
    room: Room, party: AbstractSet[int], until_now: AbstractSet[int] = frozenset()
) -> None:
    """Raises LeavesSingleSeat if the screen has that rule and the party would break it.

    `party` is where it will sit, `until_now` where it does, if it has seats already.
    """
    if not room.show.screen.no_single_seats:
        return
    plan, taken = room.show.plan, room.taken.keys()
    single = single_seats_left(plan, taken - until_now, party)
    if left := [number for number in single if not is_single(plan, taken, number)]:
        raise LeavesSingleSeat(seats=reasons(dict.fromkeys(left, "left_single")))


def prices_of(show: Show, numbers: Collection[int]) -> dict[int, Decimal]:
    """Return what each of these seats costs now, by number, in the currency of the house."""
    prices, plan = show.prices, show.plan
    return {number: prices[plan.seat(number).kind] for number in numbers}


def held_until(now: datetime, ordered_at: datetime) -> datetime:
    """Return when a hold that begins or is extended now will end."""
    return min(
        now + timedelta(minutes=settings.HOLD_MINUTES),
        ordered_at + timedelta(minutes=settings.HOLD_CAP_MINUTES),
    )
