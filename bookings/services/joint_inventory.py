"""The seat inventory for several who are served in one transaction: what it decided, it writes at the end."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from bookings.models import LIVE, Booking, Order, Status
from bookings.rows import SHOW_FOR_SALE, Sale, span
from bookings.services.insert_statement import (
    NewOrder,
    can_insert_at_once,
    insert_all_at_once,
    insert_at_once,
)
from bookings.services.inventory import SeatInventory
from bookings.services.locked_order import LockedOrder
from bookings.services.transition_statement import Transition, transition_at_once
from movies.models import Show

NO_ID_YET = 0


class JointInventory(SeatInventory):
    """A locked show whose new orders, and what `is_last` of its transitions, are written by `write`.

    What it is asked afterwards it says as if they were written. On SQLite they are, as a statement is no
    round trip there.
    """

    def __init__(self, show: Show, at: datetime, sale: Sale | None = None) -> None:
        super().__init__(show, at, sale)
        self._new: list[NewOrder] = []
        self._changes: list[Transition] = []
        self._known: LockedOrder | None = None

    @classmethod
    def lock_with_order(cls, show_id: int, order_id: int) -> "JointInventory":
        """Lock a show, and read this order of it, which `order` then returns. Raises NotFound."""
        inventory, locked = cls.lock_order(show_id, order_id)
        inventory._known = locked
        return inventory

    @classmethod
    def lock_for_each(cls, wanted: Mapping[int, tuple[Collection[int], User]]) -> "dict[int, JointInventory]":
        """Lock several shows at one moment, each by its id for a user who wants these seats, and return those
        that nobody else has locked. What `lock_for_sale` waits for, this leaves out.
        """
        asked = {show_id: (span(numbers), user.pk) for show_id, (numbers, user) in sorted(wanted.items())}
        found = SHOW_FOR_SALE.one_of_each(
            [(show_id, seats[0], seats[-1], user_id) for show_id, (seats, user_id) in asked.items()]
        )
        at = timezone.now()
        return {show.pk: cls(show, at, Sale.of(*asked[show.pk], rows)) for show, rows in found}

    def read_seats(self) -> None:
        """Read who has which seat, as it is before anything is decided."""
        self._rows = self._rows  # it is read when it is first asked for

    def order(self, order_id: int) -> LockedOrder:
        return self._known if self._known and self._known.order.pk == order_id else super().order(order_id)

    @staticmethod
    def write(inventories: "Collection[JointInventory]", *, is_last: bool) -> None:
        """Write what was decided in these shows; if that `is_last` in its transaction it may go along with
        COMMIT.
        """
        new = [each for inventory in inventories for each in inventory._new]
        if len(new) == 1:
            insert_at_once(*new[0], is_last=is_last)
        elif new:
            insert_all_at_once(new, is_last=is_last)
        for inventory in inventories:
            if inventory._changes:
                transition_at_once(inventory.show, inventory._changes, at=inventory.at, is_last=is_last)

    def transition(self, bookings: Sequence[Booking], to: Status, **more: Any) -> None:
        super().transition(bookings, to, **more)
        self._note_rows(bookings)

    def _send(self, transition: Transition, *, is_last: bool) -> None:
        if is_last:
            self._changes.append(transition)
        else:
            super()._send(transition, is_last=False)

    def _insert(self, order: Order, bookings: Sequence[Booking], *, actor: Actor, is_last: bool) -> None:
        if can_insert_at_once():
            self._new.append(NewOrder(order, bookings, actor))
            self._note_counts(+len(bookings))
        else:
            self._insert_in_steps(order, bookings, actor=actor)
        self._note_rows(bookings)

    def _note_rows(self, bookings: Sequence[Booking]) -> None:
        """Have whoever comes next find these seats as they will be."""
        if "_rows" not in vars(self):
            return
        numbers = {booking.seat_number for booking in bookings}
        self._rows = [row for row in self._rows if row[1] not in numbers] + [
            (
                each.pk or NO_ID_YET,
                each.seat_number,
                each.status,
                each.expires_at,
                each.user_id,
                each.order_id or NO_ID_YET,
            )
            for each in bookings
            if each.status in LIVE
        ]
        vars(self).pop("occupied", None)
