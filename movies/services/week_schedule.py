"""Many shows at once: propose them, name the obstacles, schedule all of them or none."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import now

from movie_booking.errors import Invalid, NotFound
from movie_booking.field_messages import FieldMessage, messages_of
from movies.errors import ScreenOccupied, SkippedTime, WeekHasOverlaps
from movies.models import Movie, Screen, Show, ShowQuerySet
from movies.prices import PRICE_FIELDS
from movies.seat_plan import crop_plan
from movies.services.schedule import copy_seat_plan, overlap_refused
from movies.services.slots import Overlap, Slot, find_overlaps
from movies.services.timing import timing_problems
from movies.times import FIRST_MOMENT, LAST_MOMENT, to_local

# A week of a multiplex (12 screens, 6 shows a day). The screens are locked while the shows are
# written, and a longer preview is too long to be read.
MAX_SHOWS = 500
# How far ahead a week is copied. A leap year.
MAX_DAYS = 366
# One day within what a show may have, so that every time zone is inside.
FIRST_CLOCK = FIRST_MOMENT.replace(tzinfo=None) + timedelta(days=1)
LAST_CLOCK = LAST_MOMENT.replace(tzinfo=None) - timedelta(days=1)

# How a show is sold: the same for all shows of a week, and what a copy takes over.
SALE_FIELDS = (*PRICE_FIELDS, "status", "sales_cutoff_minutes")

OUT_OF_RANGE = FieldMessage(
    f"Shows are scheduled from {FIRST_MOMENT.year} to {LAST_MOMENT.year}.", "out_of_range"
)


@dataclass
class Proposal:
    """A show that could be scheduled.

    `clock` is when it starts by the clock of its cinema, without a time zone. `problems` are reasons why
    there is no such show; if they say that there is no such time, there is no `slot` either.
    """

    movie: Movie
    screen: Screen
    clock: datetime
    slot: Slot | None
    total_seats: int
    sale_fields: dict[str, Any]
    problems: list[FieldMessage] = field(default_factory=list)
    overlaps: list[Overlap] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.screen}, {self.clock:%a %d %b %Y %H:%M}"

    @property
    def day(self) -> date:
        return self.clock.date()

    @property
    def is_possible(self) -> bool:
        return not (self.problems or self.overlaps)

    def describe(self, overlap: Overlap) -> str:
        """Return an overlap as staff of the cinema read it."""
        return overlap.describe(self.screen.cinema.zone, self.day)

    def as_show(self) -> Show:
        """The show, not yet written, with a copy of the screen's plan. Raises ValueError without a slot."""
        if self.slot is None:
            raise ValueError(f"There is no such time: {self}")
        return Show(
            movie=self.movie,
            screen=self.screen,
            cinema_id=self.screen.cinema_id,
            starts_at=self.slot.start,
            pre_show_minutes=self.slot.pre_show_minutes,
            ends_at=self.slot.end,
            screen_free_at=self.slot.screen_free_at,
            total_seats=self.total_seats,
            seat_plan=copy_seat_plan(self.screen, self.total_seats),
            **self.sale_fields,
        )


# --- A week from screens, dates and times ---------------------------------------------------------


def preview_week(
    *, movie: Movie, screens: Iterable[Screen], dates: Iterable[date], times: Iterable[time], **more: Any
) -> list[Proposal]:
    """Return what `schedule_week` would schedule, each with its obstacles. Raises Invalid."""
    return _note_overlaps(_propose_week(movie=movie, screens=screens, dates=dates, times=times, **more))


def schedule_week(
    *, movie: Movie, screens: Iterable[Screen], dates: Iterable[date], times: Iterable[time], **more: Any
) -> list[Show]:
    """Schedule the shows, all of them or none, and return them. They have all seats of their screens.

    `more` are SALE_FIELDS by name, `pre_show_minutes` if not those of each cinema, and `at`, the present.
    Raises NotFound, WeekHasOverlaps, and Invalid for what has problems, for sale fields that no show may
    have, and for no shows or more than MAX_SHOWS.
    """
    screens, dates, times = list(screens), list(dates), list(times)
    _propose_week(movie=movie, screens=screens, dates=dates, times=times, **more)  # nonsense locks no screen

    def propose(movies: Mapping[int, Movie], locked: Mapping[int, Screen]) -> list[Proposal]:
        return _propose_week(
            movie=movies[movie.pk], screens=locked.values(), dates=dates, times=times, **more
        )

    return _schedule_all({movie.pk}, {screen.pk for screen in screens}, propose)


def _propose_week(
    *,
    movie: Movie,
    screens: Iterable[Screen],
    dates: Iterable[date],
    times: Iterable[time],
    at: datetime | None = None,
    pre_show_minutes: int | None = None,
    **sale_fields: Any,
) -> list[Proposal]:
    """Return a show for every screen, date and time by the clock of the screen's cinema.

    Ordered by date, screen and time; what is named twice counts once. No query.
    """
    screens = sorted({screen.pk: screen for screen in screens}.values(), key=_screen_order)
    dates, times = sorted(set(dates)), sorted(set(times))
    _refuse_number(len(screens) * len(dates) * len(times))
    sale_fields = _clean_sale_fields(sale_fields)
    if pre_show_minutes is not None:
        _clean_fields({"pre_show_minutes": pre_show_minutes})
    return [
        _propose(
            movie, screen, datetime.combine(day, start), pre_show_minutes, at=at, sale_fields=sale_fields
        )
        for day in dates
        for screen in screens
        for start in times
    ]


# --- A copy of shows that are there --------------------------------------------------------------


def preview_copy(*, shows: ShowQuerySet, days: int = 7, at: datetime | None = None) -> list[Proposal]:
    """Return what `copy_week` would schedule, each with its obstacles. Raises Invalid."""
    originals = _originals(shows)
    screens = {show.screen_id: show.screen for show in originals}
    movies = {show.movie_id: show.movie for show in originals}
    return _note_overlaps(_propose_copies(originals, movies, screens, days, at))


def copy_week(*, shows: ShowQuerySet, days: int = 7, at: datetime | None = None) -> list[Show]:
    """Schedule each show again so many days later, at the same time by the clock of its cinema.

    With the same pre-show, the same SALE_FIELDS and as many seats (see `_seats_of_copy`), a draft as a draft;
    cancelled shows are left out. All of them or none; returns the new ones. Raises NotFound, WeekHasOverlaps,
    and Invalid for what has problems, or for no shows or more than MAX_SHOWS.
    """
    originals = _originals(shows)

    def propose(movies: Mapping[int, Movie], locked: Mapping[int, Screen]) -> list[Proposal]:
        return _propose_copies(originals, movies, locked, days, at)

    return _schedule_all(
        {show.movie_id for show in originals}, {show.screen_id for show in originals}, propose
    )


def _originals(shows: ShowQuerySet) -> list[Show]:
    not_cancelled = shows.exclude(status=Show.Status.CANCELLED).select_related("movie", "screen__cinema")
    _refuse_number(not_cancelled.count())
    return list(not_cancelled.order_by("starts_at", "id"))


def _propose_copies(
    originals: list[Show],
    movies: Mapping[int, Movie],
    screens: Mapping[int, Screen],
    days: int,
    at: datetime | None,
) -> list[Proposal]:
    if not 1 <= days <= MAX_DAYS:
        raise Invalid.of("days", f"Shows are copied 1 to {MAX_DAYS} days ahead.", "out_of_range")
    copies = [
        _propose_copy(show, movies[show.movie_id], screens[show.screen_id], timedelta(days), at)
        for show in originals
    ]
    return sorted(copies, key=lambda copy: (copy.day, _screen_order(copy.screen), copy.clock))


def _propose_copy(
    show: Show, movie: Movie, screen: Screen, later: timedelta, at: datetime | None
) -> Proposal:
    zone = screen.cinema.zone
    sale_fields = {name: getattr(show, name) for name in SALE_FIELDS}
    if show.sales_open_at:
        opens = to_local(show.sales_open_at, zone) + later
        # Sales may as well open in the hour that the clocks skip: then it is the hour after.
        sale_fields["sales_open_at"] = opens.replace(tzinfo=zone).astimezone(timezone.utc)
    clock = to_local(show.starts_at, zone) + later
    proposal = _propose(movie, screen, clock, show.pre_show_minutes, at=at, sale_fields=sale_fields)
    return replace(proposal, total_seats=_seats_of_copy(show, screen))


def _seats_of_copy(show: Show, screen: Screen) -> int:
    """How many seats the show has when it is on this screen next: as many as it has, if it sells the first
    seats of the screen's plan of today; or all.

    A show does not say whether it was to sell fewer seats than there were. But if its own plan is not
    the beginning of the screen's, the screen was re-seated since, and an old number would mean nothing.
    """
    is_cropped = show.total_seats < screen.total_seats
    if is_cropped and show.plan == crop_plan(screen.plan, show.total_seats):
        return show.total_seats
    return screen.total_seats


# --- What both share ------------------------------------------------------------------------------


def refuse_obstacles(proposals: list[Proposal]) -> None:
    """Raises Invalid or WeekHasOverlaps, naming everything, unless each of the shows can be scheduled."""
    problems = [
        FieldMessage(f"{proposal}: {problem}", problem.code)
        for proposal in proposals
        for problem in proposal.problems
    ]
    if problems:
        raise Invalid(errors={"times": problems})
    if overlaps := _overlaps(proposals):
        raise WeekHasOverlaps(overlaps=overlaps)


def _propose(
    movie: Movie,
    screen: Screen,
    clock: datetime,
    pre_show_minutes: int | None,
    *,
    at: datetime | None,
    sale_fields: dict[str, Any],
) -> Proposal:
    slot: Slot | None = None
    problems: list[FieldMessage] = []
    if not FIRST_CLOCK <= clock <= LAST_CLOCK:
        problems.append(OUT_OF_RANGE)
    else:
        try:
            slot = Slot.at_local(movie, screen, clock, pre_show_minutes)
        except SkippedTime as error:
            problems.append(FieldMessage(error.detail, "skipped_time"))
        else:
            opens, cutoff = (sale_fields.get(name) for name in ("sales_open_at", "sales_cutoff_minutes"))
            problems += timing_problems(slot.start, opens, cutoff or 0, at=at or now()).values()
    return Proposal(movie, screen, clock, slot, screen.total_seats, sale_fields, problems)


def _note_overlaps(proposals: list[Proposal]) -> list[Proposal]:
    """Note with each proposal what overlaps it, of the schedule and of the other proposals. One query."""
    without_problems = [(each, each.slot) for each in proposals if each.slot and not each.problems]
    found = find_overlaps([slot for _, slot in without_problems])
    for (proposal, _), overlaps in zip(without_problems, found, strict=True):
        proposal.overlaps = overlaps
    return proposals


def _schedule_all(
    movie_ids: set[int],
    screen_ids: set[int],
    propose: Callable[[Mapping[int, Movie], Mapping[int, Screen]], list[Proposal]],
) -> list[Show]:
    """Lock movies and screens, look again, and write all shows or none."""
    movies: dict[int, Movie] = {}
    screens: dict[int, Screen] = {}
    try:
        with transaction.atomic(), overlap_refused():
            movies |= {movie.pk: movie for movie in Movie.objects.lock_all(movie_ids)}
            screens |= {screen.pk: screen for screen in Screen.objects.lock_all(screen_ids)}
            if len(movies) < len(movie_ids) or len(screens) < len(screen_ids):
                raise NotFound
            proposals = _note_overlaps(propose(movies, screens))
            refuse_obstacles(proposals)
            return Show.objects.bulk_create([proposal.as_show() for proposal in proposals])
    except ScreenOccupied as error:
        # The database objects: a show was written without the lock.
        raise WeekHasOverlaps(overlaps=_overlaps(_note_overlaps(propose(movies, screens)))) from error


def _overlaps(proposals: list[Proposal]) -> list[dict[str, Any]]:
    """Return each proposal that overlaps others, and with what, as plain data and as sentences."""
    return [
        {
            "screen": proposal.screen.pk,
            "screen_name": str(proposal.screen),
            "movie_title": proposal.movie.title,
            "starts_at": proposal.slot.start,
            "screen_free_at": proposal.slot.screen_free_at,
            "with": [asdict(overlap) for overlap in proposal.overlaps],
            "summary": f"{proposal}: {'; '.join(map(proposal.describe, proposal.overlaps))}",
        }
        for proposal in proposals
        if proposal.slot and proposal.overlaps
    ]


def _refuse_number(shows: int) -> None:
    if shows == 0:
        raise Invalid("Choose at least one screen, date and time.")
    if shows > MAX_SHOWS:
        raise Invalid(f"That would be {shows:,} shows. At most {MAX_SHOWS} are scheduled at once.")


def _clean_sale_fields(sale_fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as a show would have them. Raises Invalid with the field."""
    if unknown := sale_fields.keys() - set(SALE_FIELDS):
        raise TypeError(f"These are no sale fields: {', '.join(sorted(unknown))}")
    if sale_fields.get("status", Show.Status.ON_SALE) not in (Show.Status.DRAFT, Show.Status.ON_SALE):
        raise Invalid.of("status", "A new show is a draft or on sale.", "invalid_choice")
    return _clean_fields(sale_fields)


def _clean_fields(fields: dict[str, Any]) -> dict[str, Any]:
    model = Show(**fields)
    try:
        model.clean_fields(exclude={each.name for each in Show._meta.fields} - fields.keys())
    except ValidationError as error:
        raise Invalid(errors={name: messages_of(each) for name, each in error.error_dict.items()}) from error
    return {name: getattr(model, name) for name in fields}


def _screen_order(screen: Screen) -> tuple[str, str, int]:
    return screen.cinema.name, screen.name, screen.pk
