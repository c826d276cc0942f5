"""Rules that several services share: is the show on sale, which seats may be taken, what do they cost."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from accounts.actors import Actor
from accounts.machines import Scope
from bookings.errors import (
    AlreadyCancelled,
    CompanionWithoutWheelchair,
    HoldExpired,
    LeavesSingleSeat,
    NoSuchSeat,
    NotOnSale,
    SalesClosed,
    SeatTaken,
    ShowChanged,
    ShowStarted,
    SoldInPairs,
    TooLateToCancel,
    reasons,
)
from bookings.models import Booking, Customer, Order, Status
from bookings.queries import changes_of_show, most_seats_until_now
from bookings.refunds import SaleTerms, parse_tiers
from bookings.seating.companions import companions_too_many
from bookings.seating.give_back import singles_freed
from bookings.seating.single_seats import better_choices, is_single, single_seats_left
from bookings.services.inventory import SeatInventory
from bookings.services.locked_order import LockedOrder
from movie_booking.errors import Invalid, NotFound
from movies.errors import ShowCancelled
from movies.models import Show
from movies.seat_plan import SeatKind

CHOOSE_ANEW = "The show was changed since. Read it and its seat map again, and choose anew."


def refuse_other_cinemas(show: Show, actor: Actor) -> None:
    """Raises NotFound if a machine acts whose key is not for selling in the cinema of the show."""
    if actor.machine and not actor.machine.may(Scope.SELL, show.cinema_id):
        raise NotFound


def refuse_unless_on_sale(show: Show, at: datetime) -> None:
    """Raises NotFound for a draft, ShowCancelled, ShowStarted, NotOnSale and SalesClosed."""
    if show.status == Show.Status.DRAFT:
        raise NotFound
    refuse_if_started(show, at)
    if show.sales_open_at is not None and at < show.sales_open_at:
        raise NotOnSale(sales_open_at=show.sales_open_at)
    if at >= show.sales_close_at:
        raise SalesClosed


def refuse_unless_sold(show: Show, at: datetime, *, at_box_office: bool) -> None:
    """Raises NotFound, ShowCancelled and ShowStarted; at the public sale also NotOnSale and SalesClosed."""
    if at_box_office:
        refuse_unless_sold_at_box_office(show, at)
    else:
        refuse_unless_on_sale(show, at)


def refuse_unless_sold_at_box_office(show: Show, at: datetime) -> None:
    """Raises NotFound for a draft, ShowCancelled, and ShowStarted once staff sell it no more either.

    Staff sell before the sale begins, after the public one has ended, and while the advertisements run.
    """
    if show.status == Show.Status.DRAFT:
        raise NotFound
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    minutes = settings.BOX_OFFICE_MINUTES_AFTER_START
    if show.has_ended(at) or show.has_started(at - timedelta(minutes=minutes)):
        raise ShowStarted


def refuse_hold_until(show: Show, until: datetime, at: datetime) -> None:
    """Raises Invalid for the end of a hold that is over already, or after the start of the show."""
    if until <= at:
        raise Invalid.of("hold_until", "Hold the seats until a moment to come.", "time_has_passed")
    if until > show.starts_at:
        raise Invalid.of("hold_until", "Hold the seats until the show starts at the latest.", "max_value")


def refuse_if_started(show: Show, at: datetime) -> None:
    """Raises ShowStarted, or ShowCancelled for a show that will never start."""
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    if show.has_started(at):
        raise ShowStarted


def sale_terms(order: Order, show: Show) -> SaleTerms:
    """Return the terms of an order's sale, with the show as it is now.

    It was moved if the customer has another seat, screen or cinema than was sold, or another start by more
    than MOVE_TOLERANCE_MINUTES.
    """
    shift = abs(show.starts_at - order.promised_starts_at)
    return SaleTerms(
        parse_tiers(order.refund_tiers),
        timedelta(minutes=order.cancel_cutoff_minutes),
        order.promised_starts_at,
        show.starts_at,
        is_moved=order.is_reseated
        or show.screen_id != order.promised_screen_id
        or shift > timedelta(minutes=settings.MOVE_TOLERANCE_MINUTES),
    )


def refuse_if_too_late(terms: SaleTerms, at: datetime) -> None:
    """Raises TooLateToCancel once booked seats can no longer be given back by the terms of their sale."""
    if at > terms.cancel_until:
        raise TooLateToCancel


def refuse_other_version(show: Show, version: int | None) -> None:
    """Raises ShowChanged if the buyer has chosen on the map of another version, and says so."""
    if version not in (None, show.version):
        raise ShowChanged(CHOOSE_ANEW, show_version=show.version, changes=changes_of_show(show, version))


def refuse_unknown_seats(show: Show, numbers: Collection[int], *, field: str) -> None:
    """Raises NoSuchSeat for the field of the request that named them, and ShowChanged if there were such
    seats until the show was moved: the buyer has looked at the seat map of then.
    """
    if all(show.plan.has_seat(number) for number in numbers):
        return
    former = most_seats_until_now(show)
    if all(1 <= number <= former for number in numbers):
        raise ShowChanged(
            CHOOSE_ANEW,
            show_version=show.version,
            changes={"total_seats": {"old": former, "new": show.total_seats}},
        )
    raise NoSuchSeat.of(field, f"Seats are numbered 1 to {show.total_seats}.", "no_such_seat")


def refuse_seating(
    inventory: SeatInventory,
    party: AbstractSet[int],
    *,
    taking: Collection[int],
    customer: Customer | None,
    until_now: AbstractSet[int] = frozenset(),
    leave_single_seat: bool = False,
) -> None:
    """Raises SeatTaken, SoldInPairs, CompanionWithoutWheelchair and LeavesSingleSeat unless the party may
    sit there.

    `party` is where it will sit, `taking` what of it is new, `until_now` where it sits before an exchange.
    """
    refuse_taken(inventory, taking, customer)
    refuse_half_sofas(inventory.show, party)
    _refuse_companions_alone(inventory.show, party, until_now)
    if not leave_single_seat:
        refuse_single_seats(inventory, party, until_now, taking=taking)


def refuse_giving_back(
    inventory: SeatInventory, bookings: Iterable[Booking], *, leave_single_seat: bool = False
) -> None:
    """Raises CompanionWithoutWheelchair and LeavesSingleSeat unless these may all be given back at once.

    Each order is judged for itself, by what it keeps.
    """
    show, given_back = inventory.show, defaultdict[int, set[int]](set)
    customers = set()  # house seats go with nothing
    for booking in bookings:
        given_back[booking.order_id].add(booking.seat_number)
        if not booking.is_house_seat:
            customers.add(booking.order_id)
    leaving = set().union(*given_back.values())
    for order_id, numbers in given_back.items():
        # Without a wheelchair space among them there is nothing to read: it cannot be missed.
        if order_id in customers and any(
            show.plan.seat(number).kind is SeatKind.WHEELCHAIR for number in numbers
        ):
            party = inventory.seats_of_order(order_id)
            _refuse_companions_alone(show, party - numbers, party)
        if show.screen.no_single_seats and not leave_single_seat:
            party = inventory.seats_of_order(order_id)
            seats, instead = singles_freed(
                show.plan, inventory.occupied.keys() - party - leaving, party, numbers
            )
            if seats:
                raise LeavesSingleSeat(
                    "Giving these back would leave a single seat free. Give others back instead, or all.",
                    seats=reasons(dict.fromkeys(seats, "left_single")),
                    instead=[list(others) for others in instead],
                )


def refuse_taken(
    inventory: SeatInventory, numbers: Collection[int], customer: Customer | None = None
) -> None:
    """Raises SeatTaken that names every seat that is not free, with the reason; the customer's own with the
    order that has them.
    """
    if conflicts := inventory.taken(numbers):
        seats = reasons(conflicts)
        own = inventory.orders_of(customer, numbers) if customer else {}
        for seat in seats:
            if order := own.get(seat["seat_number"]):
                seat["order"] = order
                if seat["reason"] == "held":
                    seat["reason"] = "held_by_you"
        raise SeatTaken(seats=seats)


def refuse_half_sofas(show: Show, numbers: Collection[int]) -> None:
    """Raises SoldInPairs if one half of a sofa is among the seats without the other."""
    if missing := other_halves(show, numbers) - set(numbers):
        raise SoldInPairs(seats=reasons(dict.fromkeys(missing, "other_half")))


def refuse_half_sofas_kept(show: Show, order: LockedOrder, bookings: Iterable[Booking]) -> None:
    """Raises SoldInPairs if the customer would keep half of a sofa."""
    numbers = {booking.seat_number for booking in bookings}
    kept = {booking.seat_number for booking in order.live} - numbers
    if other_halves(show, numbers) & kept:
        refuse_half_sofas(show, numbers)


def other_halves(show: Show, numbers: Iterable[int]) -> set[int]:
    """Return the seats that make whole sofas with those among these that are half of one."""
    partners = (show.plan.seat(number).partner for number in numbers)
    return {partner for partner in partners if partner is not None}


def _refuse_companions_alone(show: Show, party: AbstractSet[int], until_now: AbstractSet[int]) -> None:
    """Raises CompanionWithoutWheelchair if more companion seats are alone than were until now."""
    alone = companions_too_many(show.plan, party)
    if len(alone) > len(companions_too_many(show.plan, until_now)):
        raise CompanionWithoutWheelchair(seats=reasons(dict.fromkeys(alone, "no_wheelchair_space")))


def refuse_single_seats(
    inventory: SeatInventory,
    party: AbstractSet[int],
    until_now: AbstractSet[int] = frozenset(),
    *,
    taking: Collection[int] | None = None,
) -> None:
    """Raises LeavesSingleSeat if the screen has that rule and the party would break it.

    It names what might be taken instead of what of the party is new, by default all.
    """
    if not inventory.show.screen.no_single_seats:
        return
    plan, occupied = inventory.show.plan, inventory.occupied.keys()
    others = occupied - until_now
    single = single_seats_left(plan, others, party)
    if left := [number for number in single if not is_single(plan, occupied, number)]:
        kept = party - set(party if taking is None else taking)
        raise LeavesSingleSeat(
            seats=reasons(dict.fromkeys(left, "left_single")),
            instead=[list(numbers) for numbers in better_choices(plan, others, party, kept, until_now)],
        )


def refuse_seats_without_booking(order: LockedOrder, numbers: Collection[int], *, field: str) -> None:
    """Raises Invalid for seats that never were in the order, HoldExpired and AlreadyCancelled."""
    missing = set(numbers) - {booking.seat_number for booking in order.live}
    if foreign := sorted(missing - {booking.seat_number for booking in order.bookings}):
        named = ", ".join(map(str, foreign))
        raise Invalid.of(field, f"Not a seat of this order: {named}.", "not_in_order")
    ended = [booking for booking in order.bookings if booking.seat_number in missing]
    if any(booking.status_at(order.at) == Status.EXPIRED for booking in ended):
        raise HoldExpired
    if ended:
        raise AlreadyCancelled


def seat_prices(show: Show, numbers: Collection[int]) -> dict[int, Decimal]:
    """Return what each of these seats costs now, by number, in `settings.CURRENCY`."""
    prices, plan = show.prices, show.plan
    return {number: prices[plan.seat(number).kind] for number in numbers}
