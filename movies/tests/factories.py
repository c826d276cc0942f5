"""Valid rows for tests."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from itertools import count

from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils.timezone import now

from accounts.models import User
from movies.models import Cinema, Genre, Movie, Screen, Show, StaffRole
from movies.seat_plan import crop_plan, draw_plan
from movies.services import save_screen

_numbers = count(1)


def make_movie(title: str = "Inception", **fields: object) -> Movie:
    genres = fields.pop("genres", None)
    movie = Movie.objects.create(title=title, **{"duration_minutes": 148, **fields})
    if genres is not None:
        movie.genres.set(Genre.objects.named(genres))
    return movie


def make_cinema(**fields: object) -> Cinema:
    return Cinema.objects.create(**{"name": f"Cinema {next(_numbers)}", **fields})


def make_screen(**fields: object) -> Screen:
    """A screen with 50 seats in rows of ten, or with those of a `seat_plan`."""
    if "seat_plan" not in fields:
        fields.setdefault("total_seats", 50)
    fields = {
        "name": f"Screen {next(_numbers)}",
        "cinema": fields.pop("cinema", None) or make_cinema(),
        **fields,
    }
    return save_screen(Screen(), **fields)


def browser_for(user: User) -> Client:
    """A browser in which the user is logged in to the Admin."""
    browser = Client()
    browser.force_login(user)
    return browser


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)


def tomorrow() -> datetime:
    return now() + timedelta(days=1)


def make_show(*, starts_at: datetime | None = None, **fields: object) -> Show:
    """A show with 50 seats tomorrow, on a screen of its own. It may lie in the past or be cancelled."""
    starts_at = starts_at or tomorrow()
    movie = fields.pop("movie", None) or make_movie()
    screen = fields.pop("screen", None) or make_screen(total_seats=fields.get("total_seats", 50))
    minutes = fields.get("pre_show_minutes", 0) + movie.duration_minutes
    ends_at = starts_at + timedelta(minutes=minutes)
    total_seats = fields.setdefault("total_seats", screen.total_seats)
    defaults = {
        "ends_at": ends_at,
        "screen_free_at": ends_at,
        "seat_plan": draw_plan(crop_plan(screen.plan, total_seats)),
    }
    return Show.objects.create(
        movie=movie, screen=screen, cinema=screen.cinema, starts_at=starts_at, **{**defaults, **fields}
    )


def give_role(user: User, permissions: Iterable[str], *cinemas: Cinema) -> User:
    """Make the user a member of staff with a role of these permissions, in these cinemas or, without any, in
    all.
    """
    role = Group.objects.create(name=f"Role {next(_numbers)}")
    by_name = {f"{each.content_type.app_label}.{each.codename}": each
               for each in Permission.objects.select_related("content_type")}  # fmt: skip
    role.permissions.set(by_name[name] for name in permissions)
    given = StaffRole.objects.create(user=user, role=role, all_cinemas=not cinemas)
    given.cinemas.set(cinemas)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return User.objects.get(pk=user.pk)
