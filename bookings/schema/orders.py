"""Bookings, orders and limits."""

from drf_yasg import openapi
from drf_yasg.utils import no_body

from accounts.errors import EmailNotVerified
from bookings import services
from bookings.errors import GuestsOff
from bookings.schema.common import (
    BOOKINGS,
    CHANGE_ERRORS,
    CHANGE_WITH_BODY_ERRORS,
    IDEMPOTENCY_ERRORS,
    IDEMPOTENCY_KEY,
    OF_SHOW,
    ORDERS,
    OVERRIDE_ERRORS,
    PAGED_BY_ROW,
    READ_ERRORS,
    USER_GUEST_OR_MACHINE,
    USER_OR_MACHINE,
)
from bookings.serializers import (
    BookingSerializer,
    BookSeatInput,
    CancelBookingInput,
    CancelOrderInput,
    ClaimedSerializer,
    ClaimInput,
    ConfirmInput,
    ExchangeInput,
    MachineOrderInput,
    OrderQuoteSerializer,
    OrderSerializer,
    QuoteSerializer,
)
from bookings.serializers.limits import LimitsSerializer
from movie_booking.errors import Invalid
from movie_booking.schema import (
    operation,
)

# --- Bookings ------------------------------------------------------------------------------------

book_seat = operation(
    BOOKINGS,
    "Book a seat",
    {201: BookingSerializer},
    [*CHANGE_WITH_BODY_ERRORS, *OVERRIDE_ERRORS, *IDEMPOTENCY_ERRORS, EmailNotVerified],
    service=services.book_seat,
    operation_id="api_shows_book_create",
    operation_description=(
        "An order of one seat that is confirmed at once. The show is locked, the seat checked and the"
        " booking written in one transaction: of any number of buyers who want a seat at the same"
        " moment, one gets it."
    ),
    request_body=BookSeatInput,
    manual_parameters=[IDEMPOTENCY_KEY],
)
list_bookings = operation(
    BOOKINGS,
    "List my bookings",
    {},
    [Invalid, *READ_ERRORS],
    operation_description=f"Newest first. {PAGED_BY_ROW}",
)
read_booking = operation(
    BOOKINGS,
    "Show one of my bookings",
    {200: BookingSerializer},
    [Invalid, *READ_ERRORS],
    manual_parameters=[OF_SHOW],
)
quote_cancellation = operation(
    BOOKINGS,
    "Quote what cancelling a booking brings",
    {200: QuoteSerializer},
    [Invalid, *READ_ERRORS],
    service=services.quote_cancellation,
    operation_description=(
        "Which share comes back depends on the time that is left; `valid_until` says how long this"
        " quote holds. Nothing is cancelled."
    ),
    manual_parameters=[OF_SHOW],
)
cancel_booking = operation(
    BOOKINGS,
    "Cancel a booking",
    {200: BookingSerializer},
    [*CHANGE_WITH_BODY_ERRORS, *OVERRIDE_ERRORS, *IDEMPOTENCY_ERRORS],
    service=services.cancel_booking,
    operation_description=(
        "Frees the seat. The booking stays in your list, as CANCELLED. One seat of several is refused if it"
        " would be left single and another would not: `instead` names those."
    ),
    request_body=CancelBookingInput,
    manual_parameters=[IDEMPOTENCY_KEY, OF_SHOW],
)

get_limits = operation(
    ORDERS,
    "Show limits, deadlines and rules",
    {200: LimitsSerializer},
    [Invalid, *READ_ERRORS],
    operation_id="api_limits_read",
    operation_description=(
        "What a client should know before it asks for seats, so that it need not try. With `show`, and signed"
        " in, also what the user has of that show and may still have."
    ),
    manual_parameters=[
        openapi.Parameter(
            "show",
            openapi.IN_QUERY,
            type=openapi.TYPE_INTEGER,
            minimum=0,
            description="Id of a show: needs a token.",
        )
    ],
    security=[{}, {"Bearer": []}],
)

# --- Orders --------------------------------------------------------------------------------------

list_orders = operation(
    ORDERS,
    "List my orders",
    {},
    [Invalid, *READ_ERRORS],
    operation_description=(
        f"Newest first, with those that are over. {PAGED_BY_ROW} A machine that sells lists what it sold; one"
        " that looks up names a `show` and lists all orders of that."
    ),
    security=USER_OR_MACHINE,
)
read_order = operation(
    ORDERS,
    "Show one of my orders",
    {200: OrderSerializer},
    [Invalid, *READ_ERRORS],
    operation_description="A machine that looks up is shown every order of its cinemas, with its `customer`.",
    manual_parameters=[OF_SHOW],
    security=USER_GUEST_OR_MACHINE,
)
hold_seats = operation(
    ORDERS,
    "Hold seats",
    {201: OrderSerializer},
    [*CHANGE_WITH_BODY_ERRORS, *OVERRIDE_ERRORS, GuestsOff, *IDEMPOTENCY_ERRORS, EmailNotVerified],
    service=services.hold_seats,
    operation_description=(
        "All seats or none, held while you pay: confirm the order before `expires_at`. Name the seats"
        ' (`{"show": 1, "seat_numbers": [5, 6]}`) or ask for the best available'
        ' (`{"show": 1, "best_available": 2}`, or by kind: `{"show": 1, "best_available": {"wheelchair": 1,'
        ' "companion": 1, "standard": 2}}`). A conflict names every seat that is not free.\n\nWithout an'
        ' account say who you are (`"guest": {"email": "ada@example.com"}`) and send no token. The answer has'
        " the `access_key` of the order, which it is opened with from then on: `Order-Key: <access_key>`. A"
        " machine whose key sells sends that key, and says of its customer what it knows."
    ),
    request_body=MachineOrderInput,
    manual_parameters=[IDEMPOTENCY_KEY],
    security=[{}, {"Bearer": []}, {"Key": []}],
)
claim_orders = operation(
    ORDERS,
    "Take over what you bought as a guest",
    {200: ClaimedSerializer},
    CHANGE_WITH_BODY_ERRORS,
    service=services.claim_orders_by_email,
    operation_id="api_orders_claim_create",
    operation_description=(
        "Your account becomes the customer of the order, and of those that it was exchanged for: their key"
        " opens nothing any more. With an empty body of all that was bought with your e-mail address, once it"
        " is verified."
    ),
    request_body=ClaimInput,
)
confirm_order = operation(
    ORDERS,
    "Confirm an order",
    {200: OrderSerializer},
    [*CHANGE_WITH_BODY_ERRORS, *IDEMPOTENCY_ERRORS],
    service=services.confirm_order,
    operation_description="Books the held seats. An expired hold stays expired: nothing is booked anew.",
    request_body=ConfirmInput,
    manual_parameters=[IDEMPOTENCY_KEY, OF_SHOW],
    security=USER_GUEST_OR_MACHINE,
)
extend_order = operation(
    ORDERS,
    "Hold the seats of an order for longer",
    {200: OrderSerializer},
    [Invalid, *CHANGE_ERRORS],
    service=services.extend_order,
    operation_description=(
        "Starts the time of the hold anew, up to a limit that counts from when the order was made."
    ),
    request_body=no_body,
    manual_parameters=[OF_SHOW],
    security=USER_GUEST_OR_MACHINE,
)
quote_order = operation(
    ORDERS,
    "Quote what cancelling an order brings, or some of its seats",
    {200: OrderQuoteSerializer},
    [Invalid, *READ_ERRORS],
    service=services.quote_order,
    operation_description="Of all its seats, or of those named. Nothing is cancelled.",
    manual_parameters=[
        openapi.Parameter(
            "seat_numbers",
            openapi.IN_QUERY,
            type=openapi.TYPE_ARRAY,
            items=openapi.Items(type=openapi.TYPE_INTEGER, minimum=1),
            min_items=1,
            collection_format="csv",
            description="Some seats of the order: `5,6`. Without it, all.",
        ),
        OF_SHOW,
    ],
    security=USER_GUEST_OR_MACHINE,
)
cancel_order = operation(
    ORDERS,
    "Cancel an order, or some of its seats",
    {200: OrderSerializer},
    [*CHANGE_WITH_BODY_ERRORS, *OVERRIDE_ERRORS, *IDEMPOTENCY_ERRORS],
    service=services.cancel_order,
    operation_description=(
        "Releases a hold, or cancels what was booked. A part of the order is refused if it would leave a"
        " single seat and another part would not: `instead` names those. The whole order can always be given"
        " back."
    ),
    request_body=CancelOrderInput,
    manual_parameters=[IDEMPOTENCY_KEY, OF_SHOW],
    security=USER_GUEST_OR_MACHINE,
)
exchange_seats = operation(
    ORDERS,
    "Exchange seats of an order",
    {200: OrderSerializer},
    [*CHANGE_WITH_BODY_ERRORS, *OVERRIDE_ERRORS, *IDEMPOTENCY_ERRORS],
    service=services.exchange_seats,
    operation_description=(
        "In one step: you are never without a seat and never have two. With `to_show` for seats of another"
        " show of the same movie or in the same cinema: the response is then a new order, of that show, which"
        " names this one as `exchanged_from`."
    ),
    request_body=ExchangeInput,
    manual_parameters=[IDEMPOTENCY_KEY, OF_SHOW],
    security=USER_GUEST_OR_MACHINE,
)
