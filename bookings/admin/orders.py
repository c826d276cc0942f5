"""Orders, with their bookings."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.timezone import now

from bookings.admin.bookings import BookingColumns, BookingStatusFilter
from bookings.admin.read_only import (
    CreatedDays,
    ReadOnly,
    ReadOnlyAdmin,
    ShowDays,
    cinema_time,
    ids_of_orders,
    ids_of_shows,
    ids_of_users,
)
from bookings.models import Booking, Order
from bookings.queries import order_summary
from movies.admin import CinemaChoice, InlineByCinema


class BookingInline(BookingColumns, ReadOnly, InlineByCinema, admin.TabularInline):
    model = Booking
    fields = ("status_now", "seat", "price", "created", "held_until", "cancelled", "refund")
    readonly_fields = fields
    extra = 0
    ordering = ("seat_number", "id")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("show__screen__cinema")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("reference", "status", "seats", "film", "starts", "customer", "total")
    list_filter = (BookingStatusFilter, ("show__screen__cinema", CinemaChoice), ShowDays, CreatedDays)
    list_select_related = ("user", "guest", "show__movie", "show__screen__cinema")
    search_fields = ("reference",)  # any, so that there is a field to search with: see `matching`
    search_help_text = (
        "Reference, user name, e-mail address (or their beginnings) or film (shows of the last 30 days and to"
        " come)."
    )
    moment = "created_at"
    fields = ("reference", "status", "seats", "total", "show", "user", "created", "exchanged_from")
    inlines = (BookingInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("bookings")

    def matching(self, term: str) -> Q:
        return Q(pk__in=ids_of_orders(term)) | Q(user__in=ids_of_users(term)) | Q(show__in=ids_of_shows(term))

    @admin.display(description="Created (cinema's clock)")
    def created(self, order: Order) -> str:
        return cinema_time(order, order.created_at)

    @admin.display(description="Customer", ordering="user__username")
    def customer(self, order: Order) -> str:
        return order.customer_name

    @admin.display(description="Status")
    def status(self, order: Order) -> str:
        return str(order_summary(order.bookings.all(), now()).status.label)

    @admin.display(description="Seats")
    def seats(self, order: Order) -> str:
        """The seats that it has, or had if it is over."""
        bookings = order.bookings.all()
        live = [booking for booking in bookings if booking.is_live()]
        plan = order.show.plan
        numbers = (booking.seat_number for booking in live or bookings)
        return plan.labels_of(number for number in numbers if plan.has_seat(number))

    @admin.display(description=f"Total ({settings.CURRENCY})")
    def total(self, order: Order) -> str:
        return str(order_summary(order.bookings.all(), now()).total)
