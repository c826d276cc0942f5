"""Acting on an order from a page: on the bookings that the page showed, and on no other.

Between looking and pressing, the customer may have given seats back, exchanged them or confirmed. So each
page names the bookings that it showed, and what they were to cost or bring. Both are compared under the lock
of the show, in the transaction of the service; if they differ, nothing happens.
"""

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import NamedTuple, TypeVar

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from bookings.models import Order
from bookings.services.inventory import SeatInventory
from bookings.services.locked_order import LockedOrder
from movie_booking.errors import Conflict
from movie_booking.limits import parse_id

Result = TypeVar("Result")

CHANGED_MEANWHILE = (
    "The order was changed after this page was opened, so nothing was done. Look at it as it is now, and"
    " decide anew."
)


class Rights(NamedTuple):
    """What the reader of a page may do with an order."""

    change: bool  # cancel, exchange
    hold: bool  # confirm, extend
    note: bool
    refund: bool  # give another share back than the terms of the sale say
    leave_single_seat: bool
    people: bool  # see who else has seats of the show


def rights(request: HttpRequest, order: Order) -> Rights:
    def may(codename: str) -> bool:
        return request.user.has_perm(f"bookings.{codename}", order)

    change, sell = may("change_booking"), may("sell_seats")
    return Rights(
        change,
        change or sell,
        change or sell,
        change and may("refund_by_exception"),
        may("block_seats"),
        may("view_people"),
    )


def read_ids(texts: Iterable[str]) -> list[int]:
    """Return ids as a page sends them; what is none is left out."""
    ids = (parse_id(part) for text in texts for part in text.split(",") if part)
    return list(dict.fromkeys(each for each in ids if each is not None))


def on_what_was_shown(
    order: Order,
    booking_ids: Collection[int],
    act: Callable[[LockedOrder], Result],
    *,
    all_of_it: bool = False,
) -> Result:
    """Call `act` in one transaction, with the show locked and the order as it is now; return its result.

    Raises Conflict unless the order still has all these bookings, on hold or booked; with `all_of_it`, and
    has no others.
    """
    with transaction.atomic():
        _, locked = SeatInventory.lock_order(order.show_id, order.pk)
        refuse_unless_shown(locked, booking_ids, all_of_it=all_of_it)
        return act(locked)


def refuse_unless_shown(
    locked: LockedOrder, booking_ids: Collection[int], *, all_of_it: bool = False
) -> None:
    """Raises Conflict."""
    has, shown = {booking.pk for booking in locked.live}, set(booking_ids)
    if not shown <= has or (all_of_it and shown != has):
        raise Conflict(CHANGED_MEANWHILE)


def rehearse(act: Callable[[], Result]) -> Result:
    """Return what a service would do now: it does it, and then all is undone. Raises what it raises."""
    with transaction.atomic():
        try:
            return act()
        finally:
            transaction.set_rollback(True)


def money(amount: Decimal) -> str:
    return f"{amount} {settings.CURRENCY}"
