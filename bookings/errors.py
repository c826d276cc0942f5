"""Why a seat cannot be held, booked, given back or blocked."""

from collections.abc import Mapping
from typing import Any, ClassVar

from movie_booking.errors import Conflict, DomainError, Invalid
from movie_booking.field_messages import FieldMessage


class SeatTaken(Conflict):
    """`seats` names every seat that is not free, and why; of the asker's own also the `order`."""

    code = "seat_taken"
    detail = "Seat already booked."
    example: ClassVar = {"seats": [{"seat_number": 5, "reason": "booked"}]}


class NoSuchSeat(Invalid):
    code = "no_such_seat"
    detail = "This show has no such seat."
    example: ClassVar = {
        "errors": {"seat_number": [FieldMessage("Seats are numbered 1 to 50.", "no_such_seat")]}
    }


class ShowStarted(Conflict):
    code = "show_started"
    detail = "The show has started."


class NotOnSale(Conflict):
    """`sales_open_at` says from when on it will be."""

    code = "not_on_sale"
    detail = "The sale of this show has not begun."
    example: ClassVar = {"sales_open_at": "2026-12-01T09:00:00.000000Z"}


class SalesClosed(Conflict):
    code = "sales_closed"
    detail = "The sale of this show has ended."


class SoldInPairs(Conflict):
    """`seats` names the halves that are missing."""

    code = "sold_in_pairs"
    detail = "Sofas are sold in pairs: take or give back both halves."
    example: ClassVar = {"seats": [{"seat_number": 6, "reason": "other_half"}]}


class LeavesSingleSeat(Conflict):
    """`seats` names the seats that would be left single.

    `instead` names seats of the same rows that might be taken, or given back, instead, each time as many.
    """

    code = "leaves_single_seat"
    detail = "This choice would leave a single seat free. Choose adjacent seats, or leave at least two free."
    example: ClassVar = {"seats": [{"seat_number": 4, "reason": "left_single"}], "instead": [[3], [5]]}


class CompanionWithoutWheelchair(Conflict):
    """`seats` names the companion seats that no wheelchair space of the order goes with."""

    code = "companion_without_wheelchair"
    detail = "A companion seat goes with a wheelchair space of the same order, one with each."
    example: ClassVar = {"seats": [{"seat_number": 6, "reason": "no_wheelchair_space"}]}


class NotTogether(Conflict):
    """`largest_block` says how many of the party can still sit side by side."""

    code = "not_together"
    detail = "Not enough adjacent seats are available."
    example: ClassVar = {"largest_block": 3}


class NotEnoughSeats(Conflict):
    """`available` says how many seats can still be had, of the `kind` that is short if kinds were asked for.

    `left` says how many there are of each kind, `largest_block` how many of the party can still sit side by
    side.
    """

    code = "not_enough_seats"
    detail = "Not enough seats of that kind are available."
    example: ClassVar = {
        "kind": "standard",
        "available": 5,
        "left": {"standard": 5, "premium": 8},
        "largest_block": 3,
    }


class TooManySeats(Conflict):
    """`limit` says how many seats of one show a user may have, `have` how many they have."""

    code = "too_many_seats"
    detail = "That would be more seats of this show than one customer may have."
    example: ClassVar = {"limit": 10, "have": 8}


class TooManyHolds(Conflict):
    """`limit` says how many orders of a user may be on hold at a time, `orders` which are."""

    code = "too_many_holds"
    detail = "You have too many orders on hold. Confirm or cancel one of them first."
    example: ClassVar = {
        "limit": 5,
        "orders": ["4N0CV8NK7G", "7KX2M9QF4T", "0B8ZJ3WN5C", "9D4HX6TQ1V", "2R7YM5KE8A"],
    }


class GuestsOff(DomainError):
    status = 403
    code = "guests_off"
    detail = "Seats are sold to customers with an account only. Log in, or sign up."


class EmailNotVerified(Conflict):
    code = "email_not_verified"
    detail = "Verify your e-mail address first, or name an order and its access key."


class HoldExpired(Conflict):
    code = "hold_expired"
    detail = "The time for which the seats were held is over. Please choose again."


class HoldLimitReached(Conflict):
    code = "hold_limit_reached"
    detail = "The seats cannot be held any longer. Confirm the order now."


class NotHeld(Conflict):
    code = "not_held"
    detail = "Only an order on hold can be extended."


class AlreadyConfirmed(Conflict):
    code = "already_confirmed"
    detail = "The order is already confirmed."


class AlreadyCancelled(Conflict):
    code = "already_cancelled"
    detail = "The booking is already cancelled."


class TooLateToCancel(Conflict):
    code = "too_late_to_cancel"
    detail = "It is too late to cancel: the show is about to start."


class NotExchangeable(Conflict):
    code = "not_exchangeable"
    detail = "Choose a show of the same movie or in the same cinema."


class ShowHasBookings(Conflict):
    code = "show_has_bookings"
    detail = "Seats of this show were sold: its movie stays, and a new screen means moving its guests."


class ShowChanged(Conflict):
    """`changes` says what is not as it was, `show_version` what to send to accept it when confirming."""

    code = "show_changed"
    detail = "The show was moved since these seats were held. Confirm again with its show_version to accept."
    example: ClassVar = {
        "show_version": 3,
        "changes": {
            "starts_at": {"old": "2026-12-01T19:00:00.000000Z", "new": "2026-12-01T20:30:00.000000Z"}
        },
    }


class CannotSeatAll(Conflict):
    """`left_out` names each order that is left out, with the labels of its seats before the move."""

    code = "cannot_seat_all"
    detail = "Not all guests can be seated. Choose their seats, or leave them out and give everything back."
    example: ClassVar = {"left_out": [{"order": "4N0CV8NK7G", "seats": "C1-C4"}]}


class SeatsDoNotFit(Conflict):
    """`problems` says what is wrong, with which order and which of its seats before the move."""

    code = "seats_do_not_fit"
    detail = "These seats cannot be given to these guests."
    example: ClassVar = {"problems": [{"reason": "alone", "order": "4N0CV8NK7G", "seats": "C1"}]}


class NotBlocked(Conflict):
    """`seats` names every seat that is not blocked."""

    code = "not_blocked"
    detail = "Only blocked house seats can be released."
    example: ClassVar = {"seats": [{"seat_number": 5, "reason": "available"}]}


class KeyReused(DomainError):
    status = 422
    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used for a different request."


class InProgress(Conflict):
    """`retry_after` is in seconds."""

    code = "in_progress"
    detail = "A request with this Idempotency-Key is still being processed."
    example: ClassVar = {"retry_after": 1}


def reasons(seats: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return seats with the reason of each, as an error names them."""
    return [{"seat_number": number, "reason": reason.lower()} for number, reason in sorted(seats.items())]
