"""The JSON of bookings. Input classes check shape, output classes are read-only."""

from bookings.serializers.bookings import (
    BookingSerializer,
    OrderQuoteSerializer,
    QuoteSerializer,
    changed_booking,
)
from bookings.serializers.changes import ChangesSerializer
from bookings.serializers.inputs import (
    BookSeatInput,
    CancelBookingInput,
    CancelOrderInput,
    ClaimInput,
    ConfirmInput,
    ExchangeInput,
    MachineOrderInput,
    OrderInput,
    OrderQuoteInput,
)
from bookings.serializers.moving import (
    LeftOutSerializer,
    MoveInput,
    MoveSerializer,
    ReseatingProblemSerializer,
)
from bookings.serializers.orders import ClaimedSerializer, OrderSerializer
from bookings.serializers.personal_data import PersonalDataSerializer
from bookings.serializers.shows import (
    BlockInput,
    CancelledShowSerializer,
    CancelShowInput,
    SeatAvailabilitySerializer,
    SeatLayoutSerializer,
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
    "ChangesSerializer",
    "ClaimInput",
    "ClaimedSerializer",
    "ConfirmInput",
    "ExchangeInput",
    "LeftOutSerializer",
    "MachineOrderInput",
    "MoveInput",
    "MoveSerializer",
    "OrderInput",
    "OrderQuoteInput",
    "OrderQuoteSerializer",
    "OrderSerializer",
    "PersonalDataSerializer",
    "QuoteSerializer",
    "ReseatingProblemSerializer",
    "SeatAvailabilitySerializer",
    "SeatLayoutSerializer",
    "SeatMapSerializer",
    "SelectionInput",
    "SelectionSerializer",
    "changed_booking",
]
