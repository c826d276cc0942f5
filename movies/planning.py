"""Planning many shows at once: propose them, say what stands in the way, make all of them or none."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.timezone import now

from movie_booking.errors import Invalid
from movies import services
from movies.errors import PlanHasClashes, ScreenOccupied
from movies.models import FIRST_MOMENT, LAST_MOMENT, Movie, Screen, Show, ShowQuerySet
from movies.seat_plan import crop_plan, draw_plan, plan_of

# A week of a multiplex (12 screens, 6 shows a day). The screens are locked while the shows are
# written, and a preview of more is not read by anybody.
MAX_SHOWS = 500
# How far ahead a week is copied. A leap year.
MAX_DAYS = 366
# One day within what a show may have, so that every time zone is inside.
FIRST_CLOCK = FIRST_MOMENT.replace(tzinfo=None) + timedelta(days=1)
LAST_CLOCK = LAST_MOMENT.replace(tzinfo=None) - timedelta(days=1)

# How a show is sold: what a plan says for all of its shows, and what a copy takes over.
TERMS = (
    "price",
    "premium_price",
    "sofa_price",
    "wheelchair_price",
    "companion_price",
    "status",
    "sales_cutoff_minutes",
)

PASSED = "This time has passed."
SKIPPED = "The clocks of the cinema skip this time on that day."
BEYOND = f"Shows are planned from {FIRST_MOMENT.year} to {LAST_MOMENT.year}."


@dataclass(frozen=True)
class Clash:
    """What keeps the screen busy: a show, or another proposal, which has no `id` yet."""

    id: int | None
    movie_title: str
    starts_at: datetime
    screen_free_at: datetime


@dataclass
class Proposal:
    """A show that could be made.

    `clock` is when it starts by the clock of its cinema, without a time zone, and the moments are the
    same in UTC. They mean little if there are `problems`, reasons why there is no such show.
    """

    movie: Movie
    screen: Screen
    clock: datetime
    starts_at: datetime
    ends_at: datetime
    screen_free_at: datetime
    total_seats: int
    terms: dict[str, Any]
    problems: list[str] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)

    @property
    def day(self) -> date:
        return self.clock.date()

    @property
    def is_possible(self) -> bool:
        return not (self.problems or self.clashes)

    def as_clash(self) -> Clash:
        return Clash(None, self.movie.title, self.starts_at, self.screen_free_at)

    def as_show(self) -> Show:
        """The show, not yet written, with a copy of the screen's seat plan."""
        room = self.screen
        return Show(
            movie=self.movie,
            screen=room,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            screen_free_at=self.screen_free_at,
            total_seats=self.total_seats,
            seat_plan=_drawn(room.seat_plan, room.total_seats, self.total_seats),
            **self.terms,
        )


# --- A plan: screens, dates and times -----------------------------------------------------------


def proposals(
    *,
    movie: Movie,
    screens: Iterable[Screen],
    dates: Iterable[date],
    times: Iterable[time],
    at: datetime | None = None,
    **terms: Any,
) -> list[Proposal]:
    """Return a show for every screen, date and time by the clock of the screen's cinema.

    Ordered by date, screen and time; what is named twice counts once. Asks the database nothing.
    Raises Invalid for terms that no show may have, and for no shows or more than MAX_SHOWS.
    """
    screens = sorted({screen.pk: screen for screen in screens}.values(), key=_screen_order)
    dates, times = sorted(set(dates)), sorted(set(times))
    _check_number(len(screens) * len(dates) * len(times))
    terms = _checked(terms)
    return [
        _proposal(movie, screen, datetime.combine(day, at_time), at=at, terms=terms)
        for day in dates
        for screen in screens
        for at_time in times
    ]


def preview(
    *, movie: Movie, screens: Iterable[Screen], dates: Iterable[date], times: Iterable[time], **more: Any
) -> list[Proposal]:
    """Return the proposals with all that stands in their way. Raises what `proposals` raises."""
    return _with_clashes(proposals(movie=movie, screens=screens, dates=dates, times=times, **more))


def schedule_week(
    *, movie: Movie, screens: Iterable[Screen], dates: Iterable[date], times: Iterable[time], **more: Any
) -> list[Show]:
    """Make the shows, all of them or none, and return them. They have all seats of their screens.

    `more` are the terms, by name (see TERMS), and `at`, the present. Raises PlanHasClashes, and Invalid
    for what has problems, or terms or a number of shows that cannot be.
    """
    screens, dates, times = list(screens), list(dates), list(times)
    proposals(movie=movie, screens=screens, dates=dates, times=times, **more)  # nonsense locks no screen

    def plan(locked: Mapping[int, Screen]) -> list[Proposal]:
        return proposals(movie=movie, screens=locked.values(), dates=dates, times=times, **more)

    return _make({screen.pk for screen in screens}, plan)


# --- A copy of shows that are there --------------------------------------------------------------


def preview_copy(*, shows: ShowQuerySet, days: int = 7, at: datetime | None = None) -> list[Proposal]:
    """Return what `copy_week` would make, with all that stands in the way. Raises Invalid."""
    originals = _originals(shows)
    rooms = {show.screen_id: show.screen for show in originals}
    return _with_clashes(_copies(originals, rooms, days, at))


def copy_week(*, shows: ShowQuerySet, days: int = 7, at: datetime | None = None) -> list[Show]:
    """Make each show again so many days later, at the same time by the clock of its cinema.

    On the same terms, with as many seats (see `_seats_of_a_copy`), a draft as a draft; cancelled shows
    are left out. All of them or none; returns the new ones. Raises PlanHasClashes, and Invalid for
    what has problems, or for no shows or more than MAX_SHOWS.
    """
    originals = _originals(shows)

    def plan(locked: Mapping[int, Screen]) -> list[Proposal]:
        return _copies(originals, locked, days, at)

    return _make({show.screen_id for show in originals}, plan)


def _originals(shows: ShowQuerySet) -> list[Show]:
    alive = shows.exclude(status=Show.Status.CANCELLED).select_related("movie", "screen__cinema")
    _check_number(alive.count())
    return list(alive.order_by("starts_at", "id"))


def _copies(
    originals: list[Show], rooms: Mapping[int, Screen], days: int, at: datetime | None
) -> list[Proposal]:
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(errors={"days": [f"Shows are copied 1 to {MAX_DAYS} days ahead."]})
    copies = [_copy(show, rooms[show.screen_id], timedelta(days), at) for show in originals]
    return sorted(copies, key=lambda copy: (copy.day, _screen_order(copy.screen), copy.clock))


def _copy(show: Show, room: Screen, later: timedelta, at: datetime | None) -> Proposal:
    zone = room.cinema.zone

    def moved(moment: datetime) -> datetime:
        return moment.astimezone(zone).replace(tzinfo=None) + later

    opens = show.sales_open_at
    terms = {name: getattr(show, name) for name in TERMS} | {
        # Sales may as well open in the hour that the clocks skip: then it is the hour after.
        "sales_open_at": opens and moved(opens).replace(tzinfo=zone).astimezone(timezone.utc)
    }
    proposal = _proposal(show.movie, room, moved(show.starts_at), at=at, terms=terms)
    return replace(proposal, total_seats=_seats_of_a_copy(show, room))


def _seats_of_a_copy(show: Show, room: Screen) -> int:
    """As many as the show has, if it sells the first seats of the room as that is drawn today; or all.

    A show does not say whether it was to sell fewer seats than there were. But if its own plan is not
    the beginning of the room's, the room was re-seated since, and an old number would mean nothing.
    """
    was_cropped = show.total_seats < room.total_seats and show.plan == crop_plan(room.plan, show.total_seats)
    return show.total_seats if was_cropped else room.total_seats


# --- What both share ------------------------------------------------------------------------------


def _proposal(
    movie: Movie, screen: Screen, clock: datetime, *, at: datetime | None, terms: dict[str, Any]
) -> Proposal:
    zone = screen.cinema.zone
    inside = min(max(clock, FIRST_CLOCK), LAST_CLOCK)
    # Of an hour that comes twice, the first is meant.
    starts_at = inside.replace(tzinfo=zone).astimezone(timezone.utc)
    problems = []
    if inside != clock:
        problems.append(BEYOND)
    elif starts_at.astimezone(zone).replace(tzinfo=None) != clock:
        problems.append(SKIPPED)
    elif starts_at <= (at or now()):
        problems.append(PASSED)
    ends_at = starts_at + timedelta(minutes=movie.duration_minutes)
    free_at = ends_at + timedelta(minutes=settings.CLEANING_MINUTES)
    return Proposal(movie, screen, clock, starts_at, ends_at, free_at, screen.total_seats, terms, problems)


def _with_clashes(plan: list[Proposal]) -> list[Proposal]:
    """Note what is in whose way, on the timetable and within the plan: one query for any plan."""
    by_screen: dict[int, list[Proposal]] = defaultdict(list)
    for proposal in plan:
        proposal.clashes = []
        if not proposal.problems:
            by_screen[proposal.screen.pk].append(proposal)
    if not by_screen:
        return plan
    there = _timetable_around([proposal for screen in by_screen.values() for proposal in screen])
    for screen_id, proposed in by_screen.items():
        _find_clashes(proposed, there[screen_id])
    return plan


def _timetable_around(plan: list[Proposal]) -> dict[int, list[Clash]]:
    """Return the shows on the screens of the plan, from its beginning to its end."""
    # As Show.objects.occupying has it, for several screens.
    shows = Show.objects.exclude(status=Show.Status.CANCELLED).filter(
        screen__in={proposal.screen.pk for proposal in plan},
        starts_at__lt=max(proposal.screen_free_at for proposal in plan),
        screen_free_at__gt=min(proposal.starts_at for proposal in plan),
    )
    there = defaultdict(list)
    for screen_id, show_id, title, starts_at, free_at in shows.order_by().values_list(
        "screen", "id", "movie__title", "starts_at", "screen_free_at"
    ):
        there[screen_id].append(Clash(show_id, title, starts_at, free_at))
    return there


def _find_clashes(proposed: list[Proposal], there: list[Clash]) -> None:
    """Note every overlap on one screen: a sweep in the order of time, so that few pairs are compared."""
    events: list[tuple[Clash, Proposal | None]] = [(show, None) for show in there]
    events += [(proposal.as_clash(), proposal) for proposal in proposed]
    busy: list[tuple[Clash, Proposal | None]] = []
    for now_on, proposal in sorted(events, key=lambda event: event[0].starts_at):
        busy = [event for event in busy if event[0].screen_free_at > now_on.starts_at]
        for earlier, earlier_proposal in busy:
            if proposal:
                proposal.clashes.append(earlier)
            if earlier_proposal:
                earlier_proposal.clashes.append(now_on)
        busy.append((now_on, proposal))


def _make(screen_ids: set[int], propose: Callable[[Mapping[int, Screen]], list[Proposal]]) -> list[Show]:
    """Lock the screens, look again, and write all shows or none."""
    locked: dict[int, Screen] = {}
    try:
        with services.timetable():
            # In ascending id, so that two who plan overlapping weeks wait for each other in one order.
            for screen_id in sorted(screen_ids):
                locked[screen_id] = Screen.objects.lock(screen_id)
            plan = _with_clashes(propose(locked))
            refuse(plan)
            return Show.objects.bulk_create([proposal.as_show() for proposal in plan])
    except ScreenOccupied as error:
        # The database objects: somebody put a show there without asking for the lock.
        raise PlanHasClashes(clashes=clashes_of(_with_clashes(propose(locked)))) from error


def refuse(plan: list[Proposal]) -> None:
    """Raises Invalid or PlanHasClashes, naming everything, unless each of the shows can be made."""
    problems = [
        f"{proposal.screen}, {proposal.clock:%a %d %b %Y %H:%M}: {problem}"
        for proposal in plan
        for problem in proposal.problems
    ]
    if problems:
        raise Invalid(errors={"times": problems})
    if clashes := clashes_of(plan):
        raise PlanHasClashes(clashes=clashes)


def clashes_of(plan: list[Proposal]) -> list[dict[str, Any]]:
    """Return each proposal that has clashes, and with what, as plain data; times by the cinema's clock."""
    return [
        {
            "screen": proposal.screen.pk,
            "screen_name": str(proposal.screen),
            **_occupation(proposal, proposal.as_clash()),
            "with": [_occupation(proposal, clash) for clash in proposal.clashes],
        }
        for proposal in plan
        if proposal.clashes
    ]


def _occupation(proposal: Proposal, clash: Clash) -> dict[str, Any]:
    zone = proposal.screen.cinema.zone
    return asdict(clash) | {
        "starts_at": clash.starts_at.astimezone(zone),
        "screen_free_at": clash.screen_free_at.astimezone(zone),
    }


def _check_number(shows: int) -> None:
    if shows == 0:
        raise Invalid("There is nothing to make: no show is asked for.")
    if shows > MAX_SHOWS:
        raise Invalid(f"That would be {shows:,} shows. At most {MAX_SHOWS} are made at once.")


def _checked(terms: dict[str, Any]) -> dict[str, Any]:
    """Return the terms as a show would have them. Raises Invalid with the field."""
    status = terms.get("status", Show.Status.ON_SALE)
    if unknown := terms.keys() - set(TERMS):
        raise TypeError(f"These are no terms of a plan: {', '.join(sorted(unknown))}")
    if status not in (Show.Status.DRAFT, Show.Status.ON_SALE):
        raise Invalid(errors={"status": ["A new show is a draft or on sale."]})
    model = Show(**terms)
    try:
        model.clean_fields(exclude={each.name for each in Show._meta.fields} - terms.keys())
    except ValidationError as error:
        raise Invalid(errors=error.message_dict) from error
    return {name: getattr(model, name) for name in terms}


def _screen_order(screen: Screen) -> tuple[str, str, int]:
    return screen.cinema.name, screen.name, screen.pk


@lru_cache(maxsize=64)  # the shows of a plan share few rooms
def _drawn(drawing: str, seats_of_the_room: int, total_seats: int) -> str:
    return draw_plan(crop_plan(plan_of(drawing, seats_of_the_room), total_seats))


# --- What people type -----------------------------------------------------------------------------


def read_times(text: str) -> list[time]:
    """Return the times in "14:00, 17.30 20:15", in order. Raises ValueError, with a sentence."""
    return sorted({_time(word) for word in re.split(r"[,;\s]+", text) if word})


def _time(word: str) -> time:
    if not (read := re.fullmatch(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])", word)):
        raise ValueError(f"“{word[:20]}” is no time of day. Write times like this: 14:00, 20:15.")
    return time(int(read[1]), int(read[2]))


def dates_between(first: date, last: date, weekdays: Iterable[int] = range(7)) -> list[date]:
    """Return the dates from the first to the last, both included, on these weekdays (Monday is 0)."""
    wanted = set(weekdays)
    days = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    return [day for day in days if day.weekday() in wanted]
