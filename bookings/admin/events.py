"""The events of bookings: who changed which seat, when, from what to what and through which channel."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from bookings.admin.read_only import ReadOnly, ReadOnlyAdmin, ShowDays, cinema_time
from bookings.models import BookingEvent
from bookings.queries import seat_label_then
from movies.admin import LocalDaysFilter


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
        return event.actor.username if event.actor else "-"


class BookingEventInline(BookingEventColumns, ReadOnly, admin.TabularInline):
    model = BookingEvent
    verbose_name_plural = "events"
    fields = ("when", "seat", "before", "after", "who", "channel")
    readonly_fields = fields
    extra = 0
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("actor", "show__screen__cinema")


class EventDays(LocalDaysFilter):
    title = "day (cinema's clock)"
    name, moment, cinema = "at", "at", "show__screen__cinema"


@admin.register(BookingEvent)
class BookingEventAdmin(BookingEventColumns, ReadOnlyAdmin):
    list_display = ("when", "seat", "before", "after", "film", "starts", "who", "channel")
    list_filter = ("channel", "to_status", ShowDays, EventDays)
    list_select_related = ("actor", "show__movie", "show__screen__cinema")
    search_fields = ("=show__id", "=booking__id", "actor__username")
    search_help_text = "Number of the show or of the booking, or who did it."
    ordering = ("-id",)
    fields = ("when", "seat", "before", "after", "show", "booking", "actor", "channel")
