"""The events of bookings: who changed which seat, when, from what to what and through which channel."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Q
from django.http import HttpRequest

from bookings.admin.read_only import (
    ReadOnly,
    ReadOnlyAdmin,
    RecentDays,
    ShowDays,
    cinema_time,
)
from bookings.admin.search import ids_of_users
from bookings.models import BookingEvent
from bookings.queries import FORMER_PLANS, seat_label_then
from movie_booking.limits import parse_id
from movies.admin import InlineByCinema


class BookingEventColumns:
    """What a line says of an event, in the list and on the page of its booking."""

    @admin.display(description="When (cinema's clock)", ordering="at")
    def when(self, event: BookingEvent) -> str:
        return cinema_time(event, event.at)

    @admin.display(description="Seat", ordering="seat_number")
    def seat(self, event: BookingEvent) -> str:
        return seat_label_then(event)

    @admin.display(description="From", ordering="from_status")
    def before(self, event: BookingEvent) -> str:
        if event.changes:
            return f"{event.get_from_status_display()}, {event.changes['seat_label'][0]}"
        return event.get_from_status_display() or "Free"

    @admin.display(description="To", ordering="to_status")
    def after(self, event: BookingEvent) -> str:
        return event.get_to_status_display()

    @admin.display(description="Who", ordering="actor__username")
    def who(self, event: BookingEvent) -> str:
        return event.who or "-"


class BookingEventInline(BookingEventColumns, ReadOnly, InlineByCinema, admin.TabularInline):
    model = BookingEvent
    verbose_name_plural = "events"
    fields = ("when", "seat", "before", "after", "who", "channel")
    readonly_fields = fields
    extra = 0
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        events = super().get_queryset(request).select_related("actor", "machine", "show__screen__cinema")
        return events.prefetch_related(FORMER_PLANS)


class EventDays(RecentDays):
    title = "day (cinema's clock)"
    name, moment, cinema = "at", "at", "show__cinema"


@admin.register(BookingEvent)
class BookingEventAdmin(BookingEventColumns, ReadOnlyAdmin):
    list_display = ("when", "seat", "before", "after", "film", "starts", "who", "channel")
    list_filter = ("channel", "to_status", ShowDays, EventDays)
    list_select_related = ("actor", "machine", "show__movie", "show__screen__cinema")
    search_fields = ("id",)  # any, so that there is a field to search with: see `matching`
    search_help_text = (
        "Number of the show or of the booking; or, of the days shown, the user name of who did it."
    )
    moment = "at"
    fields = ("when", "seat", "before", "after", "show", "booking", "who", "channel")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related(FORMER_PLANS)

    def is_narrowed(self, request: HttpRequest) -> bool:
        """Not by a name: there is no index of who did what, which every booking would have to write."""
        term = request.GET.get(SEARCH_VAR, "").strip()
        return parse_id(term) is not None if term else super().is_narrowed(request)

    def matching(self, term: str) -> Q:
        number = parse_id(term)
        numbers = [] if number is None else [number]
        return Q(show__in=numbers) | Q(booking__in=numbers) | Q(actor__in=ids_of_users(term))
