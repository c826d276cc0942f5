"""What changed of a show, in words for its page: from what to what, when, by whom and why."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from movies.models import Movie, Show, ShowEvent
from movies.times import to_local

SHOWN_EVENTS = 30
MOMENTS = {"starts_at": "Start", "ends_at": "End"}
# As they are stored; a seat plan is a drawing, of which only the fact is told.
OTHERS = {
    "total_seats": "Seats",
    "pre_show_minutes": "Pre-show in minutes",
    "time_zone": "Time zone of the cinema",
}
# Told together with the screen that they belong to.
NAMES = ("screen_name", "cinema_name")
# In this order, as the database may give them back in any.
FIELDS = (
    "movie",
    "screen",
    "time_zone",
    *MOMENTS,
    "pre_show_minutes",
    "total_seats",
    "seat_plan",
    "seats",
    "status",
)


class ShowLogLine(NamedTuple):
    event: ShowEvent
    changes: list[str]


def show_log(show: Show) -> list[ShowLogLine]:
    """Return the latest changes of what tickets and posters say of a show, newest first."""
    newest_first = ShowEvent.objects.filter(show=show).select_related("actor").order_by("-version")
    events = list(newest_first[:SHOWN_EVENTS])
    titles = _titles(events)
    return [ShowLogLine(event, list(_sentences(show, event, titles))) for event in events]


def _titles(events: list[ShowEvent]) -> Mapping[int, str]:
    """What the movies of these events are called now, by id."""
    ids = {pk for event in events for pk in event.changes.get("movie", ())}
    rows = Movie.objects.in_bulk(ids) if ids else {}
    return {pk: str(row) for pk, row in rows.items()}


def _screens(changes: Mapping[str, Any]) -> Iterator[str]:
    """The screen before and after, as both were called then."""
    for at, pk in enumerate(changes["screen"]):
        yield ", ".join(changes[name][at] for name in NAMES if name in changes) or f"no. {pk}"


def _sentences(show: Show, event: ShowEvent, titles: Mapping[int, str]) -> Iterator[str]:
    for field in filter(event.changes.__contains__, FIELDS):
        old, new = event.changes[field]
        if field in MOMENTS:
            # Each by the clock of the cinema then: a show that kept the time on its posters shows the same.
            names_of_zones = event.changes.get("time_zone", [show.screen.cinema.time_zone] * 2)
            moments = zip((old, new), map(ZoneInfo, names_of_zones), strict=True)
            clocks = (to_local(datetime.fromisoformat(moment), zone) for moment, zone in moments)
            before, after = (f"{clock:%a %d %b %Y, %H:%M}" for clock in clocks)
            yield f"{MOMENTS[field]}: {before} → {after}"
        elif field == "movie":
            before, after = (titles.get(pk, f"no. {pk}") for pk in (old, new))
            yield f"Movie: {before} → {after}"
        elif field == "screen":
            before, after = _screens(event.changes)
            yield f"Screen: {before} → {after}"
        elif field in OTHERS:
            yield f"{OTHERS[field]}: {old} → {new}"
        elif field == "status":
            yield f"Status: {Show.Status(old).label} → {Show.Status(new).label}"
        elif field == "seats":  # by number, so the two lists do not say whose which was
            yield f"Seats that changed: {old}. They are now {new}."
        elif "screen" not in event.changes:
            yield "Seat plan: drawn anew"
