"""What several customers want, done in one transaction: decided in turn, and written together.

Each is decided as if it came alone, in the order in which they came. So a show that everybody wants is
locked, read and committed once for many, and not once for each; and so are several shows.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django.db import IntegrityError, connection

from accounts.actors import Actor
from accounts.models import User
from bookings.models import Order, Status
from bookings.services.confirmation import confirm_in, confirm_order
from bookings.services.holds import SeatChoice, book_seat, hold_seats, place_in
from bookings.services.joint_inventory import JointInventory
from bookings.services.limits import lock_holds_of
from movie_booking.errors import DomainError, NotFound
from movie_booking.limits import MAX_ID


class Wish(ABC):
    """What a user wants of a show, still to be done: what the service `does`, which says what it raises."""

    does: ClassVar[Callable[..., Any]]
    show_id: int
    seat_numbers: Sequence[int] = ()  # that it names

    @abstractmethod
    def lock(self) -> JointInventory:
        """Wait for the show and keep its lock, with what is to be known for this wish. Raises NotFound."""

    @abstractmethod
    def decide(self, inventory: JointInventory) -> Order:
        """Do it in a locked show, and return the order with its bookings, still to be written."""


@dataclass(frozen=True)
class SeatWish(Wish):
    """Seats that a user wants to have."""

    show_id: int
    choice: SeatChoice
    customer: User
    actor: Actor

    status: ClassVar[Status]
    field: ClassVar[str]  # of the request, that names the seats

    @property
    def seat_numbers(self) -> Sequence[int]:  # type: ignore[override]
        return self.choice.seat_numbers

    @property
    def is_shareable(self) -> bool:
        """Whether it can be done in one transaction with wishes for other shows."""
        return bool(self.seat_numbers) and self.show_id <= MAX_ID and connection.vendor == "postgresql"

    def lock(self) -> JointInventory:
        return JointInventory.lock_for_sale(self.show_id, self.choice.seat_numbers, self.customer)

    def decide(self, inventory: JointInventory) -> Order:
        bookings = place_in(
            inventory, self.choice, self.status, customer=self.customer, actor=self.actor, field=self.field
        )
        order = bookings[0].order
        order.known_bookings = bookings
        return order


class BookWish(SeatWish):
    does, status, field = staticmethod(book_seat), Status.BOOKED, "seat_number"


class HoldWish(SeatWish):
    does, status, field = staticmethod(hold_seats), Status.HELD, "seat_numbers"


@dataclass(frozen=True)
class ConfirmWish(Wish):
    """An order that a user wants to have booked."""

    does = staticmethod(confirm_order)

    order: Order
    actor: Actor
    show_version: int | None = None

    @property
    def show_id(self) -> int:  # type: ignore[override]
        return self.order.show_id

    def lock(self) -> JointInventory:
        return JointInventory.lock_with_order(self.show_id, self.order.pk)

    def decide(self, inventory: JointInventory) -> Order:
        locked = inventory.order(self.order.pk)
        return confirm_in(inventory, locked, actor=self.actor, show_version=self.show_version)


class LockedElsewhere(Exception):
    """Others have locked the show, or it is not there. Nothing was done."""


def do_together(
    wishes: Sequence[Wish], *, is_last: bool, waits: bool = True
) -> list[Order | DomainError | LockedElsewhere]:
    """Do what users want, in a transaction of the caller's; return for each the order with its bookings, or
    why not as the service would raise it.

    Each user has one wish. If it `waits` for a lock, all are for one show. If not, each is for another and
    `is_shareable`, and shows that are locked elsewhere are left out.

    If this `is_last` in the transaction it goes along with COMMIT, and there are no new ids until then.
    Raises IntegrityError, then or now, if a constraint refuses any of them, and Busy if others are at the
    holds of one of several users.
    """
    try:
        inventories = _lock(wishes) if waits else _lock_without_waiting(wishes)
    except NotFound:
        return [NotFound() for _ in wishes]
    holds = [wish for wish in wishes if isinstance(wish, HoldWish) and wish.show_id in inventories]
    lock_holds_of([wish.customer.pk for wish in holds])
    outcomes = [
        _outcome(wish, inventories[wish.show_id]) if wish.show_id in inventories else LockedElsewhere()
        for wish in wishes
    ]
    JointInventory.write(inventories.values(), is_last=is_last)
    return outcomes


def _lock(wishes: Sequence[Wish]) -> Mapping[int, JointInventory]:
    """Lock the show that all of these are for, and return it by its id."""
    show_id = wishes[0].show_id
    if len(wishes) == 1:
        return {show_id: wishes[0].lock()}
    inventory = JointInventory.lock(show_id)
    if any(isinstance(wish, SeatWish) for wish in wishes):
        inventory.read_seats()
    return {show_id: inventory}


def _lock_without_waiting(wishes: Sequence[Wish]) -> Mapping[int, JointInventory]:
    """Lock those of the shows that nobody else has locked, and return each by its id."""
    of_seats = cast("Sequence[SeatWish]", wishes)
    return JointInventory.lock_for_each(
        {wish.show_id: (wish.seat_numbers, wish.customer) for wish in of_seats}
    )


def _outcome(wish: Wish, inventory: JointInventory) -> Order | DomainError:
    try:
        return wish.decide(inventory)
    except DomainError as refusal:
        if isinstance(refusal.__cause__, IntegrityError):  # something is written already, of others too
            raise refusal.__cause__ from None
        return refusal
