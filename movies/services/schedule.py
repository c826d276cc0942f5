"""Putting one show on a screen, and changing it, so that no two shows ever need a screen at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from accounts.actors import Actor
from movie_booking.database import violates
from movie_booking.errors import Invalid, NotFound
from movie_booking.field_messages import FieldMessage
from movies.errors import ScreenOccupied, ShowCancelled, WrongStatus
from movies.models import Movie, Screen, Show, ShowEvent
from movies.seat_plan import crop_plan, draw_plan, plan_of
from movies.services.slots import Slot, find_overlaps
from movies.services.timing import TIMING_FIELDS, refuse_timing

# What a sold ticket says of its show, beside the start.
TICKET_FIELDS = {"movie", "screen", "total_seats"}
STAYS_IN_CINEMA = FieldMessage(
    "A show stays in its cinema: schedule another one, and exchange the orders.", "other_cinema"
)
# What decides when a show keeps which screen.
SLOT_FIELDS = {"movie", "screen", "starts_at", "pre_show_minutes"}


@transaction.atomic
def schedule_show(
    *,
    movie: Movie,
    screen: Screen,
    starts_at: datetime,
    pre_show_minutes: int | None = None,
    total_seats: int | None = None,
    **sale_fields: Any,
) -> Show:
    """Put a show on a screen and return it. It takes a copy of the seat plan.

    It has the usual pre-show of the cinema, or so many minutes; all seats of the screen, or the first
    `total_seats` of them. `sale_fields` say how it is sold: price, premium_price and so on, status,
    sales_open_at, sales_cutoff_minutes.
    Raises ScreenOccupied, and Invalid for times that do not go together or have passed, or for more seats
    than the screen has.
    """
    show = Show(movie=movie, screen=screen, starts_at=starts_at, **sale_fields)
    refuse_timing(show)
    _take_slot(show, pre_show_minutes)
    show.cinema_id = show.screen.cinema_id
    show.total_seats = show.screen.total_seats if total_seats is None else total_seats
    show.seat_plan = copy_seat_plan(show.screen, show.total_seats)
    with overlap_refused():
        show.save()
    return show


def refuse_change(show: Show, changes: dict[str, Any]) -> None:
    """Raises ShowCancelled for a cancelled show, and WrongStatus unless a draft is put on sale."""
    if show.status == Show.Status.CANCELLED:
        raise ShowCancelled
    if "status" in changes and changes["status"] != Show.Status.ON_SALE:
        raise WrongStatus


def place_show(show: Show, changes: dict[str, Any], *, sales_may_end: bool = False) -> None:
    """Set the changes, by field, of a show that the caller has locked. Writes nothing.

    Another start, pre-show, movie or screen moves the end along; movie and screen are locked then. Raises
    ScreenOccupied, and Invalid for a screen of another cinema and for times that do not go together or have
    passed: see `refuse_timing`.
    """
    for name, value in changes.items():
        setattr(show, name, value)
    if changes.keys() & TIMING_FIELDS:
        refuse_timing(show, sales_may_end=sales_may_end)
    if changes.keys() & (TICKET_FIELDS | SLOT_FIELDS):
        _take_slot(show, show.pre_show_minutes)


def reschedule_show(show: Show, changes: dict[str, Any]) -> None:
    """Write the changes, by field, to a show that the caller has locked and whose tickets allow them.

    As `place_show`; another screen or number of seats brings a new copy of the seat plan. Raises
    ScreenOccupied, and Invalid for times that do not go together or have passed, or for more seats than the
    screen has.
    """
    place_show(show, changes)
    # The seat map shows prices too, and clients with a copy of it must notice.
    show.seats_version += 1
    if not changes.keys() & (TICKET_FIELDS | SLOT_FIELDS):
        show.save(update_fields=[*changes, "seats_version"])
        return
    if changes.keys() & {"screen", "total_seats"}:
        show.seat_plan = copy_seat_plan(show.screen, show.total_seats)
    with overlap_refused():
        show.save(
            update_fields=[*changes, "version", "seats_version", "ends_at", "screen_free_at", "seat_plan"]
        )


def record_show_event(
    show: Show,
    changes: Mapping[str, tuple[Any, Any]],
    *,
    at: datetime,
    actor: Actor,
    reason: str = "",
) -> None:
    """Write what of a locked show changes, as {field: (before, after)}, and give it the next version.

    The caller saves the show.
    """
    record_show_events({show: changes}, at=at, actor=actor, reason=reason)


def record_show_events(
    changes: Mapping[Show, Mapping[str, tuple[Any, Any]]], *, at: datetime, actor: Actor, reason: str = ""
) -> None:
    """The same for many shows, in one statement."""
    events = []
    for show, of_show in changes.items():
        show.version += 1
        event = ShowEvent(show=show, version=show.version, at=at, channel=actor.channel, reason=reason)
        event.actor = actor.user
        told = {**of_show, **_names_of_then(of_show)}
        event.changes = {name: [_as_json(value) for value in pair] for name, pair in told.items()}
        events.append(event)
    ShowEvent.objects.bulk_create(events)


def _names_of_then(changes: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[str, str]]:
    """What two screens are called, if it is another one: the log outlives the screens and their names."""
    if "screen" not in changes:
        return {}
    old, new = changes["screen"]
    return {"screen_name": (old.name, new.name), "cinema_name": (old.cinema.name, new.cinema.name)}


def _as_json(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    return value.isoformat() if isinstance(value, datetime) else value


def copy_seat_plan(screen: Screen, total_seats: int) -> str:
    """Return the plan of the first so many seats of a screen. Raises Invalid unless it has them."""
    if not 1 <= total_seats <= screen.total_seats:
        raise Invalid.of("total_seats", f"{screen} has {screen.total_seats} seats.", "out_of_range")
    return _crop_drawing(screen.seat_plan, screen.total_seats, total_seats)


@contextmanager
def overlap_refused() -> Iterator[None]:
    """Raises ScreenOccupied where the database refuses an overlap that no check has seen."""
    try:
        yield
    except IntegrityError as error:
        if violates(error, "show_screen_times_do_not_overlap"):
            raise ScreenOccupied from error
        raise


@contextmanager
def overlaps_looked_at_last() -> Iterator[None]:
    """Several shows of a screen are written, which may overlap until the last of them is.

    Raises ScreenOccupied if they still do then.
    """
    with overlap_refused(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS show_screen_times_do_not_overlap DEFERRED")
        yield
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS show_screen_times_do_not_overlap IMMEDIATE")


def lock_place(show: Show) -> None:
    """Lock movie and screen of a show, so that others wait their turn, and read both anew.

    Raises Invalid if one of the two is gone, or the screen is in another cinema than the show.
    """
    movies = Movie.objects.lock_all([show.movie_id])
    if not movies:  # deleted in the meantime
        raise Invalid.of("movie", "There is no such movie.", "does_not_exist")
    show.movie = movies[0]
    try:
        show.screen = Screen.objects.lock(show.screen_id)
    except NotFound as error:
        raise Invalid.of("screen", "There is no such screen.", "does_not_exist") from error
    if show.pk and show.screen.cinema_id != show.cinema_id:
        raise Invalid(errors={"screen": [STAYS_IN_CINEMA]})


def _take_slot(show: Show, pre_show_minutes: int | None) -> None:
    """Set when the show ends, with movie and screen locked. Raises ScreenOccupied, and Invalid as
    `lock_place` does.
    """
    lock_place(show)
    slot = Slot.at(show.movie, show.screen, show.starts_at, pre_show_minutes, show.pk)
    [overlaps] = find_overlaps([slot], ignoring=[show.pk])
    if overlaps:
        raise ScreenOccupied(shows=[asdict(overlap) for overlap in overlaps])
    show.pre_show_minutes = slot.pre_show_minutes
    show.ends_at, show.screen_free_at = slot.end, slot.screen_free_at


@lru_cache(maxsize=64)  # the shows of a week share few screens
def _crop_drawing(drawing: str, seats_of_screen: int, total_seats: int) -> str:
    return draw_plan(crop_plan(plan_of(drawing, seats_of_screen), total_seats))
