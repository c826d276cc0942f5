"""The lock of a show, and the one place that writes who has which of its seats.

Status, events and counts are written together or not at all, so the events replay to the present state.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.actors import SYSTEM, Actor
from accounts.models import User
from bookings.models import (
    LIVE,
    STATUS_OF,
    Booking,
    BookingEvent,
    BookingQuerySet,
    Customer,
    Guest,
    Order,
    Status,
    is_over,
    new_event,
)
from bookings.rows import (
    BOOKINGS_OF_ORDER,
    ORDER_ROWS,
    ROWS_OF_ADDRESS,
    SEAT_ROWS,
    SHOW_FOR_SALE,
    SHOW_WITH_SEATS,
    Sale,
    SeatRow,
    span,
)
from bookings.services.constraint import constraint_as_refusal
from bookings.services.insert_statement import can_insert_at_once, insert_at_once
from bookings.services.locked_order import LockedOrder
from bookings.services.seat_counts import FREE, count_seats
from bookings.services.transition_statement import Transition, transition_at_once
from movie_booking.errors import NotFound
from movie_booking.instances import NewInstances
from movie_booking.limits import MAX_ID
from movies.models import Show
from movies.seat_plan import MAX_SEATS

Inventory = TypeVar("Inventory", bound="SeatInventory")
NEW_ORDER, NEW_BOOKING = NewInstances(Order), NewInstances(Booking)


class SeatInventory:
    """A locked show at one moment, and who has which of its seats.

    Everything that changes who has a seat begins with `SeatInventory.lock`, as the first lock of its
    transaction after the claim of an idempotency key, and decides on what it reads here. A service that
    needs several shows locks them in ascending id, or waits for none: see `JointInventory.lock_for_each`.
    """

    show: Show
    at: datetime  # the clock, read once, when the lock is had

    def __init__(self, show: Show, at: datetime, sale: "Sale | None" = None) -> None:
        self.show = show
        self.at = at
        self._sale = sale

    @classmethod
    def lock(cls: type[Inventory], show_id: int) -> Inventory:
        """Wait for the show and keep its lock until the transaction ends. Raises NotFound."""
        show = Show.objects.lock(show_id)
        return cls(show, timezone.now())

    @classmethod
    def lock_for_sale(
        cls: type[Inventory], show_id: int, numbers: Collection[int], customer: Customer | None
    ) -> Inventory:
        """The same, for whoever wants these seats for a customer: what that takes is read along.

        All that is read here says the same as after `lock`, where it takes a statement more. Raises NotFound.
        """
        if not numbers or show_id > MAX_ID:
            return cls.lock(show_id)
        seats = span(numbers)
        user_id = customer.pk if isinstance(customer, User) else None
        if user_id is None:
            show, rows = SHOW_WITH_SEATS.one(show_id, seats[0], seats[-1])
        else:
            show, rows = SHOW_FOR_SALE.one(show_id, seats[0], seats[-1], user_id)
        if show is None:
            raise NotFound
        return cls(show, timezone.now(), Sale.of(seats, user_id, rows))

    @classmethod
    def lock_order(cls: type[Inventory], show_id: int, order_id: int) -> tuple[Inventory, LockedOrder]:
        """The same, with an order of the show and its bookings, all fresh. Raises NotFound."""
        bookings = ORDER_ROWS(show_id, order_id)
        if not bookings:
            raise NotFound
        inventory = cls(bookings[0].show, timezone.now())
        return inventory, inventory._as_order(bookings)

    @classmethod
    def lock_all(cls, show_ids: Collection[int]) -> "dict[int, SeatInventory]":
        """Lock several shows in ascending id, at one moment, and return each by its id.

        Raises NotFound if one of them is there no more.
        """
        shows = Show.objects.lock_all(show_ids)
        if len(shows) < len(set(show_ids)):
            raise NotFound
        at = timezone.now()
        return {show.pk: cls(show, at) for show in shows}

    # Django's `cached_property`: until Python 3.12 that of functools has one lock for all instances, so that
    # the threads of a process would read one show at a time.
    @cached_property
    def occupied(self) -> Mapping[int, Status]:
        """The seats that are not free, by number, when this was first read.

        The statement begins after the wait for the lock: one that began before would not see what the
        transaction that was waited for has written.
        """
        return {
            number: STATUS_OF[status]
            for _, number, status, expires_at, _, _ in self._rows
            if not is_over(status, expires_at, self.at)
        }

    def taken(self, numbers: Collection[int]) -> Mapping[int, Status]:
        """Those of these seats that are not free, by number in the order given."""
        rows = {row[1]: row for row in self._rows_of(numbers)}
        found = {number: rows[number] for number in numbers if number in rows}
        return {
            number: STATUS_OF[status]
            for number, (_, _, status, expires_at, _, _) in found.items()
            if not is_over(status, expires_at, self.at)
        }

    def orders_of(self, customer: Customer, numbers: Collection[int]) -> Mapping[int, str]:
        """Which of these seats the customer has, held or booked, by number with the reference of the order.

        Of a guest those that `OrderQuerySet.known_to` says. One query, if there are any: it is for refusals.
        """
        own = {row[1]: row[5] for row in self._own(customer) if row[1] in numbers}
        if not own:
            return {}
        orders = Order.objects.known_to(customer).filter(pk__in=set(own.values()))
        references = dict(orders.values_list("pk", "reference"))
        return {number: references[order] for number, order in own.items() if order in references}

    def count_seats_of(self, customer: Customer) -> int:
        """How many seats the customer has, held or booked; all guests with one address count as one."""
        return len(self._own(customer))

    def seats_of_order(self, order_id: int) -> set[int]:
        """The seats that an order has, held, booked or blocked, when this was first read."""
        return {
            number
            for _, number, status, expires_at, _, order in self._rows
            if order == order_id and not is_over(status, expires_at, self.at)
        }

    def bookings(self) -> BookingQuerySet:
        """The show's live bookings, fresh."""
        return Booking.objects.live(self.at).filter(show=self.show)

    def new_order(
        self, customer: Customer | None, *, sold_by: User | None = None, machine_id: int | None = None
    ) -> Order:
        """An order of this show, still to be written, on the terms that are in force now.

        So is a guest who has just come: they are written together.
        """
        return NEW_ORDER(
            user=customer if isinstance(customer, User) else None,
            guest=customer if isinstance(customer, Guest) else None,
            sold_by=sold_by,
            machine_id=machine_id,
            show=self.show,
            created_at=self.at,
            refund_tiers=settings.REFUND_TIERS,
            cancel_cutoff_minutes=settings.CANCEL_CUTOFF_MINUTES,
            promised_starts_at=self.show.starts_at,
            promised_screen=self.show.screen,
            show_version=self.show.version,
        )

    def order(self, order_id: int) -> LockedOrder:
        """An order of this show with fresh bookings, all with the locked show. Raises NotFound."""
        bookings = BOOKINGS_OF_ORDER(self.show.pk, order_id)
        if not bookings:
            raise NotFound
        return self._as_order(bookings)

    def allocate(
        self,
        prices: Mapping[int, Decimal],
        *,
        order: Order,
        status: Status,
        actor: Actor,
        expires_at: datetime | None = None,
        reason: str = "",
        is_last: bool = False,
    ) -> list[Booking]:
        """Give the order's customer these seats, by number with their prices, and return the live bookings.

        Holds that have expired on these seats become EXPIRED first. A new order is written with its
        bookings; if that `is_last` in its transaction it may go along with COMMIT, and there are no ids
        until then. Raises SeatTaken, also where only the constraint `one_live_booking_per_seat` saw it, by
        then at the end: see `constraint_as_refusal`.
        """
        self._expire(self._rows_of(prices))
        bookings = [
            NEW_BOOKING(
                order=order,
                show=self.show,
                user_id=order.user_id,
                seat_number=number,
                status=status,
                price=price,
                is_house_seat=status == Status.BLOCKED,
                reason=reason,
                created_at=self.at,
                expires_at=expires_at,
            )
            for number, price in sorted(prices.items())
        ]
        with constraint_as_refusal(prices):
            self._insert(order, bookings, actor=actor, is_last=is_last)
        count_seats({FREE: len(bookings)}, status, actor=actor)
        return bookings

    def transition(
        self,
        bookings: Sequence[Booking],
        to: Status,
        *,
        actor: Actor,
        reason: str = "",
        refund_percent: int | None = None,
        is_last: bool = False,
    ) -> None:
        """Bring bookings of this show to another status, with an event each.

        A `reason` replaces that of the booking. As many statements for one booking as for a hundred, and if
        that `is_last` in its transaction it may go along with COMMIT.
        """
        if not bookings:
            return
        fields: dict[str, Any] = {"status": to}
        if to == Status.CANCELLED:
            fields |= {"cancelled_at": self.at, "cancelled_by": actor.user}
        if to == Status.BOOKED:
            fields["expires_at"] = None
        if reason:
            fields["reason"] = reason
        if refund_percent is not None:
            fields["refund_percent"] = refund_percent
        released = sum(booking.status in LIVE for booking in bookings) if to not in LIVE else 0
        steps = _versions_of_holds(bookings) + (to != Status.EXPIRED)
        if can_insert_at_once():
            statuses = [booking.status for booking in bookings]
            self._send(Transition(bookings, statuses, fields, released, steps, actor), is_last=is_last)
            self._note_counts(-released, steps)
        else:
            events = [new_event(booking, booking.status, to, at=self.at, actor=actor) for booking in bookings]
            self._rows_with_ids(bookings).update(**fields)
            BookingEvent.objects.bulk_create(events)
            self._count(-released, steps)
        count_seats(Counter(booking.status for booking in bookings), to, actor=actor)
        for booking in bookings:
            booking.show = self.show
            for name, value in fields.items():
                setattr(booking, name, value)

    def reseat(self, reseated: Sequence["Reseated"], *, actor: Actor) -> None:
        """Give live bookings other seats of the show, with an event each, whatever order they come in.

        As many statements for one booking as for a hundred.
        """
        if not reseated:
            return
        # Aside first: the constraint compares row by row, and one may go where another still is.
        rows = self._rows_with_ids([each.booking for each in reseated])
        rows.update(seat_number=F("seat_number") + MAX_SEATS)
        events = []
        for booking, number, price, changes in reseated:
            booking.seat_number, booking.price = number, price
            status = booking.status
            events.append(new_event(booking, status, status, at=self.at, actor=actor, changes=changes))
        for status, number in Counter(each.booking.status for each in reseated).items():
            count_seats({status: number}, status, actor=actor)
        rows.bulk_update([each.booking for each in reseated], ["seat_number", "price"])
        BookingEvent.objects.bulk_create(events)
        self._count(0)

    def extend_holds(self, bookings: Sequence[Booking], expires_at: datetime) -> None:
        """Hold the seats of these bookings until another moment. No seat changes hands: no event."""
        self._rows_with_ids(bookings).update(expires_at=expires_at)
        self._count(0, _versions_of_holds(bookings) + 1)
        for booking in bookings:
            booking.expires_at = expires_at

    def expire_holds(self) -> int:
        """Expire every hold whose time is over, and return how many there were."""
        return self._expire(self._rows)

    @cached_property
    def _rows(self) -> "list[SeatRow]":
        """The bookings that `one_live_booking_per_seat` counts: a hold that has expired still says HELD."""
        return SEAT_ROWS(self.show.pk)

    def _rows_with_ids(self, bookings: Iterable[Booking]) -> BookingQuerySet:
        """The rows of bookings of this show. Asked for with the show too: see docs/scaling.md."""
        return Booking.objects.filter(show=self.show, pk__in=[booking.pk for booking in bookings])

    def _rows_of(self, numbers: Collection[int]) -> "Sequence[SeatRow]":
        """Those of these seats, of the few that were read along with the lock if they are among them."""
        sale = self._sale
        rows = sale.rows if sale and all(number in sale.seats for number in numbers) else self._rows
        return [row for row in rows if row[1] in numbers]

    def _own(self, customer: Customer) -> "list[SeatRow]":
        """What the customer has, held or booked. A query for a guest whose e-mail address is known."""
        match customer:
            case User():
                sale = self._sale
                rows = sale.rows if sale and sale.user_id == customer.pk else self._rows
                own = [row for row in rows if row[4] == customer.pk]
            case Guest():
                own = ROWS_OF_ADDRESS(self.show.pk, customer.address) if customer.address else []
        return [row for row in own if row[2] != Status.BLOCKED and not is_over(row[2], row[3], self.at)]

    def _as_order(self, bookings: Sequence[Booking]) -> LockedOrder:
        order = bookings[0].order
        order.show = self.show
        for booking in bookings:
            booking.show, booking.order = self.show, order
        return LockedOrder(order, bookings, self.at)

    def _expire(self, rows: "Sequence[SeatRow]") -> int:
        over = [row[0] for row in rows if is_over(row[2], row[3], self.at)]
        if over:
            self.transition(
                list(Booking.objects.filter(show=self.show, pk__in=over).order_by("id")),
                Status.EXPIRED,
                actor=SYSTEM,
            )
        return len(over)

    def _send(self, transition: Transition, *, is_last: bool) -> None:
        transition_at_once(self.show, [transition], at=self.at, is_last=is_last)

    def _insert(self, order: Order, bookings: Sequence[Booking], *, actor: Actor, is_last: bool) -> None:
        if order.pk is None and order.guest_id is None and can_insert_at_once():
            insert_at_once(order, bookings, actor, is_last=is_last)
            self._note_counts(+len(bookings))
        else:
            self._insert_in_steps(order, bookings, actor=actor)

    def _insert_in_steps(self, order: Order, bookings: Sequence[Booking], *, actor: Actor) -> None:
        if order.pk is None:
            if order.guest and order.guest.pk is None:
                order.guest.save(force_insert=True)
                order.guest = order.guest  # it has an id by now
            order.save(force_insert=True)
        for booking in bookings:
            booking.order = order  # it has an id by now
        Booking.objects.bulk_create(bookings)
        BookingEvent.objects.bulk_create(
            new_event(booking, "", booking.status, at=self.at, actor=actor) for booking in bookings
        )
        self._count(+len(bookings))

    def _count(self, change: int, steps: int = 1) -> None:
        """Note that so many more (or fewer) seats are taken, and that the map has so many more versions."""
        self._note_counts(change, steps)
        self.show.save(update_fields=["live_seats", "seats_version"])

    def _note_counts(self, change: int, steps: int = 1) -> None:
        self.show.live_seats += change
        self.show.seats_version += steps


def _versions_of_holds(bookings: Iterable[Booking]) -> int:
    """How many versions of the seat map these may have made by being on hold.

    Whoever read the map after a hold was over, and before what happened to it just before was committed, has
    counted it: see `seat_map`. What is written then must count it too, or versions would go back.
    """
    return sum(booking.status == Status.HELD for booking in bookings)


class Reseated(NamedTuple):
    """A booking that gets another seat, what it costs there, and what of it changes, for its history."""

    booking: Booking
    seat_number: int
    price: Decimal
    changes: Mapping[str, Sequence[Any]]
