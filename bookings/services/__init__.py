"""The verbs of the house: every change of who has which seat is one of these."""

from bookings.services.holds import expire_holds
from bookings.services.house import block_seats, cancel_show, free_seats
from bookings.services.idempotency import answer_once, purge_idempotency_keys
from bookings.services.orders import (
    cancel_booking,
    cancel_order,
    confirm_order,
    exchange_seats,
    extend_order,
    quote_cancellation,
)
from bookings.services.placing import Wish, book_seat, hold_seats

__all__ = [
    "Wish",
    "answer_once",
    "block_seats",
    "book_seat",
    "cancel_booking",
    "cancel_order",
    "cancel_show",
    "confirm_order",
    "exchange_seats",
    "expire_holds",
    "extend_order",
    "free_seats",
    "hold_seats",
    "purge_idempotency_keys",
    "quote_cancellation",
]
