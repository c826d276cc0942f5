"""The lists of shows that everyone asks for, by queries that are composed once."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Func, PositiveBigIntegerField, Subquery
from django.utils import timezone

from movie_booking.api.pagination import Pagination
from movie_booking.composed import ComposedQuery
from movie_booking.limits import parse_id
from movies.models import Show
from movies.models.shows import sales_end
from movies.prices import prices_by_kind
from movies.seat_plan import SeatKind


class ShowRow(NamedTuple):
    """All that a list says of a show, by the names that a query gives it."""

    id: int
    movie_id: int
    movie__title: str
    screen_id: int
    screen__name: str
    cinema_id: int
    screen__cinema__name: str
    screen__cinema__time_zone: str
    starts_at: datetime
    ends_at: datetime
    pre_show_minutes: int
    total_seats: int
    live_seats: int
    status: str
    sales_open_at: datetime | None
    sales_cutoff_minutes: int
    screen__no_single_seats: bool
    cancel_reason: str
    version: int
    price: Decimal
    premium_price: Decimal | None
    sofa_price: Decimal | None
    wheelchair_price: Decimal | None
    companion_price: Decimal | None

    @classmethod
    def of(cls, show: Show) -> "ShowRow":
        """That of a show which was read with its details."""
        return cls(*_VALUES(show))

    @property
    def prices(self) -> dict[SeatKind, Decimal]:
        """What a seat of each kind costs."""
        return prices_by_kind(*self[-5:])

    @property
    def sales_close_at(self) -> datetime:
        return sales_end(self.starts_at, self.sales_cutoff_minutes)


_VALUES = attrgetter(*(name.replace("__", ".") for name in ShowRow._fields))
# What such a list can be narrowed down by, and the field of a show.
NARROWED_BY = {"movie": "movie", "cinema": "cinema", "screen": "screen"}


# A statement is kept for each number of them.
MAX_CINEMAS = 20


def upcoming_shows(
    asked: Mapping[str, str], *, cinemas: Collection[int] | None = None, using: str = DEFAULT_DB_ALIAS
) -> tuple[int, list[ShowRow]] | None:
    """Return how many shows are on sale that have yet to start, and the first page of them, all or those of
    some cinemas.

    None if something else is asked for, or in another way: then the list is made as all others are, and says
    the same. A test holds the two equal.
    """
    ids = {name: parse_id(asked[name]) for name in NARROWED_BY if name in asked}
    is_such = asked.get("upcoming") in ("true", "1") and len(asked) == len(ids) + 1
    if not is_such or None in ids.values() or (cinemas is not None and not 0 < len(cinemas) <= MAX_CINEMAS):
        return None
    numbers = [number for number in (*ids.values(), *(cinemas or ())) if number is not None]
    rows = _first_page(tuple(ids), len(cinemas or ()))(timezone.now(), *numbers, using=using)
    return rows[0][-1] if rows else 0, [ShowRow(*row[:-1]) for row in rows]


@cache
def _first_page(names: tuple[str, ...], cinemas: int) -> ComposedQuery[Any]:
    """That of the shows to come, narrowed down by these and to so many cinemas; each row has how many it is
    one of.
    """

    def build(at: datetime, *ids: int) -> Any:
        wanted = {NARROWED_BY[name]: number for name, number in zip(names, ids, strict=False)}
        shows = Show.objects.upcoming(at).filter(**wanted)
        if cinemas:
            shows = shows.filter(cinema__in=ids[len(names) :])
        number = Func(F("pk"), function="COUNT", output_field=PositiveBigIntegerField())
        total = Subquery(shows.order_by().values(number=number))
        return shows.order_by("starts_at", "pk").values_list(*ShowRow._fields, total)[: Pagination.page_size]

    return ComposedQuery(build, datetime, *[int] * (len(names) + cinemas))
