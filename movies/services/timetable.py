"""Giving many shows other times at once: all of them are locked, and all are changed or none."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from accounts.actors import Actor
from movie_booking.database import RETRY_AFTER_SECONDS
from movie_booking.errors import Busy
from movies.errors import ShowsWouldOverlap
from movies.models import Cinema, Movie, Screen, Show, ShowQuerySet
from movies.services.schedule import overlaps_looked_at_last, record_show_events
from movies.services.slots import Slot, find_overlaps
from movies.services.versions import Versions, lock_row
from movies.times import to_local

# How often it is begun anew because a show was scheduled meanwhile.
ATTEMPTS = 5


@dataclass(frozen=True)
class Timetable:
    """The shows to come of a movie or of a cinema, in ascending id: locked, and no other can be scheduled."""

    row: Any  # the movie or the cinema, as it is now
    shows: list[Show]
    at: datetime  # the clock, read once, when the locks are had


def lock_timetable(row: Movie | Cinema, versions: Versions = None) -> Timetable:
    """Lock the shows to come of a movie or a cinema, then itself, then the screens; return them as they are.

    Whoever schedules a show locks movie and screen but no show, so one may appear while this waits: then all
    is let go and locked anew. `versions`: see `lock_row`. Raises NotFound, PreconditionFailed, and Busy if
    shows keep appearing.
    """
    for _ in range(ATTEMPTS):
        savepoint = transaction.savepoint()
        shows = Show.objects.lock_all(_to_come(row).values_list("pk", flat=True))
        fresh = lock_row(row, versions)
        Screen.objects.lock_all(_screens(row, shows))
        at = now()
        present = set(_to_come(row, at).values_list("pk", flat=True))
        if present <= {show.pk for show in shows}:
            transaction.savepoint_commit(savepoint)
            return Timetable(fresh, [show for show in shows if show.pk in present], at)
        transaction.savepoint_rollback(savepoint)
    raise Busy(retry_after=RETRY_AFTER_SECONDS)


def _to_come(row: Movie | Cinema, at: datetime | None = None) -> ShowQuerySet:
    of_row = {"movie": row.pk} if isinstance(row, Movie) else {"cinema": row.pk}
    return Show.objects.to_come(at).filter(**of_row)


def _screens(row: Movie | Cinema, shows: Sequence[Show]) -> Collection[int]:
    if isinstance(row, Cinema):
        return list(Screen.objects.filter(cinema=row).values_list("pk", flat=True))
    return {show.screen_id for show in shows}


def count_shows_to_come(cinema: Cinema) -> int:
    """Return how many shows of the cinema have yet to start and are not cancelled."""
    return _to_come(cinema).count()


def refuse_clashes(slots: Sequence[Slot]) -> None:
    """Raises ShowsWouldOverlap, naming everything, if shows would overlap others in these slots of theirs."""
    ids = [slot.show_id for slot in slots if slot.show_id is not None]
    found = zip(slots, find_overlaps(slots, ignoring=ids), strict=True)
    clashes = [_clash(slot, overlaps) for slot, overlaps in found if overlaps]
    if clashes:
        raise ShowsWouldOverlap(clashes=clashes)


def _clash(slot: Slot, overlaps: Sequence[Any]) -> dict[str, Any]:
    zone = slot.screen.cinema.zone
    clock = to_local(slot.start, zone)
    others = "; ".join(overlap.describe(zone, clock.date()) for overlap in overlaps)
    return {
        "id": slot.show_id,
        "movie_title": slot.movie.title,
        "screen": slot.screen.pk,
        "screen_name": str(slot.screen),
        "starts_at": slot.start,
        "screen_free_at": slot.screen_free_at,
        "with": [asdict(overlap) for overlap in overlaps],
        "summary": f"{slot.movie}, {slot.screen}, {clock:%a %d %b %Y %H:%M}: {others}",
    }


def write_show_changes(
    changes: Mapping[Show, Mapping[str, tuple[Any, Any]]],
    *,
    fields: Collection[str] = (),
    at: datetime,
    actor: Actor,
    reason: str,
) -> None:
    """Write these fields of locked shows, as the caller has set them, and what that changes of each.

    `changes` are what people must hear of, as {field: (before, after)}. Raises ScreenOccupied where the
    database refuses an overlap that no check has seen.
    """
    if not changes:
        return
    record_show_events(changes, at=at, actor=actor, reason=reason)
    for show in changes:
        show.seats_version += 1
    with overlaps_looked_at_last():
        # As an upsert, although all rows are there: for 500 shows `bulk_update` takes ten times as long.
        Show.objects.bulk_create(
            changes,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=[*fields, "version", "seats_version"],
        )
