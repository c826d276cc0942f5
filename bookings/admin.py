"""Bookings as the box office sees them: to look up and to cancel, never to edit."""

from django.contrib import admin, messages
from django.http import HttpRequest

from bookings import services
from bookings.models import Booking, BookingQuerySet
from movie_booking.admin import HouseAdmin
from movie_booking.errors import DomainError


@admin.register(Booking)
class BookingAdmin(HouseAdmin):
    date_hierarchy = "created_at"
    list_display = ("id", "movie", "starts", "seat", "customer", "price", "status", "created_at")
    list_filter = ("status", "show__screen__cinema", "show__starts_at")
    list_select_related = ("user", "show__movie", "show__screen__cinema")
    search_fields = ("=id", "user__username", "user__email", "show__movie__title")
    search_help_text = "Number of the booking, user name, e-mail address or film."
    ordering = ("-id",)
    actions = ("cancel",)
    fields = (
        "show",
        "seat",
        "customer",
        "price",
        "status",
        "created_at",
        "cancelled_at",
    )

    # A seat changes hands under the lock of its show only, and only the services take that.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Booking | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Booking | None = None) -> bool:
        return False

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("bookings.change_booking")

    @admin.action(description="Cancel selected bookings", permissions=["cancel"])
    def cancel(self, request: HttpRequest, selected: BookingQuerySet) -> None:
        cancelled = 0
        for booking_id in selected.order_by("id").values_list("id", flat=True):
            try:
                services.cancel_booking(among=Booking.objects.all(), booking_id=booking_id)
                cancelled += 1
            except DomainError as error:
                self.message_user(request, f"Booking {booking_id}: {error.detail}", messages.ERROR)
        if cancelled:
            self.message_user(request, f"Cancelled: {cancelled}.", messages.SUCCESS)

    @admin.display(description="Film", ordering="show__movie__title")
    def movie(self, booking: Booking) -> str:
        return booking.show.movie.title

    @admin.display(description="Starts (cinema's clock)", ordering="show__starts_at")
    def starts(self, booking: Booking) -> str:
        local = booking.show.starts_at.astimezone(booking.show.screen.cinema.zone)
        return f"{local:%a %d %b %Y, %H:%M}"

    @admin.display(description="Seat", ordering="seat_number")
    def seat(self, booking: Booking) -> str:
        return f"{booking.seat_label} (no. {booking.seat_number})"

    @admin.display(description="Customer", ordering="user__username")
    def customer(self, booking: Booking) -> str:
        return f"{booking.user.username} <{booking.user.email}>"
