"""Taking a seat and giving it back: the one place where who has which seat changes."""

from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking, BookingQuerySet, Status
from movie_booking.errors import Conflict, Invalid, NotFound
from movies.models import Show
from movies.seat_plan import SeatSelectionError
from movies.services import ShowCancelled, WrongStatus


class SeatTaken(Conflict):
    """`seats` names every seat that stands in the way, and why."""

    code = "seat_taken"
    detail = "Seat already booked."


class NoSuchSeat(Invalid):
    code = "no_such_seat"
    detail = "This show has no such seat."


class ShowStarted(Conflict):
    code = "show_started"
    detail = "The show has started."


class NotOnSale(Conflict):
    """`sales_open_at` says from when on it will be."""

    code = "not_on_sale"
    detail = "The sale of this show has not begun."


class SalesClosed(Conflict):
    code = "sales_closed"
    detail = "The sale of this show has ended."


class SoldInPairs(Conflict):
    """`seats` names the halves that are missing."""

    code = "sold_in_pairs"
    detail = "A sofa is sold whole: take both of its halves."


class AlreadyCancelled(Conflict):
    code = "already_cancelled"
    detail = "The booking is already cancelled."


class NotBooked(Conflict):
    code = "not_booked"
    detail = "Only a booked seat can be cancelled."


class NotBlocked(Conflict):
    """`seats` names every seat that the house did not block."""

    code = "not_blocked"
    detail = "Only seats that the house blocked can be freed."


class Selection(NamedTuple):
    """Seats of a show, by number and as labels: "C1-C6, D4"."""

    show: int
    seat_numbers: list[int]
    seats: str


def book_seat(*, user: User, show_id: int, seat_number: int) -> Booking:
    """Give the user the seat and return the booking.

    Raises NotFound, ShowCancelled, ShowStarted, NotOnSale, SalesClosed, NoSuchSeat, SeatTaken, and
    SoldInPairs for half a sofa.
    """
    try:
        return _book_seat(user, show_id, seat_number)
    except IntegrityError as error:
        # Not reached while everybody takes the lock; the constraint does not rely on that.
        if "one_live_booking_per_seat" in str(error):
            raise _refusal({seat_number: Status.BOOKED}) from error
        raise


@transaction.atomic
def _book_seat(user: User, show_id: int, seat_number: int) -> Booking:
    show = Show.objects.lock(show_id)
    _refuse_unless_on_sale(show)
    if not show.plan.has_seat(seat_number):
        raise NoSuchSeat(errors={"seat_number": [f"Seats are numbered 1 to {show.total_seats}."]})
    # A statement of its own, begun after the wait for the lock: it sees what the others did.
    if taken := show.bookings.taken([seat_number]):
        raise _refusal(taken)
    seat = show.plan.seat(seat_number)
    if seat.partner is not None:
        raise SoldInPairs(seats=[{"seat_number": seat.partner, "reason": "other_half"}])
    booking = Booking.objects.create(
        show=show, user=user, seat_number=seat_number, price=show.price_of(seat_number)
    )
    show.count_taken(+1)
    return booking


def cancel_booking(*, among: BookingQuerySet, booking_id: int) -> Booking:
    """Give the seat back and return the booking: the row stays, as CANCELLED.

    `among` says whose bookings count: a customer's own, or the house's all. Raises NotFound,
    AlreadyCancelled, NotBooked, ShowCancelled and ShowStarted.
    """
    # The show of a booking never changes, so it may be read before the lock.
    show_id = among.filter(pk=booking_id).values_list("show_id", flat=True).first()
    if show_id is None:
        raise NotFound
    with transaction.atomic():
        show = Show.objects.lock(show_id)
        booking = among.get(pk=booking_id)
        if booking.status == Status.CANCELLED:
            raise AlreadyCancelled
        if booking.status != Status.BOOKED:
            raise NotBooked
        _refuse_unless_ahead(show)
        return booking.cancel(locked_show=show)


@transaction.atomic
def block_seats(*, staff: User, show_id: int, seats: str, reason: str = "") -> Selection:
    """Withhold seats such as "C1-C6, D4" from sale and return which. All or none.

    Raises NotFound, ShowCancelled, ShowStarted, NoSuchSeat for a selection that cannot be read, and
    SeatTaken that names every seat that is not free.
    """
    show = Show.objects.lock(show_id)
    _refuse_unless_ahead(show)
    numbers = _selected(show, seats)
    if taken := show.bookings.taken(numbers):
        raise _refusal(taken)
    Booking.objects.bulk_create(
        Booking(
            show=show,
            user=staff,
            seat_number=number,
            price=0,
            status=Status.BLOCKED,
            for_house=True,
            reason=reason,
        )
        for number in numbers
    )
    show.count_taken(+len(numbers))
    return Selection(show.pk, numbers, show.plan.labels_of(numbers))


@transaction.atomic
def free_seats(*, show_id: int, seats: str) -> Selection:
    """Put blocked seats back on sale and return which. All or none.

    Raises NotFound, ShowCancelled, NoSuchSeat, and NotBlocked that names every other seat.
    """
    show = Show.objects.lock(show_id)
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    numbers = _selected(show, seats)
    taken = show.bookings.taken(numbers)
    others = {
        number: taken.get(number, "available") for number in numbers if taken.get(number) != Status.BLOCKED
    }
    if others:
        raise NotBlocked(seats=_reasons(others))
    blocked = show.bookings.filter(status=Status.BLOCKED, seat_number__in=numbers)
    blocked.update(status=Status.CANCELLED, cancelled_at=timezone.now())
    show.count_taken(-len(numbers))
    return Selection(show.pk, numbers, show.plan.labels_of(numbers))


@transaction.atomic
def cancel_show(*, show_id: int, reason: str) -> tuple[Show, int]:
    """Take a show off for good, with all its bookings; return it and how many seats were cancelled.

    Seats that the house had blocked are freed too but not counted: nobody is waiting for them.
    Raises NotFound, ShowCancelled if it already was, WrongStatus for a draft, and ShowStarted once
    it is over.
    """
    show = Show.objects.lock(show_id)
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    if show.status == Show.Status.DRAFT:
        raise WrongStatus("A draft was never on sale: delete it, or leave it a draft.")
    if show.ends_at <= timezone.now():
        raise ShowStarted("The show is over.")
    now = timezone.now()
    live = show.bookings.live()
    sold = live.exclude(status=Status.BLOCKED).update(
        status=Status.CANCELLED, cancelled_at=now, reason=reason
    )
    live.update(status=Status.CANCELLED, cancelled_at=now)
    show.status, show.cancelled_at, show.cancel_reason = Show.Status.CANCELLED, now, reason
    show.live_seats, show.seats_version = 0, show.seats_version + 1
    show.save(update_fields=["status", "cancelled_at", "cancel_reason", "live_seats", "seats_version"])
    return show, sold


def _selected(show: Show, seats: str) -> list[int]:
    try:
        numbers = show.plan.numbers_of(seats)
    except SeatSelectionError as error:
        raise NoSuchSeat(errors={"seats": [str(error)]}) from error
    if not numbers:
        raise NoSuchSeat(errors={"seats": ["Name at least one seat, such as C7 or C1-C6."]})
    return list(numbers)


def _refuse_unless_on_sale(show: Show) -> None:
    if show.status == Show.Status.DRAFT:
        raise NotFound
    _refuse_unless_ahead(show)
    now = timezone.now()
    if show.sales_open_at is not None and now < show.sales_open_at:
        raise NotOnSale(sales_open_at=show.sales_open_at)
    if now >= show.sales_close_at:
        raise SalesClosed


def _refuse_unless_ahead(show: Show) -> None:
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    if show.has_started():
        raise ShowStarted


def _refusal(taken: dict[int, str]) -> SeatTaken:
    return SeatTaken(seats=_reasons(taken))


def _reasons(taken: dict[int, str]) -> list[dict[str, Any]]:
    return [{"seat_number": number, "reason": status.lower()} for number, status in taken.items()]
