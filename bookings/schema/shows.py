"""The catalogue with what may change of it, and the seats of a show."""

from typing import Any

from drf_yasg import openapi

from bookings import services
from bookings.schema.common import CHANGE_ERRORS, CHANGE_WITH_BODY_ERRORS, SHOWS, STAFF_ERRORS
from bookings.serializers import (
    BlockInput,
    CancelledShowSerializer,
    CancelShowInput,
    MoveInput,
    MoveSerializer,
    SeatAvailabilitySerializer,
    SeatLayoutSerializer,
    SeatMapSerializer,
    SelectionInput,
    SelectionSerializer,
)
from movie_booking.errors import Busy, Invalid, NotFound
from movie_booking.limits import MAX_ID
from movie_booking.schema import (
    IF_MATCH,
    IF_MATCH_ERRORS,
    PERMISSION_DENIED,
    operation,
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
MIN_VERSION = openapi.Parameter(
    "min_version",
    openapi.IN_QUERY,
    type=openapi.TYPE_INTEGER,
    minimum=0,
    maximum=MAX_ID,
    description=(
        "A `seats_version` that a booking or a map told: the answer is no older. The server may read from a"
        " copy of its database, which is a little behind."
    ),
)


def _seats(summary: str, output: Any, description: str, *parameters: openapi.Parameter) -> Any:
    return operation(
        SHOWS,
        summary,
        {200: output, 304: None},
        [Invalid, NotFound],
        operation_description=description,
        manual_parameters=[*parameters, MIN_VERSION, IF_NONE_MATCH],
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
    [Invalid, NotFound, Busy],
    operation_description=(
        "Server-Sent Events: `event: seats` with what `seats/availability/` answers as `data`, and its"
        " `seats_version` as `id`; the first at once, the next whenever seats have changed, at most one a"
        " second. The server ends it after a while, and a client connects again."
    ),
    manual_parameters=[MIN_VERSION, LAST_EVENT_ID],
    security=[],
)
