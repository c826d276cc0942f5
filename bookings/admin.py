"""Seats as the box office sees them: on the page of a show, and as a list of bookings."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from accounts.models import User
from bookings import services
from bookings.exports import booking_rows, csv_lines, occupancy_rows
from bookings.models import (
    LIVE,
    STANDINGS,
    Booking,
    BookingQuerySet,
    Door,
    Order,
    SeatChange,
    Status,
)
from bookings.queries import standing
from movie_booking.admin import REFUSALS, HouseAdmin, refusal, refused
from movie_booking.errors import DomainError
from movies.admin import TimetableAdmin, by_cinema_clock
from movies.models import Show, ShowQuerySet
from movies.pictures import Room, draw_room


def csv_response(name: str, rows: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        csv_lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


class ReadOnly:
    """A seat changes hands under the lock of its show only, and only the services take that."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, HouseAdmin):
    """Rows that belong to a show, to look at: each column is short, for lists are read without scrolling."""

    # Without the button to Django's history, which knows of nothing that the services did.
    change_form_template = "admin/bookings/read_only.html"

    class Media:
        css = {"all": ["movies/seat_map.css"]}

    @admin.display(description="Film", ordering="show__movie__title")
    def film(self, row: Order | Booking | SeatChange) -> str:
        return row.show.movie.title

    @admin.display(description="Starts (cinema's clock)", ordering="show__starts_at")
    def starts(self, row: Order | Booking | SeatChange) -> str:
        return f"{by_cinema_clock(row.show.starts_at, row.show.screen):%a %d %b %Y, %H:%M}"


class BookingColumns:
    """What a line says of a booking, in the list and on the page of its order."""

    @admin.display(description="Seat", ordering="seat_number")
    def seat(self, booking: Booking) -> str:
        return booking.seat_label

    @admin.display(description="Refund")
    def refund(self, booking: Booking) -> str:
        if booking.refund_amount is None:
            return "-"
        return f"{booking.refund_amount} {settings.CURRENCY} ({booking.refund_percent} %)"


class SeatChangeColumns:
    """What a line says of a change, in the list and on the page of its booking."""

    @admin.display(description="When (UTC)", ordering="at")
    def when(self, change: SeatChange) -> str:
        return f"{change.at:%d %b %Y, %H:%M:%S}"

    @admin.display(description="Seat", ordering="seat_number")
    def seat(self, change: SeatChange) -> str:
        return change.seat_label

    @admin.display(description="From", ordering="from_status")
    def before(self, change: SeatChange) -> str:
        return change.get_from_status_display() or "Free"

    @admin.display(description="To", ordering="to_status")
    def after(self, change: SeatChange) -> str:
        return change.get_to_status_display()

    @admin.display(description="Who", ordering="actor__username")
    def who(self, change: SeatChange) -> str:
        return change.actor.username if change.actor else "-"


class SeatChangeInline(SeatChangeColumns, ReadOnly, admin.TabularInline):
    model = SeatChange
    verbose_name_plural = "history"
    fields = ("when", "seat", "before", "after", "who", "door")
    readonly_fields = fields
    extra = 0
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("actor", "show")


class BookingInline(BookingColumns, ReadOnly, admin.TabularInline):
    model = Booking
    fields = ("status", "seat", "price", "created_at", "expires_at", "cancelled_at", "refund")
    readonly_fields = fields
    extra = 0
    ordering = ("seat_number", "id")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("show")


class StandingFilter(admin.SimpleListFilter):
    """How orders stand, which follows from their bookings."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, str(status.label)) for status in STANDINGS]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        status = self.value()
        return queryset.standing(Status(status)) if status in STANDINGS else queryset


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    date_hierarchy = "created_at"
    list_display = ("reference", "status", "seats", "film", "starts", "customer", "total")
    list_filter = (StandingFilter, "show__screen__cinema", "created_at")
    list_select_related = ("user", "show__movie", "show__screen__cinema")
    search_fields = ("reference", "user__username", "user__email", "show__movie__title")
    search_help_text = "Reference, user name, e-mail address or film."
    ordering = ("-id",)
    fields = ("reference", "status", "seats", "total", "show", "user", "created_at")
    inlines = (BookingInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("bookings")

    @admin.display(description="Customer", ordering="user__username")
    def customer(self, order: Order) -> str:
        return order.user.username

    @admin.display(description="Status")
    def status(self, order: Order) -> str:
        return str(Status(standing(order.bookings.all(), now()).status).label)

    @admin.display(description="Seats")
    def seats(self, order: Order) -> str:
        """The seats that it has, or had if it is over."""
        bookings = order.bookings.all()
        live = [booking for booking in bookings if booking.status in LIVE and not booking.has_expired()]
        return order.show.plan.labels_of(booking.seat_number for booking in live or bookings)

    @admin.display(description=f"Total ({settings.CURRENCY})")
    def total(self, order: Order) -> str:
        return str(standing(order.bookings.all(), now()).total)


@admin.register(SeatChange)
class SeatChangeAdmin(SeatChangeColumns, ReadOnlyAdmin):
    date_hierarchy = "at"
    list_display = ("when", "seat", "before", "after", "film", "starts", "who", "door")
    list_filter = ("door", "to_status")
    list_select_related = ("actor", "show__movie", "show__screen__cinema")
    search_fields = ("=show__id", "=booking__id", "actor__username")
    search_help_text = "Number of the show or of the booking, or who did it."
    ordering = ("-id",)
    fields = ("when", "seat", "before", "after", "show", "booking", "actor", "door")


@admin.register(Booking)
class BookingAdmin(BookingColumns, ReadOnlyAdmin):
    date_hierarchy = "created_at"
    list_display = ("id", "status", "seat", "film", "starts", "customer", "price")
    list_filter = ("status", "show__screen__cinema", "show__starts_at")
    list_select_related = ("user", "show__movie", "show__screen__cinema")
    search_fields = ("=id", "=order__reference", "user__username", "user__email", "show__movie__title")
    search_help_text = "Number of the booking, reference of the order, user name, e-mail address or film."
    ordering = ("-id",)
    actions = ("cancel", "export")
    fields = (
        "status",
        "seat_and_number",
        "order",
        "show",
        "customer",
        "price",
        "reason",
        "created_at",
        "expires_at",
        "cancelled_at",
        "cancelled_by",
        "refund",
    )
    inlines = (SeatChangeInline,)

    @admin.display(description="Customer", ordering="user__username")
    def customer(self, booking: Booking) -> SafeString:
        return format_html("{}<br><small>{}</small>", booking.user.username, booking.user.email)

    @admin.display(description="Seat")
    def seat_and_number(self, booking: Booking) -> str:
        return f"{booking.seat_label} (no. {booking.seat_number})"

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return may_cancel(request)

    @admin.action(description="Cancel selected bookings", permissions=["cancel"])
    def cancel(self, request: HttpRequest, selected: BookingQuerySet) -> None:
        cancel_each(self, request, selected)

    @admin.action(description="Export selected bookings as CSV", permissions=["view"])
    def export(self, request: HttpRequest, selected: BookingQuerySet) -> StreamingHttpResponse:
        return csv_response("bookings", booking_rows(selected))


def staff_of(request: HttpRequest) -> User:
    """The member of staff who is asking: the Admin lets nobody else in."""
    return cast("User", request.user)


def may_cancel(request: HttpRequest) -> bool:
    return request.user.has_perm("bookings.change_booking")


def may_block(request: HttpRequest) -> bool:
    return request.user.has_perm("bookings.block_seats")


def cancel_each(page: HouseAdmin, request: HttpRequest, bookings: BookingQuerySet) -> None:
    """Cancel the bookings one by one, and say of each that cannot be cancelled why."""
    cancelled = 0
    other_halves: set[tuple[int, int | None]] = set()
    busy: dict[int, OperationalError] = {}  # shows that kept one waiting in vain: once is enough
    rows = bookings.order_by("id").values_list("id", "show_id", "order_id", "seat_number", "status")
    for booking_id, show_id, order_id, seat_number, status in list(rows):
        if status == Status.BLOCKED:
            text = f"Booking {booking_id}: the house blocked this seat. Free it on the page of the show."
            page.message_user(request, text, messages.ERROR)
            continue
        if (order_id, seat_number) in other_halves:
            cancelled += 1  # went with the half before it
            continue
        try:
            if show_id in busy:
                raise busy[show_id]
            booking = services.cancel_booking(
                user=staff_of(request),
                among=Booking.objects.all(),
                booking_id=booking_id,
                door=Door.ADMIN,
            )
            other_halves.add((order_id, booking.show.plan.seat(seat_number).partner))
            cancelled += 1
        except REFUSALS as error:
            if isinstance(error, OperationalError):
                busy[show_id] = error
            page.message_user(request, f"Booking {booking_id}: {refusal(error)}", messages.ERROR)
    if cancelled:
        page.message_user(request, f"Cancelled: {cancelled}.", messages.SUCCESS)


@admin.register(Show)
class ShowAdmin(TimetableAdmin):
    """The timetable, with the room of each show to work in."""

    change_form_template = "admin/bookings/show.html"
    actions = (*TimetableAdmin.actions, "report")

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"movies_show_{name}")

        return [
            page("<int:show_id>/seats/", require_POST(self.change_seats), "seats"),
            page("<int:show_id>/cancel/", self.cancel_show, "cancel"),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        show = self.get_object(request, object_id) if object_id else None
        context: dict[str, Any] = dict(extra_context or {})
        if show is not None and self.has_view_permission(request, show):
            context |= {
                "show": show,
                "room": room_of(show, with_names=request.user.has_perm("bookings.view_booking")),
                "history": history_of(show) if request.user.has_perm("bookings.view_seatchange") else None,
                **self.offers(request, show),
            }
        return super().changeform_view(request, object_id, form_url, context)

    def offers(self, request: HttpRequest, show: Show) -> dict[str, bool]:
        """Which buttons the page has: those that one may press and that no service would refuse anyway."""
        cancelled, started = show.status == Show.Status.CANCELLED, show.has_started()
        return {
            "may_block": may_block(request) and not cancelled and not started,
            "may_free": may_block(request) and not cancelled,
            "may_cancel": may_cancel(request) and not cancelled and not started,
            "may_cancel_show": self.has_change_permission(request, show)
            and show.status == Show.Status.ON_SALE
            and show.ends_at > now(),
        }

    def change_seats(self, request: HttpRequest, show_id: int) -> HttpResponse:
        """Block, free or cancel the seats that were ticked in the picture."""
        show = Show.objects.filter(pk=show_id).first()
        numbers = {int(seat) for seat in request.POST.getlist("seat") if seat.isdecimal() and len(seat) < 6}
        numbers = {number for number in numbers if show and show.plan.has_seat(number)}
        wish = request.POST.get("wish")
        if not (may_cancel(request) if wish == "cancel" else may_block(request)):
            raise PermissionDenied
        if show is None or not numbers:
            self.message_user(request, "Tick at least one seat first.", messages.WARNING)
        elif wish == "cancel":
            taken = show.bookings.live().filter(seat_number__in=numbers)
            if free := numbers - set(taken.values_list("seat_number", flat=True)):
                text = f"Nobody has booked {show.plan.labels_of(free)}: nothing to cancel there."
                self.message_user(request, text, messages.WARNING)
            cancel_each(self, request, taken)
        else:
            self.block_or_free(request, show, numbers, block=wish == "block")
        return HttpResponseRedirect(reverse("admin:movies_show_change", args=[show_id]))

    def block_or_free(self, request: HttpRequest, show: Show, numbers: set[int], *, block: bool) -> None:
        seats = show.plan.labels_of(numbers)
        try:
            if block:
                reason = request.POST.get("reason", "").replace("\0", "").strip()[:200]
                services.block_seats(
                    staff=staff_of(request), show_id=show.pk, seats=seats, reason=reason, door=Door.ADMIN
                )
            else:
                services.free_seats(staff=staff_of(request), show_id=show.pk, seats=seats, door=Door.ADMIN)
        except REFUSALS as error:
            text = f"{refusal(error)} {seat_by_seat(show, refused(error))}".strip()
            self.message_user(request, text, messages.ERROR)
        else:
            self.message_user(request, f"{'Blocked' if block else 'Freed'}: {seats}.", messages.SUCCESS)

    def cancel_show(self, request: HttpRequest, show_id: int) -> HttpResponse:
        """Ask for the reason; then cancel the show with all its bookings."""
        show = Show.objects.with_details().filter(pk=show_id).first()
        if not self.has_change_permission(request, show):
            raise PermissionDenied
        back = reverse("admin:movies_show_change", args=[show_id])
        if show is None:
            return HttpResponseRedirect(back)
        reason = request.POST.get("reason", "").replace("\0", "").strip()[:200]
        if request.method == "POST" and reason:
            try:
                _, cancelled = services.cancel_show(
                    staff=staff_of(request), show_id=show_id, reason=reason, door=Door.ADMIN
                )
            except REFUSALS as error:
                self.message_user(request, refusal(error), messages.ERROR)
            else:
                self.log_change(request, show, f"Cancelled: {reason}")
                text = f"The show is cancelled, and with it {cancelled} bookings."
                self.message_user(request, text, messages.SUCCESS)
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Cancel the show",
            "show": show,
            "missing": request.method == "POST",
        }
        return render(request, "admin/bookings/cancel_show.html", context)

    @admin.action(description="Occupancy and takings as CSV", permissions=["report"])
    def report(self, request: HttpRequest, selected: ShowQuerySet) -> StreamingHttpResponse:
        return csv_response("occupancy", occupancy_rows(selected))

    def has_report_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("bookings.view_booking")


def room_of(show: Show, *, with_names: bool) -> Room:
    """Return the picture of the show's room, with who has which seat if one may know."""
    live = show.bookings.live().select_related("user")
    notes = {}
    for booking in live if with_names else ():
        who = booking.reason if booking.status == Status.BLOCKED else booking.user.username
        notes[booking.seat_number] = f"booking {booking.pk}: {who}" if who else f"booking {booking.pk}"
    return draw_room(show.plan, {b.seat_number: b.status.lower() for b in live}, notes)


def history_of(show: Show) -> Any:
    """The latest changes of the show's seats, newest first."""
    return show.seat_changes.select_related("actor").order_by("-id")[:30]


def seat_by_seat(show: Show, error: DomainError) -> str:
    """Return which seats stood in the way, and why: "C1 booked, C2 held"."""
    return ", ".join(
        f"{show.plan.seat(seat['seat_number']).label} {seat['reason']}"
        for seat in error.extra.get("seats", ())
    )
