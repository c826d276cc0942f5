"""Orders: the list, in which a search that finds one leads to it, and the pages of one."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.timezone import now

from bookings.admin import order_cancel, order_exchange, order_page
from bookings.admin.bookings import BookingStatusFilter
from bookings.admin.hoarding import HoardingFilter
from bookings.admin.read_only import CreatedDays, ReadOnlyAdmin, ShowDays
from bookings.admin.search import MAX_FOUND, SEARCH_HELP, find
from bookings.models import Order
from bookings.queries import order_summary
from movies.admin import CinemaChoice


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("reference", "status", "seats", "film", "starts", "customer", "seller", "total")
    list_filter = (
        BookingStatusFilter,
        HoardingFilter,
        ("show__cinema", CinemaChoice),
        ShowDays,
        CreatedDays,
    )
    list_select_related = ("user", "guest", "sold_by", "machine", "show__movie", "show__screen__cinema")
    search_fields = ("reference",)  # any, so that there is a field to search with: see `matching`
    search_help_text = SEARCH_HELP
    moment = "created_at"

    class Media:
        css: ClassVar = {"all": ["bookings/order.css"]}

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(
                f"<str:order_id>/{route}/",
                self.admin_site.admin_view(view),
                {"page": self},
                name=f"bookings_order_{name}",
            )

        return [
            page("cancel", order_cancel.cancel_page, "cancel"),
            page("exchange", order_exchange.exchange_page, "exchange"),
            page("move", order_exchange.move_page, "move"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("bookings")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; or the one order that was searched for, if it is one."""
        response: Any = super().changelist_view(request, extra_context)
        changes = getattr(response, "context_data", None) and response.context_data.get("cl")
        if changes and set(request.GET) == {SEARCH_VAR} and changes.query and len(changes.result_list) == 1:
            return HttpResponseRedirect(order_page.address_of(changes.result_list[0]))
        result: HttpResponse = response
        return result

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return order_page.order_page(request, object_id, self)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = find(term)
        if found.is_cut_off:
            text = f"More than {MAX_FOUND} customers or orders begin so: type on, to find one of the others."
            self.message_user(request, text, messages.WARNING)
        return queryset.filter(found.as_orders), False

    def matching(self, term: str) -> Q:
        return find(term).as_orders

    @admin.display(description="Customer", ordering="user__username")
    def customer(self, order: Order) -> str:
        return (order.user and order.user.get_full_name()) or order.customer_name

    @admin.display(description="Sold by")
    def seller(self, order: Order) -> str:
        return order.seller or "-"

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
