"""The JSON of bookings. Input classes check shape, output classes are read-only."""

from bookings.serializers.moving import (
    LeftOutSerializer,
    MoveInput,
    MoveSerializer,
    ReseatingProblemSerializer,
)
from bookings.serializers.orders import (
    BookingSerializer,
    BookSeatInput,
    CancelBookingInput,
    CancelOrderInput,
    ConfirmInput,
    ExchangeInput,
    OrderInput,
    OrderSerializer,
    QuoteSerializer,
)
from bookings.serializers.shows import (
    BlockInput,
    CancelledShowSerializer,
    CancelShowInput,
    SeatMapSerializer,
    SelectionInput,
    SelectionSerializer,
)

__all__ = [
    "BlockInput",
    "BookSeatInput",
    "BookingSerializer",
    "CancelBookingInput",
    "CancelOrderInput",
    "CancelShowInput",
    "CancelledShowSerializer",
    "ConfirmInput",
    "ExchangeInput",
    "LeftOutSerializer",
    "MoveInput",
    "MoveSerializer",
    "OrderInput",
    "OrderSerializer",
    "QuoteSerializer",
    "ReseatingProblemSerializer",
    "SeatMapSerializer",
    "SelectionInput",
    "SelectionSerializer",
]
