"""Why a show cannot be put on, or changed."""

from typing import ClassVar

from movie_booking.errors import Conflict


class ScreenOccupied(Conflict):
    """`shows` names each show in the way."""

    code = "screen_occupied"
    detail = "Another show is on this screen at that time, or it is being cleaned."
    example: ClassVar = {
        "shows": [
            {
                "id": 3,
                "movie_title": "Inception",
                "starts_at": "2026-12-01T19:00:00Z",
                "screen_free_at": "2026-12-01T21:43:00Z",
            }
        ]
    }


class ShowCancelled(Conflict):
    code = "show_cancelled"
    detail = "The show was cancelled."


class WrongStatus(Conflict):
    code = "wrong_status"
    detail = "A draft can be put on sale, and that is all: a show is taken off by cancelling it."


class ShowHasBookings(Conflict):
    code = "show_has_bookings"
    detail = "Seats of this show were sold: its movie, screen and number of seats stay as they are."


class PlanHasClashes(Conflict):
    """Nothing was made. `clashes` names each proposal that is in the way of something, and of what."""

    code = "plan_has_clashes"
    detail = "Some of these shows are in the way of others, so none was made."
