"""Changing a movie: the shows to come end by its running time."""

from typing import Any

from django.db import transaction

from accounts.actors import Actor, Channel
from bookings.queries import sold_among
from movies.access import cinemas_with
from movies.errors import OtherCinemas
from movies.models import Movie
from movies.services import (
    Slot,
    Timetable,
    Versions,
    lock_timetable,
    log_notes,
    refuse_clashes,
    save_movie,
    write_show_changes,
)


@transaction.atomic
def change_movie(
    movie: Movie,
    *,
    actor: Actor,
    keep: bool = False,
    reason: str = "",
    versions: Versions = None,
    **fields: Any,
) -> Movie:
    """Write the fields of a movie that change, as `save_movie` does, and return it.

    Another running time moves the end of every show to come, or of none; with `keep`, shows that have sold
    stay as they are. Each show that changes gets a ShowEvent.

    Raises NotFound, OtherCinemas for shows to come where the member of staff may not change films,
    ShowsWouldOverlap with the shows that would clash, and ScreenOccupied where only the
    database sees that.
    """
    timetable: Timetable | None = None
    slots: list[Slot] = []
    if "duration_minutes" in fields:
        timetable, slots = plan_running_time(
            movie, fields["duration_minutes"], actor=actor, keep=keep, versions=versions
        )
    editor = actor.user if actor.channel == Channel.API else None  # the Admin writes its log itself
    saved = save_movie(movie, versions=versions, editor=editor, **fields)
    if timetable is not None:
        _move_ends(timetable, slots, actor, reason)
    return saved


def plan_running_time(
    movie: Movie, minutes: int, *, actor: Actor, keep: bool, versions: Versions = None
) -> tuple[Timetable, list[Slot]]:
    """Lock the shows to come of a movie, and return the new slots of those that another running time changes.

    Raises NotFound, PreconditionFailed, OtherCinemas, and ShowsWouldOverlap.
    """
    timetable = lock_timetable(movie, versions)
    if timetable.row.duration_minutes == minutes:
        return timetable, []
    retimed = timetable.row
    retimed.duration_minutes = minutes
    kept = sold_among(timetable.shows, timetable.at) if keep else set()
    slots = [
        Slot.at(retimed, show.screen, show.starts_at, show.pre_show_minutes, show.pk)
        for show in timetable.shows
        if show.pk not in kept
    ]
    _refuse_other_cinemas(slots, actor)
    refuse_clashes(slots)
    return timetable, slots


def _refuse_other_cinemas(slots: list[Slot], actor: Actor) -> None:
    mine = None if actor.user is None else cinemas_with(actor.user, "movies.change_movie")
    if mine is None:
        return
    others = {slot.screen.cinema.name for slot in slots if slot.screen.cinema_id not in mine}
    if others:
        raise OtherCinemas(cinemas=sorted(others))


def _move_ends(timetable: Timetable, slots: list[Slot], actor: Actor, reason: str) -> None:
    slot_of = {slot.show_id: slot for slot in slots}
    changes = {}
    for show in timetable.shows:
        slot = slot_of.get(show.pk)
        if slot is None or slot.end == show.ends_at:
            continue
        changes[show] = {"ends_at": (show.ends_at, slot.end)}
        show.ends_at, show.screen_free_at = slot.end, slot.screen_free_at
    write_show_changes(
        changes, fields=["ends_at", "screen_free_at"], at=timetable.at, actor=actor, reason=reason
    )
    log_notes(list(changes), f"End moved: the running time of {timetable.row} was changed.", actor.user)
