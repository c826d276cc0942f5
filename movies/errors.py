"""Why a show cannot be put on, or changed."""

from typing import ClassVar

from movie_booking.errors import Conflict, Forbidden, Invalid


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
                "starts_at": "2026-12-01T19:00:00.000000Z",
                "screen_free_at": "2026-12-01T21:43:00.000000Z",
            }
        ]
    }


class ShowsWouldOverlap(Conflict):
    """`clashes` names each show that would overlap others at its new times, and those others."""

    code = "shows_would_overlap"
    detail = "At their new times, some shows to come would overlap others. Nothing was changed."
    example: ClassVar = {
        "clashes": [
            {
                "id": 3,
                "movie_title": "Inception",
                "screen": 1,
                "screen_name": "Screen 1, Roxy",
                "starts_at": "2026-12-01T19:00:00.000000Z",
                "screen_free_at": "2026-12-01T22:15:00.000000Z",
                "with": [
                    {
                        "id": 4,
                        "movie_title": "Dune",
                        "starts_at": "2026-12-01T22:00:00.000000Z",
                        "screen_free_at": "2026-12-02T00:50:00.000000Z",
                    }
                ],
                "summary": "Inception, Screen 1, Roxy, Tue 01 Dec 2026 19:00:"
                " Dune, 22:00 to 00:50 (Wed) with cleaning",
            }
        ]
    }


class OtherCinemas(Forbidden):
    """`cinemas` names those that are not the member of staff's."""

    code = "other_cinemas"
    detail = "This would change shows to come of other cinemas than yours. Nothing was changed."
    example: ClassVar = {"cinemas": ["Roxy"]}


class TimeZoneInUse(Conflict):
    """`shows_to_come` says how many."""

    code = "time_zone_in_use"
    detail = (
        "The cinema has shows to come. Say what they keep: the moment of their start, or the time that the"
        " clock shows then."
    )
    example: ClassVar = {"shows_to_come": 12}


class ScreenHasShows(Conflict):
    code = "screen_has_shows"
    detail = "Shows were scheduled on this screen: it stays in its cinema."


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
