"""What the pages of orders, bookings and events share: they are looked at, and services change them."""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, StreamingHttpResponse

from accounts.actors import Channel
from accounts.models import User
from bookings.exports import csv_lines
from bookings.models import Booking, BookingEvent, Order
from bookings.services import Actor
from movie_booking.admin import ServiceAdmin
from movies.admin import LocalDaysFilter, by_cinema_clock


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
    name, moment, cinema = "show", "show__starts_at", "show__screen__cinema"


class CreatedDays(LocalDaysFilter):
    title = "day of creation (cinema's clock)"
    name, moment, cinema = "created", "created_at", "show__screen__cinema"


def cinema_time(row: Order | Booking | BookingEvent, moment: datetime | None) -> str:
    """Return the moment as the clock of the show's cinema shows it, to the second."""
    return f"{by_cinema_clock(moment, row.show.screen):%d %b %Y, %H:%M:%S}" if moment else "-"


class ReadOnlyAdmin(ReadOnly, ServiceAdmin):
    """Rows that belong to a show. Columns are short, for lists are read without scrolling."""

    # Without the button to Django's history, which knows nothing of what services did.
    change_form_template = "admin/bookings/read_only.html"

    class Media:
        css = {"all": ["movies/seat_chart.css"]}

    @admin.display(description="Film", ordering="show__movie__title")
    def film(self, row: Order | Booking | BookingEvent) -> str:
        return row.show.movie.title

    @admin.display(description="Starts (cinema's clock)", ordering="show__starts_at")
    def starts(self, row: Order | Booking | BookingEvent) -> str:
        return f"{by_cinema_clock(row.show.starts_at, row.show.screen):%a %d %b %Y, %H:%M}"


def admin_actor(request: HttpRequest) -> Actor:
    """The member of staff who is asking: the Admin lets no other user in."""
    return Actor(cast("User", request.user), Channel.ADMIN)


def csv_response(name: str, rows: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        csv_lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
