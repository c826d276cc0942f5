from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.contrib.admin.models import ADDITION
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError
from django.db import transaction

from accounts.actors import Actor, Channel
from accounts.models import User
from movie_booking.errors import DomainError
from movie_booking.limits import parse_id
from movies.errors import WeekHasOverlaps
from movies.models import Movie, Screen, Show
from movies.services import audit, log_notes, preview_week, schedule_week
from movies.services.week_schedule import refuse_obstacles
from movies.times import WEEKDAYS, dates_between, read_times

WEEKDAY_CHOICES = [weekday.lower() for weekday in WEEKDAYS]
# As many as one reads in an error message.
SUGGESTIONS = 20


class Command(BaseCommand):
    help = (
        "Put a movie on screens, dates and times: all of the shows are scheduled, or none. Times are by the"
        " clock of each screen's cinema. A second run schedules nothing and says what is there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        several: dict[str, Any] = {"action": "extend", "nargs": "+"}
        parser.add_argument("--movie", required=True, help="Its exact title, or its id.")
        parser.add_argument("--screen", required=True, type=int, metavar="ID", dest="screens", **several)
        parser.add_argument("--from", required=True, type=_date, metavar="DATE", dest="first")
        parser.add_argument("--to", required=True, type=_date, metavar="DATE", dest="last", help="Included.")
        parser.add_argument("--time", required=True, metavar="HH:MM", dest="times", **several)
        every_day = "Without it, every day."
        parser.add_argument("--weekday", choices=WEEKDAY_CHOICES, dest="weekdays", help=every_day, **several)
        parser.add_argument(
            "--pre-show",
            type=_pre_show,
            metavar="MINUTES",
            dest="pre_show_minutes",
            help="Adverts and trailers. Without it, those of each cinema.",
        )
        parser.add_argument("--price", type=_price, help="Without it, the default price of the settings.")
        parser.add_argument("--draft", action="store_true", help="Customers do not see the shows yet.")
        parser.add_argument(
            "--by",
            metavar="USERNAME",
            help="A member of staff, whom the history in the Admin names as the one who added the shows.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Preview; schedule nothing.")

    def handle(self, *args: Any, dry_run: bool, by: str | None, **options: Any) -> None:
        editor = _staff(by) if by is not None else None
        try:
            week = _week(**options)
            proposals = preview_week(**week)
            if dry_run:
                refuse_obstacles(proposals)
            else:
                _schedule(week, editor)
        except DomainError as error:
            raise CommandError("\n".join(_reasons(error))) from error
        for day, of_day in groupby(proposals, key=lambda proposal: proposal.day):
            starts = (f"{proposal.clock:%H:%M} {proposal.screen}" for proposal in of_day)
            self.stdout.write(f"{day:%a %d %b %Y}: {'; '.join(starts)}")
        done = "Would schedule" if dry_run else "Scheduled"
        shows = "1 show" if len(proposals) == 1 else f"{len(proposals)} shows"
        self.stdout.write(self.style.SUCCESS(f"{done}: {shows} of {week['movie']}."))


@transaction.atomic
def _schedule(week: dict[str, Any], editor: User | None) -> None:
    shows = schedule_week(**week)
    text = "Added by the command schedule_shows."
    log_notes(shows, text, editor, ADDITION)
    audit.record_all(shows, audit.ADD, actor=Actor(editor, Channel.COMMAND), note=text)


def _week(
    *,
    movie: str,
    screens: list[int],
    first: date,
    last: date,
    times: list[str],
    weekdays: list[str] | None,
    pre_show_minutes: int | None,
    price: Decimal | None,
    draft: bool,
    **_: Any,
) -> dict[str, Any]:
    """Return what `schedule_week` takes. Raises CommandError for a film, screens or times that are none."""
    sale_fields: dict[str, Any] = {"status": Show.Status.DRAFT if draft else Show.Status.ON_SALE}
    if price is not None:
        sale_fields["price"] = price
    try:
        times_of_day = read_times(" ".join(times))
    except ValueError as error:
        raise CommandError(str(error)) from error
    return {
        "movie": _movie(movie),
        "screens": _screens(screens),
        "dates": dates_between(first, last, map(WEEKDAY_CHOICES.index, weekdays or WEEKDAY_CHOICES)),
        "times": times_of_day,
        "pre_show_minutes": pre_show_minutes,
        **sale_fields,
    }


def _movie(text: str) -> Movie:
    found = list(Movie.objects.filter(title=text))
    if not found and (movie_id := parse_id(text)) is not None:
        found = list(Movie.objects.filter(pk=movie_id))
    if len(found) > 1:
        ids = ", ".join(str(movie.pk) for movie in found)
        raise CommandError(f"There are several movies titled “{text}”. Give the id: one of {ids}.")
    if not found:
        alike = Movie.objects.filter(title_folded__contains=text)[:SUGGESTIONS]
        meant = ", ".join(f"“{movie}” (id {movie.pk})" for movie in alike)
        raise CommandError(f"There is no movie “{text}”. " + (f"Is it {meant}?" if meant else ""))
    return found[0]


def _screens(ids: list[int]) -> list[Screen]:
    there = {screen.pk: screen for screen in Screen.objects.select_related("cinema").defer("seat_plan")}
    if unknown := [str(number) for number in ids if number not in there]:
        known = "; ".join(f"{number} is {screen}" for number, screen in list(there.items())[:SUGGESTIONS])
        raise CommandError(f"There is no screen {', '.join(unknown)}. {known or 'There are none at all'}.")
    return [there[number] for number in ids]


def _reasons(error: DomainError) -> Iterator[str]:
    """Name every obstacle, a line each."""
    if not isinstance(error, WeekHasOverlaps):
        yield error.explanation
        return
    yield error.detail
    for overlap in error.extra["overlaps"]:
        yield overlap["summary"]


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no date. Write it like this: 2026-11-30") from None


def _price(text: str) -> Decimal:
    return _of_show("price", text, "is no price. Write it like this: 12.50.")


def _pre_show(text: str) -> int:
    return _of_show("pre_show_minutes", text, "is no number of minutes before the film.")


def _of_show(name: str, text: str, is_none: str) -> Any:
    field: Any = Show._meta.get_field(name)
    try:
        return field.clean(text, None)
    except ValidationError as error:
        why = " ".join(error.messages)
        raise ArgumentTypeError(f"“{text}” {is_none} {why}") from None


def _staff(username: str) -> User:
    user = User.objects.named(username).filter(is_staff=True, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no member of staff “{username}”.")
    return user
