"""How long a show keeps its screen, and what else needs the screen then: decided here and nowhere else."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from movies.models import Cinema, Movie, Screen, Show
from movies.times import from_local, local_time


def usual_pre_show(cinema: Cinema) -> int:
    """Return the minutes of pre-show of a show that is scheduled in the cinema and does not say."""
    return settings.PRE_SHOW_MINUTES if cinema.pre_show_minutes is None else cinema.pre_show_minutes


@dataclass(frozen=True)
class Slot:
    """A movie on a screen, from the advertised `start` to `end`; then the screen is cleaned until
    `screen_free_at`.
    """

    movie: Movie
    screen: Screen
    start: datetime
    end: datetime
    screen_free_at: datetime
    pre_show_minutes: int
    show_id: int | None = None  # of a show that is there already

    @classmethod
    def at(
        cls,
        movie: Movie,
        screen: Screen,
        start: datetime,
        pre_show_minutes: int | None = None,
        show_id: int | None = None,
    ) -> "Slot":
        """The slot of a show that starts at this moment: pre-show, by default the cinema's, and film."""
        if pre_show_minutes is None:
            pre_show_minutes = usual_pre_show(screen.cinema)
        end = start + timedelta(minutes=pre_show_minutes + movie.duration_minutes)
        free = end + timedelta(minutes=settings.CLEANING_MINUTES)
        return cls(movie, screen, start, end, free, pre_show_minutes, show_id)

    @classmethod
    def at_local(
        cls, movie: Movie, screen: Screen, clock: datetime, pre_show_minutes: int | None = None
    ) -> "Slot":
        """The slot of a show that starts at this time by the clock of the cinema. Raises SkippedTime."""
        return cls.at(movie, screen, from_local(clock, screen.cinema.zone), pre_show_minutes)

    @classmethod
    def of(cls, show: Show) -> "Slot":
        """The slot that a show has."""
        times = (show.starts_at, show.ends_at, show.screen_free_at, show.pre_show_minutes)
        return cls(show.movie, show.screen, *times, show.pk)

    def from_start(self, start: datetime) -> "Slot":
        """The slot as it is, but from another start."""
        later = start - self.start
        return replace(self, start=start, end=self.end + later, screen_free_at=self.screen_free_at + later)


@dataclass(frozen=True)
class Overlap:
    """What else needs the screen: a show, or another slot of the same request, without `id` if it is new."""

    id: int | None
    movie_title: str
    starts_at: datetime
    screen_free_at: datetime

    def describe(self, zone: ZoneInfo, day: date) -> str:
        """Return it as "Inception, 20:00 to 22:43 with cleaning", with the weekday if it is not of `day`."""
        title = self.movie_title if self.id else f"{self.movie_title} (also proposed)"
        starts, free = (local_time(moment, zone, day) for moment in (self.starts_at, self.screen_free_at))
        return f"{title}, {starts} to {free} with cleaning"


# What keeps a screen, and where to note what overlaps it.
_Entry = tuple[Overlap, list[Overlap]]


def find_overlaps(slots: Sequence[Slot], *, ignoring: Collection[int] = ()) -> list[list[Overlap]]:
    """Return what overlaps each slot, in order of time: shows of its screen, and others of these slots.

    Shows whose ids are in `ignoring` do not count: a show that is moved may overlap its old time. Exact
    while the screens are locked, a courtesy otherwise. One query for any number of slots.
    """
    found: list[list[Overlap]] = [[] for _ in slots]
    by_screen: dict[int, list[_Entry]] = defaultdict(list)
    for slot, overlaps in zip(slots, found, strict=True):
        overlap = Overlap(slot.show_id, slot.movie.title, slot.start, slot.screen_free_at)
        by_screen[slot.screen.pk].append((overlap, overlaps))
    for screen_id, overlap in _shows_around(slots, ignoring):
        by_screen[screen_id].append((overlap, []))
    for entries in by_screen.values():
        _note_overlaps(entries)
    return found


def _shows_around(slots: Sequence[Slot], ignoring: Collection[int]) -> Iterator[tuple[int, Overlap]]:
    """Return the shows on these screens from the first slot to the last, each with the id of its screen."""
    if not slots:
        return
    shows = Show.objects.occupying(
        {slot.screen.pk for slot in slots},
        min(slot.start for slot in slots),
        max(slot.screen_free_at for slot in slots),
    )
    columns = ("screen", "id", "movie__title", "starts_at", "screen_free_at")
    for screen_id, show_id, *columns_of_overlap in shows.order_by("id").values_list(*columns):
        if show_id not in ignoring:
            yield screen_id, Overlap(show_id, *columns_of_overlap)


def _note_overlaps(entries: list[_Entry]) -> None:
    """Note every overlap on one screen: a sweep in order of time, so that few pairs are compared."""
    running: list[_Entry] = []
    for entry in sorted(entries, key=lambda entry: entry[0].starts_at):
        current, overlaps = entry
        running = [other for other in running if other[0].screen_free_at > current.starts_at]
        for earlier, overlaps_of_earlier in running:
            overlaps.append(earlier)
            overlaps_of_earlier.append(current)
        running.append(entry)
