"""How Swagger UI describes the operations of bookings: one decorator for each view."""

from typing import Any

from drf_yasg import openapi
from drf_yasg.utils import no_body
from rest_framework import serializers

from bookings import services
from bookings.errors import InProgress, KeyReused
from bookings.idempotency import KEY
from bookings.serializers import (
    BlockInput,
    BookingSerializer,
    BookSeatInput,
    CancelBookingInput,
    CancelledShowSerializer,
    CancelOrderInput,
    CancelShowInput,
    ChangesSerializer,
    ConfirmInput,
    ExchangeInput,
    LeftOutSerializer,
    MoveInput,
    MoveSerializer,
    OrderInput,
    OrderQuoteSerializer,
    OrderSerializer,
    QuoteSerializer,
    ReseatingProblemSerializer,
    SeatAvailabilitySerializer,
    SeatLayoutSerializer,
    SeatMapSerializer,
    SelectionInput,
    SelectionSerializer,
)
from bookings.serializers.limits import LimitsSerializer
from movie_booking.errors import Busy, Invalid, NotFound
from movie_booking.schema import (
    AUTHENTICATION_ERRORS,
    BODY_ERRORS,
    IF_MATCH,
    IF_MATCH_ERRORS,
    PERMISSION_DENIED,
    Problems,
    operation,
    problem_members,
)
from movies.schema import change
from movies.serializers import (
    CinemaChangeInput,
    CinemaSerializer,
    MovieChangeInput,
    MovieSerializer,
    ScreenInput,
    ScreenSerializer,
    ShowChangeInput,
    ShowSerializer,
)

BOOKINGS, ORDERS, SHOWS = "Bookings", "Orders", "Shows"

IDEMPOTENCY_KEY = openapi.Parameter(
    "Idempotency-Key",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    pattern=f"^({KEY.pattern})$",
    description=(
        "Any text that is new for each thing you want. Send the same request again with the same key"
        " and get the first response again, with `Idempotent-Replayed: true`: nothing happens twice."
    ),
)
# A key may be malformed, and to compare requests their bodies are parsed, also where the view needs none.
IDEMPOTENCY_ERRORS: Problems = (Invalid, *BODY_ERRORS, KeyReused, InProgress)
READ_ERRORS: Problems = (*AUTHENTICATION_ERRORS, NotFound)
# Whatever changes who has a seat waits for the lock of the show.
CHANGE_ERRORS: Problems = (*READ_ERRORS, Busy)
CHANGE_WITH_BODY_ERRORS: Problems = (Invalid, *BODY_ERRORS, *CHANGE_ERRORS)
STAFF_ERRORS: Problems = (*CHANGE_WITH_BODY_ERRORS, PERMISSION_DENIED)
# The override of the single-seat rule is for staff.
OVERRIDE_ERRORS: Problems = (PERMISSION_DENIED,)
PAGED_BY_ROW = "Follow `next`: no row comes twice or is missed, whatever is bought meanwhile."


class SeatReasonSerializer(serializers.Serializer[Any]):
    seat_number = serializers.IntegerField()
    reason = serializers.CharField(help_text="Such as booked, held, held_by_you or blocked.")
    order = serializers.CharField(required=False, help_text="Your order that has the seat: its reference.")


@problem_members
class BookingProblemMembers(serializers.Serializer[Any]):
    seats: Any = SeatReasonSerializer(
        many=True, required=False, help_text="The seats that cannot be had, each with its reason."
    )
    limit = serializers.IntegerField(required=False, help_text="How many there may be.")
    have = serializers.IntegerField(required=False, help_text="How many seats of the show you have.")
    orders = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="References of your orders on hold."
    )
    instead: Any = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        required=False,
        help_text="Seats that might be taken, or given back, instead, each time as many.",
    )
    kind = serializers.CharField(required=False, help_text="The kind of seat that is short.")
    available = serializers.IntegerField(required=False, help_text="How many seats of it can still be had.")
    left = serializers.DictField(
        child=serializers.IntegerField(), required=False, help_text="How many there are of each kind."
    )
    largest_block = serializers.IntegerField(
        required=False, help_text="How many of the party can still sit side by side."
    )
    show = serializers.IntegerField(
        required=False, help_text="Which of the two shows refuses an exchange from one to the other."
    )
    sales_open_at = serializers.DateTimeField(required=False, help_text="From when on the show is on sale.")
    show_version = serializers.IntegerField(required=False, help_text="Of the show as it is now.")
    changes = ChangesSerializer(required=False, help_text="What is not as it was when seats were held.")
    left_out: Any = LeftOutSerializer(
        many=True, required=False, help_text="The orders for which a move has no seats."
    )
    problems: Any = ReseatingProblemSerializer(
        many=True, required=False, help_text="What is wrong with seats that were chosen by hand."
    )


# --- Bookings ------------------------------------------------------------------------------------

book_seat = operation(
    BOOKINGS,
    "Book a seat",
    {201: BookingSerializer},
    [*CHANGE_WITH_BODY_ERRORS, *OVERRIDE_ERRORS, *IDEMPOTENCY_ERRORS],
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
read_booking = operation(BOOKINGS, "Show one of my bookings", {200: BookingSerializer}, READ_ERRORS)
quote_cancellation = operation(
    BOOKINGS,
    "Quote what cancelling a booking brings",
    {200: QuoteSerializer},
    READ_ERRORS,
    service=services.quote_cancellation,
    operation_description=(
        "Which share comes back depends on the time that is left; `valid_until` says how long this"
        " quote holds. Nothing is cancelled."
    ),
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
    manual_parameters=[IDEMPOTENCY_KEY],
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
    operation_description=f"Newest first, with those that are over. {PAGED_BY_ROW}",
)
read_order = operation(ORDERS, "Show one of my orders", {200: OrderSerializer}, READ_ERRORS)
hold_seats = operation(
    ORDERS,
    "Hold seats",
    {201: OrderSerializer},
    [*CHANGE_WITH_BODY_ERRORS, *OVERRIDE_ERRORS, *IDEMPOTENCY_ERRORS],
    service=services.hold_seats,
    operation_description=(
        "All seats or none, held while you pay: confirm the order before `expires_at`. Name the seats"
        ' (`{"show": 1, "seat_numbers": [5, 6]}`) or ask for the best available'
        ' (`{"show": 1, "best_available": 2}`, or by kind: `{"show": 1, "best_available": {"wheelchair": 1,'
        ' "companion": 1, "standard": 2}}`). A conflict names every seat that is not free.'
    ),
    request_body=OrderInput,
    manual_parameters=[IDEMPOTENCY_KEY],
)
confirm_order = operation(
    ORDERS,
    "Confirm an order",
    {200: OrderSerializer},
    [*CHANGE_WITH_BODY_ERRORS, *IDEMPOTENCY_ERRORS],
    service=services.confirm_order,
    operation_description="Books the held seats. An expired hold stays expired: nothing is booked anew.",
    request_body=ConfirmInput,
    manual_parameters=[IDEMPOTENCY_KEY],
)
extend_order = operation(
    ORDERS,
    "Hold the seats of an order for longer",
    {200: OrderSerializer},
    CHANGE_ERRORS,
    service=services.extend_order,
    operation_description=(
        "Starts the time of the hold anew, up to a limit that counts from when the order was made."
    ),
    request_body=no_body,
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
        )
    ],
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
    manual_parameters=[IDEMPOTENCY_KEY],
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
    manual_parameters=[IDEMPOTENCY_KEY],
)

# --- The catalogue -------------------------------------------------------------------------------

_movie = (MovieChangeInput, MovieSerializer, services.change_movie)
update_movie = change("Movies", "Replace a movie", *_movie)
partial_update_movie = change("Movies", "Change a movie", *_movie)
_cinema = (CinemaChangeInput, CinemaSerializer, services.change_cinema)
update_cinema = change("Cinemas", "Replace a cinema", *_cinema)
partial_update_cinema = change("Cinemas", "Change a cinema", *_cinema)
_screen = (ScreenInput, ScreenSerializer, services.change_screen)
update_screen = change("Cinemas", "Replace a screen", *_screen)
partial_update_screen = change("Cinemas", "Change a screen", *_screen)

# --- Shows ---------------------------------------------------------------------------------------

_changed_show: dict[str, Any] = {
    "responses": {200: ShowSerializer},
    "problems": [*CHANGE_WITH_BODY_ERRORS, PERMISSION_DENIED, NotFound, *IF_MATCH_ERRORS],
    "service": services.change_show,
    "request_body": ShowChangeInput,
    "manual_parameters": [IF_MATCH],
    "etag": True,
}
update_show = operation(SHOWS, "Replace a show (staff)", **_changed_show)
partial_update_show = operation(SHOWS, "Change a show (staff)", **_changed_show)
destroy_show = operation(
    SHOWS,
    "Delete a show (staff)",
    {204: None},
    [*CHANGE_ERRORS, PERMISSION_DENIED, *IF_MATCH_ERRORS],
    service=services.delete_show,
    operation_description=(
        "One that never sold: its holds came to nothing, its house seats were released. Others are cancelled."
    ),
    manual_parameters=[IF_MATCH],
)
block_seats = operation(
    SHOWS,
    "Block seats of a show (staff)",
    {200: SelectionSerializer},
    STAFF_ERRORS,
    service=services.block_seats,
    operation_id="api_shows_block_create",
    operation_description="All or none: a block never takes a sold seat.",
    request_body=BlockInput,
)
release_seats = operation(
    SHOWS,
    "Release blocked seats of a show (staff)",
    {200: SelectionSerializer},
    STAFF_ERRORS,
    service=services.release_seats,
    operation_id="api_shows_free_create",
    operation_description="All or none.",
    request_body=SelectionInput,
)
cancel_show = operation(
    SHOWS,
    "Cancel a show (staff)",
    {200: CancelledShowSerializer},
    STAFF_ERRORS,
    service=services.cancel_show,
    operation_id="api_shows_cancel_create",
    operation_description="For good, with all its bookings.",
    request_body=CancelShowInput,
)
move_show = operation(
    SHOWS,
    "Move a show with its guests (staff)",
    {200: MoveSerializer},
    [*STAFF_ERRORS, *IF_MATCH_ERRORS],
    service=services.move_show,
    operation_id="api_shows_move_create",
    operation_description=(
        "To another screen, another start, or both; to its own screen, if that was drawn anew. Guests keep"
        " their seats where there are such, by label and kind; others sit side by side, as near as can be."
        " Ask with `dry_run` who would sit where. Whoever gets another seat, screen or start may give it back"
        " for all that was paid, until the start."
    ),
    request_body=MoveInput,
    manual_parameters=[IF_MATCH],
)
IF_NONE_MATCH = openapi.Parameter(
    "If-None-Match",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="The `ETag` of the last answer: if nothing has changed, this one is 304 without a body.",
)


def _seats(summary: str, output: Any, description: str, *parameters: openapi.Parameter) -> Any:
    return operation(
        SHOWS,
        summary,
        {200: output, 304: None},
        [*([Invalid] if parameters else []), NotFound],
        operation_description=description,
        manual_parameters=[*parameters, IF_NONE_MATCH],
        security=[],
        etag=True,
    )


get_seat_map = _seats(
    "Show the seat map of a show",
    SeatMapSerializer,
    "All seats, and which are free. To poll, ask for the layout once and then for availability. `fields` is"
    " deprecated: both have addresses of their own.",
    openapi.Parameter(
        "fields",
        openapi.IN_QUERY,
        type=openapi.TYPE_STRING,
        enum=["layout", "availability"],
        description="That part alone, which has a route of its own.",
        **{"x-deprecated": True},
    ),
)
get_seat_layout = _seats(
    "Show the seats of a show, without who has which",
    SeatLayoutSerializer,
    "It hardly ever changes.",
)
get_seat_availability = _seats(
    "Show which seats of a show are not free",
    SeatAvailabilitySerializer,
    "The few bytes to poll.",
)
LAST_EVENT_ID = openapi.Parameter(
    "Last-Event-ID",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="The `id` of the last event, as `EventSource` sends it: the seats come once they differ.",
)
stream_seats = operation(
    SHOWS,
    "Watch which seats of a show are not free",
    {200: openapi.Response("Events.", openapi.Schema(type=openapi.TYPE_STRING))},
    [NotFound, Busy],
    operation_description=(
        "Server-Sent Events: `event: seats` with what `seats/availability/` answers as `data`, and its"
        " `seats_version` as `id`; the first at once, the next whenever seats have changed, at most one a"
        " second. The server ends it after a while, and a client connects again."
    ),
    manual_parameters=[LAST_EVENT_ID],
    security=[],
)
