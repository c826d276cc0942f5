"""What the pages of orders, bookings and events share: they are looked at, and services change them."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from bookings.exports import csv_lines
from bookings.models import Booking, BookingEvent, Order
from movie_booking.admin import ServiceAdmin
from movie_booking.limits import is_searchable
from movies.access import rows_with
from movies.admin import ByCinema, DaysSince, LocalDaysFilter, by_cinema_clock
from movies.models import Show

# Which sales a list shows unless its reader says which.
RECENT = timedelta(days=30)
# What finds few rows among all, each by an index of its own: a search, and what their page is linked from.
NARROWING = {SEARCH_VAR, "show_from", "show_to", "show", "order", "booking", "user", "guest"}


class ReadOnly:
    """A seat changes hands under the lock of its show, and only services take that."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ShowDays(LocalDaysFilter):
    title = "day of the show (cinema's clock)"
    name, moment, cinema = "show", "show__starts_at", "show__cinema"


class RecentDays(DaysSince):
    """Sales and their events: while no day is chosen, of the last days. Older ones are searched for."""

    since, default_of_all = RECENT, f"The last {RECENT.days} days"


class CreatedDays(RecentDays):
    title = "day of creation (cinema's clock)"
    name, moment, cinema = "created", "created_at", "show__cinema"


def cinema_time(row: Order | Booking | BookingEvent, moment: datetime | None) -> str:
    """Return the moment as the clock of the show's cinema shows it, to the second."""
    return f"{by_cinema_clock(moment, row.show.screen):%d %b %Y, %H:%M:%S}" if moment else "-"


class ReadOnlyAdmin(ReadOnly, ByCinema, ServiceAdmin):
    """Rows that belong to a show. Columns are short, for lists are read without scrolling.

    There are more of them every day, so a list looks at few: at those of the last days, or at those that an
    index finds.
    """

    moment: ClassVar[str]  # the field that says when a row was made

    # Without the button to Django's history, which knows nothing of what services did.
    change_form_template = "admin/bookings/read_only.html"

    class Media:
        css = {"all": ["movies/seat_chart.css"]}

    def is_narrowed(self, request: HttpRequest) -> bool:
        """Whether an index finds the rows that are asked for, of whatever day they are."""
        asked = {
            name.removesuffix("__exact").removesuffix("__id") for name, text in request.GET.items() if text
        }
        return not NARROWING.isdisjoint(asked)

    def get_ordering(self, request: HttpRequest) -> Any:
        """Newest first."""
        if self.is_narrowed(request):
            # By no index: the planner would walk all rows in the order of that, and hope to meet these soon.
            return [(F("pk") + 0).desc()]
        return [f"-{self.moment}", "-pk"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not is_searchable(term):
            return queryset.none(), False
        return queryset.filter(self.matching(term)) if term else queryset, False

    def matching(self, term: str) -> Q:
        """What a search finds, by columns of the table that have an index."""
        raise NotImplementedError

    @admin.display(description="Film", ordering="show__movie__title")
    def film(self, row: Order | Booking | BookingEvent) -> str:
        return row.show.movie.title

    @admin.display(description="Starts (cinema's clock)", ordering="show__starts_at")
    def starts(self, row: Order | Booking | BookingEvent) -> str:
        return f"{by_cinema_clock(row.show.starts_at, row.show.screen):%a %d %b %Y, %H:%M}"


def show_to_see(request: HttpRequest, show_id: int) -> Show | None:
    """Return a show with its details, if its reader may look at it; None as well if it is not there."""
    shows = Show.objects.with_details().filter(pk=show_id)
    return rows_with(
        shows, request.user, "movies.view_show", "movies.change_show", "movies.move_show"
    ).first()


def may_see_people(request: HttpRequest, show: Show) -> bool:
    """Whether the reader may know who has which seat of the show."""
    return any(request.user.has_perm(f"bookings.{right}", show) for right in ("view_people", "view_booking"))


def csv_response(name: str, rows: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        csv_lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
