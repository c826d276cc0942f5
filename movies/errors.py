"""Why a show cannot be put on, or changed."""

from typing import ClassVar

from movie_booking.errors import Conflict, Invalid


class SkippedTime(Invalid):
    """No moment is meant: the clocks are put forward over this time."""

    detail = "The clocks of the cinema skip this time on that day."


class ScreenOccupied(Conflict):
    """`shows` names each show that overlaps."""

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


class WeekHasOverlaps(Conflict):
    """No show was scheduled. `overlaps` names each proposal that overlaps others, and those others."""

    code = "week_has_overlaps"
    detail = "Some of these shows overlap others, so none was made."
