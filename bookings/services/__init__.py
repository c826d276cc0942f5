"""The verbs of booking: every change of who has a seat is one of these.

Each is a transaction of its own. `actor` says who acts and through which channel. An order, booking or show
that is handed in is an identity: what is decided is decided on the rows read after the lock.
"""

from accounts.actors import SYSTEM, Actor
from bookings.services.box_office import hold_order_until, sell_seats
from bookings.services.cancellation import (
    cancel_booking,
    cancel_order,
    cancel_seats,
    cancel_show,
    quote_cancellation,
    quote_order,
    quote_seats,
    refund_now,
)
from bookings.services.claiming import claim_order, claim_orders_by_email
from bookings.services.closing import close_account
from bookings.services.confirmation import confirm_order
from bookings.services.deletion import delete_show
from bookings.services.exchange import exchange_seats, swap_seats
from bookings.services.guests import GuestDetails, anonymise_guests, new_guest
from bookings.services.holds import SeatChoice, book_seat, expire_holds, extend_order, hold_seats
from bookings.services.house_seats import block_seats, release_seats
from bookings.services.joint import (
    BookWish,
    ConfirmWish,
    HoldWish,
    LockedElsewhere,
    SeatWish,
    Wish,
    do_together,
)
from bookings.services.moving import Move, MovedSeat, move_show, plan_on
from bookings.services.notes import add_note
from bookings.services.relocation import change_cinema, change_screen, has_had_shows, plan_time_zone
from bookings.services.retention import forget_old_contacts
from bookings.services.retiming import change_movie, plan_running_time
from bookings.services.seat_check import Difference, check_seats
from bookings.services.show_changes import change_show

__all__ = [
    "SYSTEM",
    "Actor",
    "BookWish",
    "ConfirmWish",
    "Difference",
    "GuestDetails",
    "HoldWish",
    "LockedElsewhere",
    "Move",
    "MovedSeat",
    "SeatChoice",
    "SeatWish",
    "Wish",
    "add_note",
    "anonymise_guests",
    "block_seats",
    "book_seat",
    "cancel_booking",
    "cancel_order",
    "cancel_seats",
    "cancel_show",
    "change_cinema",
    "change_movie",
    "change_screen",
    "change_show",
    "check_seats",
    "claim_order",
    "claim_orders_by_email",
    "close_account",
    "confirm_order",
    "delete_show",
    "do_together",
    "exchange_seats",
    "expire_holds",
    "extend_order",
    "forget_old_contacts",
    "has_had_shows",
    "hold_order_until",
    "hold_seats",
    "move_show",
    "new_guest",
    "plan_on",
    "plan_running_time",
    "plan_time_zone",
    "quote_cancellation",
    "quote_order",
    "quote_seats",
    "refund_now",
    "release_seats",
    "sell_seats",
    "swap_seats",
]
