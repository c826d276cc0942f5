"""Today's shows on the first page of the Admin: one click from the seats of tonight's."""

from typing import Any, cast

from django import template
from django.contrib import admin
from django.http import HttpRequest
from django.template import Context
from django.utils.timezone import now

from movies.models import Show, ShowQuerySet

# More than a large cinema has in an evening. A chain's others are found in the list of shows.
MOST = 40

register = template.Library()


@register.inclusion_tag("admin/bookings/shows_today.html", takes_context=True)
def shows_today(context: Context) -> dict[str, Any]:
    """Shows on sale in the reader's cinemas that start today, by the clock of each, and are not over."""
    request: HttpRequest = context["request"]
    page = admin.site.get_model_admin(Show)
    if not page.has_view_permission(request):
        return {}
    shows = cast("ShowQuerySet", page.get_queryset(request))
    today = shows.with_details().defer("seat_plan").on_local_date()
    coming = today.filter(status=Show.Status.ON_SALE, ends_at__gt=now()).order_by("starts_at", "pk")
    found = list(coming[: MOST + 1])
    by_cinema = sorted(found[:MOST], key=lambda show: show.screen.cinema.name)
    return {"shows": by_cinema, "are_more": len(found) > MOST, "may_look": True}
