"""Changing a cinema, whose clock its shows are told by, and a screen, which tickets say the cinema of."""

from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.actors import Actor, Channel
from accounts.models import User
from bookings.models import Order
from movie_booking.errors import Invalid
from movie_booking.field_messages import FieldMessage
from movies.errors import ScreenHasShows, SkippedTime, TimeZoneInUse
from movies.models import Cinema, Screen, Show
from movies.services import (
    Slot,
    Timetable,
    Versions,
    lock_row,
    lock_timetable,
    log_notes,
    refuse_clashes,
    save_cinema,
    save_screen,
    timing_problems,
    write_show_changes,
)
from movies.times import from_local, to_local

# What the shows to come keep when their cinema gets another time zone.
MOMENT, CLOCK = "moment", "clock"
# The new slot of each show, and when its sales open.
Moves = dict[Show, tuple[Slot, datetime | None]]


@transaction.atomic
def change_cinema(
    cinema: Cinema,
    *,
    actor: Actor,
    keep: str | None = None,
    reason: str = "",
    versions: Versions = None,
    **fields: Any,
) -> Cinema:
    """Write the fields of a cinema that change and return it.

    Another time zone leaves the shows to come at the moment of their start (`keep="moment"`), or moves them
    to that at which the clocks of the new zone show the same time (`keep="clock"`), and the start of their
    sales along. Each gets a ShowEvent.

    Raises NotFound, TimeZoneInUse if there are any and `keep` does not say which, ShowsWouldOverlap,
    ScreenOccupied where only the database sees that, and Invalid, naming the shows, for starts that have
    passed or are no time in the zone, and for times that do not go together.
    """
    timetable: Timetable | None = None
    moved: Moves = {}
    if "time_zone" in fields:
        timetable, moved = plan_time_zone(cinema, fields["time_zone"], keep=keep, versions=versions)
    saved = save_cinema(cinema, versions=versions, editor=_editor(actor), **fields)
    if timetable is not None and moved:
        _write_moves(timetable, moved, saved.time_zone, actor, reason)
    return saved


def plan_time_zone(
    cinema: Cinema, time_zone: str, *, keep: str | None, versions: Versions = None
) -> tuple[Timetable, Moves]:
    """Lock the shows to come of a cinema, and return for each its slot and its start of sales in the zone.

    None of them if it is the zone that the cinema has. Raises NotFound, PreconditionFailed, TimeZoneInUse,
    ShowsWouldOverlap, and Invalid.
    """
    timetable = lock_timetable(cinema, versions)
    old, new = timetable.row.zone, ZoneInfo(time_zone)
    if old.key == new.key or not timetable.shows:
        return timetable, {}
    if keep is None:
        raise TimeZoneInUse(shows_to_come=len(timetable.shows))
    if keep == MOMENT:
        return timetable, {show: (Slot.of(show), show.sales_open_at) for show in timetable.shows}
    moved = _keep_the_clock(timetable, old, new)
    refuse_clashes([slot for slot, _ in moved.values()])
    return timetable, moved


def _keep_the_clock(timetable: Timetable, old: ZoneInfo, new: ZoneInfo) -> Moves:
    """Raises Invalid, with a sentence for each show and problem."""
    moved: Moves = {}
    problems: list[FieldMessage] = []
    for show in timetable.shows:
        opens = show.sales_open_at
        if opens is not None:
            # Sales may as well open in the hour that the clocks skip: then it is the hour after.
            opens = to_local(opens, old).replace(tzinfo=new).astimezone(timezone.utc)
        try:
            start = from_local(to_local(show.starts_at, old), new)
        except SkippedTime as error:
            problems.append(FieldMessage(f"{show}: {error.detail}", "skipped_time"))
            continue
        of_show = timing_problems(start, opens, show.sales_cutoff_minutes, at=timetable.at)
        problems += [FieldMessage(f"{show}: {problem}", problem.code) for problem in of_show.values()]
        show.screen.cinema.time_zone = new.key  # by which clashes are told
        moved[show] = (Slot.of(show).from_start(start), opens)
    if problems:
        raise Invalid(errors={"time_zone": problems})
    return moved


def _write_moves(
    timetable: Timetable,
    moved: Moves,
    time_zone: str,
    actor: Actor,
    reason: str,
) -> None:
    changes: dict[Show, dict[str, tuple[Any, Any]]] = {}
    for show, (slot, opens) in moved.items():
        changes[show] = {"time_zone": (timetable.row.time_zone, time_zone)}
        if slot.start != show.starts_at:
            changes[show]["starts_at"] = (show.starts_at, slot.start)
        show.starts_at, show.ends_at, show.screen_free_at = slot.start, slot.end, slot.screen_free_at
        show.sales_open_at, show.screen.cinema.time_zone = opens, time_zone
    write_show_changes(
        changes,
        fields=["starts_at", "ends_at", "screen_free_at", "sales_open_at"],
        at=timetable.at,
        actor=actor,
        reason=reason,
    )
    log_notes(list(changes), f"Time zone changed with that of the cinema: {time_zone}.", actor.user)


@transaction.atomic
def change_screen(screen: Screen, *, actor: Actor, versions: Versions = None, **fields: Any) -> Screen:
    """Write the fields of a screen that change, as `save_screen` does, and return it.

    Raises NotFound, ScreenHasShows for another cinema than the one that tickets may say, and Invalid with the
    field.
    """
    fresh = lock_row(screen, versions)
    if "cinema" in fields and fields["cinema"].pk != fresh.cinema_id and has_had_shows(fresh):
        raise ScreenHasShows
    return save_screen(screen, versions=versions, editor=_editor(actor), **fields)


def has_had_shows(screen: Screen) -> bool:
    """Whether the screen has a show, or had one when an order was made that promises it."""
    return (
        Show.objects.filter(screen=screen).exists() or Order.objects.filter(promised_screen=screen).exists()
    )


def _editor(actor: Actor) -> User | None:
    return actor.user if actor.channel == Channel.API else None  # the Admin writes its log itself
