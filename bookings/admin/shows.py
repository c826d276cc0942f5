"""Shows in the Admin: what `movies` shows of them, and their seats."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, path

from bookings import services
from bookings.admin import box_office, cancel_show, moving, people, seating
from bookings.admin.read_only import csv_response
from bookings.exports import occupancy_rows
from bookings.queries import was_sold
from bookings.services.inventory import SeatInventory
from movies.admin import ShowAdmin as CatalogueShowAdmin
from movies.admin import admin_actor, show_log
from movies.models import Show, ShowQuerySet


@admin.register(Show)
class ShowAdmin(CatalogueShowAdmin):
    """The catalogue's pages of shows, with links to the seats of each."""

    change_form_template = "admin/bookings/show_change_form.html"
    actions = (*CatalogueShowAdmin.actions, "report")
    rights: ClassVar = {"report": "bookings.view_reports"}

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), {"page": self}, name=f"movies_show_{name}")

        return [
            page("<int:show_id>/seats/", box_office.seats, "seats"),
            page("<int:show_id>/seats/now/", box_office.seats_now, "seats_now"),
            page("<int:show_id>/cancel/", cancel_show.cancel_show, "cancel"),
            page("<int:show_id>/people/", people.people, "people"),
            page("<int:show_id>/move/", moving.move_show, "move"),
            *super().get_urls(),
        ]

    def lock(self, row: Show) -> Show:
        return SeatInventory.lock(row.pk).show

    def has_sold_seats(self, show: Show) -> bool:
        return was_sold(show)

    def change_show(self, request: HttpRequest, show: Show, fields: dict[str, Any]) -> None:
        services.change_show(show.pk, actor=admin_actor(request), **fields)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What the page says would be deleted: of shows that never sold, no more than the shows."""
        if any(was_sold(show) for show in objs):
            return super().get_deleted_objects(objs, request)
        return [str(show) for show in objs], {"shows": len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Show) -> None:
        services.delete_show(obj.pk, actor=admin_actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        with transaction.atomic():
            for show_id in queryset.order_by("pk").values_list("pk", flat=True):
                services.delete_show(show_id, actor=admin_actor(request))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        show = kwargs.get("obj")
        if show is not None:
            context["offers"] = seating.offers(self, request, show)
            context["may_see_people"] = request.user.has_perm("bookings.view_people", show)
            may_see_log = request.user.has_perm("movies.view_showevent", show)
            # Of a show that sold: what is to be done instead of choosing another screen here.
            context["screen_stays"] = "screen" in context["adminform"].readonly_fields
            context["show_log"] = show_log(show) if may_see_log else None
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description="Occupancy and takings as CSV", permissions=["report"])
    def report(self, request: HttpRequest, selected: ShowQuerySet) -> StreamingHttpResponse:
        return csv_response("occupancy", occupancy_rows(selected))

    def has_report_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("bookings.view_reports")
