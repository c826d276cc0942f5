"""Taking a seat and giving it back: the one place where who has which seat changes."""

from django.db import IntegrityError, transaction

from accounts.models import User
from bookings.models import Booking, BookingQuerySet, Status
from movie_booking.errors import Conflict, Invalid, NotFound
from movies.models import Show


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


class ShowCancelled(Conflict):
    code = "show_cancelled"
    detail = "The show was cancelled."


class AlreadyCancelled(Conflict):
    code = "already_cancelled"
    detail = "The booking is already cancelled."


class NotBooked(Conflict):
    code = "not_booked"
    detail = "Only a booked seat can be cancelled."


def book_seat(*, user: User, show_id: int, seat_number: int) -> Booking:
    """Give the user the seat and return the booking.

    Raises NotFound, ShowCancelled, ShowStarted, NoSuchSeat and SeatTaken.
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
    _refuse_unless_open(show)
    if not show.has_seat(seat_number):
        raise NoSuchSeat(errors={"seat_number": [f"Seats are numbered 1 to {show.total_seats}."]})
    # A statement of its own, begun after the wait for the lock: it sees what the others did.
    if taken := show.bookings.taken([seat_number]):
        raise _refusal(taken)
    booking = Booking.objects.create(show=show, user=user, seat_number=seat_number, price=show.price)
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
        _refuse_unless_open(show)
        return booking.cancel(locked_show=show)


def _refuse_unless_open(show: Show) -> None:
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    if show.has_started():
        raise ShowStarted


def _refusal(taken: dict[int, str]) -> SeatTaken:
    return SeatTaken(
        seats=[{"seat_number": number, "reason": status.lower()} for number, status in taken.items()]
    )
