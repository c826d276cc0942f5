"""Bookings: looked up, cancelled and exported."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.db import OperationalError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings import services
from bookings.admin.cancel_bookings import ask_before_cancelling
from bookings.admin.events import BookingEventInline
from bookings.admin.read_only import (
    CreatedDays,
    ReadOnlyAdmin,
    ShowDays,
    cinema_time,
    csv_response,
)
from bookings.admin.search import SEARCH_HELP, find
from bookings.exports import booking_rows
from bookings.models import STATUS_PRECEDENCE, Booking, BookingQuerySet, Status
from movie_booking.admin import REFUSALS, ServiceAdmin, refusal
from movie_booking.database import is_lock_failure
from movie_booking.limits import parse_id
from movies.access import cinemas_with
from movies.admin import CinemaChoice, admin_actor
from movies.models import Show


class BookingColumns:
    """What a line says of a booking, in the list and on the page of its order."""

    @admin.display(description="Status", ordering="status")
    def status_now(self, booking: Booking) -> str:
        return str(booking.status_at().label)

    @admin.display(description="Seat", ordering="seat_number")
    def seat(self, booking: Booking) -> str:
        return booking.seat_label

    @admin.display(description="Created (cinema's clock)")
    def created(self, booking: Booking) -> str:
        return cinema_time(booking, booking.created_at)

    @admin.display(description="Held until (cinema's clock)")
    def held_until(self, booking: Booking) -> str:
        return cinema_time(booking, booking.expires_at)

    @admin.display(description="Cancelled (cinema's clock)")
    def cancelled(self, booking: Booking) -> str:
        return cinema_time(booking, booking.cancelled_at)

    @admin.display(description="Refund")
    def refund(self, booking: Booking) -> str:
        if booking.refund_amount is None:
            return "-"
        return f"{booking.refund_amount} {settings.CURRENCY} ({booking.refund_percent} %)"


class BookingStatusFilter(admin.SimpleListFilter):
    """The status as it is now: a hold is over when its time is."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, str(status.label)) for status in STATUS_PRECEDENCE]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        status = self.value()
        return queryset.with_status(Status(status)) if status in STATUS_PRECEDENCE else queryset


@admin.register(Booking)
class BookingAdmin(BookingColumns, ReadOnlyAdmin):
    list_display = ("id", "status_now", "seat", "film", "starts", "customer", "price")
    list_filter = (BookingStatusFilter, ("show__cinema", CinemaChoice), ShowDays, CreatedDays)
    list_select_related = ("order__user", "order__guest", "show__movie", "show__screen__cinema")
    search_fields = ("id",)  # any, so that there is a field to search with: see `matching`
    search_help_text = f"Number of the booking. {SEARCH_HELP}"
    moment = "created_at"
    actions = ("cancel", "export")
    rights: ClassVar = {"cancel": "bookings.change_booking", "report": "bookings.view_reports"}
    fields = (
        "status_now",
        "seat_and_number",
        "order",
        "show",
        "customer",
        "price",
        "reason",
        "created",
        "held_until",
        "cancelled",
        "cancelled_by",
        "refund",
    )
    inlines = (BookingEventInline,)

    def matching(self, term: str) -> Q:
        number = parse_id(term)
        return Q(pk__in=[] if number is None else [number]) | find(term).as_bookings

    @admin.display(description="Customer", ordering="user__username")
    def customer(self, booking: Booking) -> SafeString:
        return format_html(
            "{}<br><small>{}</small>", booking.order.customer_name, booking.order.customer_email
        )

    @admin.display(description="Seat")
    def seat_and_number(self, booking: Booking) -> str:
        return f"{booking.seat_label} (no. {booking.seat_number})"

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return may_cancel(request)

    def has_report_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("bookings.view_reports")

    @admin.action(description="Cancel selected bookings", permissions=["cancel"])
    def cancel(self, request: HttpRequest, selected: BookingQuerySet) -> HttpResponse | None:
        question = ask_before_cancelling(self, request, selected)
        if question is None:
            cancel_each(self, request, selected)
        return question

    @admin.action(description="Export selected bookings as CSV", permissions=["report"])
    def export(self, request: HttpRequest, selected: BookingQuerySet) -> StreamingHttpResponse:
        return csv_response("bookings", booking_rows(selected))


def may_cancel(request: HttpRequest, show: Show | None = None) -> bool:
    """Whether bookings of a show may be cancelled; without one, those of any."""
    return request.user.has_perm("bookings.change_booking", show)


def cancel_each(page: ServiceAdmin, request: HttpRequest, bookings: BookingQuerySet) -> None:
    """Cancel the bookings one by one, and say of each that cannot be cancelled why."""
    cancelled = 0
    any_seat = cinemas_with(request.user, "bookings.block_seats") is None
    whole = set() if any_seat else _wholly_among(bookings)
    other_halves: set[tuple[int, int | None]] = set()  # of sofas, by order and seat: they go back together
    busy: dict[int, OperationalError] = {}  # shows whose lock timed out: to wait once is enough
    for booking in bookings.order_by("id"):
        if (booking.order_id, booking.seat_number) in other_halves:
            cancelled += 1
            continue
        if booking.status == Status.BLOCKED:
            text = f"Booking {booking.pk} is a house seat: release it on the page of its show."
            page.message_user(request, text, messages.ERROR)
            continue
        try:
            if booking.show_id in busy:
                raise busy[booking.show_id]
            fresh = services.cancel_booking(
                booking,
                actor=admin_actor(request),
                leave_single_seat=booking.order_id in whole
                or request.user.has_perm("bookings.block_seats", booking),
            )
            other_halves.add((fresh.order_id, fresh.show.plan.seat(fresh.seat_number).partner))
            cancelled += 1
        except REFUSALS as error:
            if isinstance(error, OperationalError) and is_lock_failure(error):
                busy[booking.show_id] = error
            page.message_user(request, f"Booking {booking.pk}: {refusal(error)}", messages.ERROR)
    if cancelled:
        page.message_user(request, f"Cancelled: {cancelled}.", messages.SUCCESS)


def _wholly_among(bookings: BookingQuerySet) -> set[int]:
    """The orders that would go whole. In between, one by one, they may well leave a single seat."""
    selected = bookings.values("pk")
    kept = Booking.objects.live().filter(order__in=bookings.values("order")).exclude(pk__in=selected)
    return set(bookings.values_list("order_id", flat=True)) - set(kept.values_list("order_id", flat=True))
