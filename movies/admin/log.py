"""The log as superusers read it: what was changed of the catalogue, of prices and of rights."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import BigIntegerField, Case, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from accounts.models import User
from movie_booking.admin import SafeAdmin
from movie_booking.limits import parse_id
from movies.models import AuditEvent

# As much of a text as a list shows; a seat plan may have 5,000 characters.
SHOWN = 200


class KindFilter(admin.SimpleListFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = ("movies.movie", "movies.cinema", "movies.screen", "movies.show", "movies.genre")
        return [(name, kind_of(name)) for name in (*names, "accounts.user", "auth.group")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(model=self.value()) if self.value() else queryset


def kind_of(model: str) -> str:
    try:
        return str(capfirst(apps.get_model(model)._meta.verbose_name))
    except LookupError:  # of a model that is no more
        return model


@admin.register(AuditEvent)
class AuditEventAdmin(SafeAdmin):
    """For superusers, and for nobody to change."""

    list_display = ("when", "who", "channel", "action", "kind", "what", "told")
    list_display_links = None
    list_filter = ("channel", "action", KindFilter, "at")
    list_select_related = ("actor",)
    sortable_by = ()
    search_fields = ("row_id",)  # any, so that there is a field to search with
    search_help_text = "Number of the movie, cinema, screen, show, user or group."

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        users = User.objects.filter(pk=Cast(OuterRef("row_id"), BigIntegerField())).values("username")[:1]
        username = Case(When(model=User._meta.label_lower, then=Subquery(users)), default=None)
        return super().get_queryset(request).annotate(username=username)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return queryset.filter(row_id=str(parse_id(term) or "")) if term else queryset, False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="When (UTC)")
    def when(self, event: AuditEvent) -> str:
        return f"{event.at:%d %b %Y, %H:%M:%S}"

    @admin.display(description="Who")
    def who(self, event: AuditEvent) -> str:
        return event.actor.username if event.actor else "-"

    @admin.display(description="Kind")
    def kind(self, event: AuditEvent) -> str:
        return kind_of(event.model)

    @admin.display(description="What")
    def what(self, event: Any) -> str:
        return f"{event.username or event.row} (no. {event.row_id})"

    @admin.display(description="From what to what")
    def told(self, event: AuditEvent) -> SafeString:
        lines = (
            (name, before[:SHOWN] or "empty", after[:SHOWN] or "empty")
            for name, (before, after) in event.changes.items()
        )
        changes = format_html_join("", "{}: {} → {}<br>", lines)
        return format_html("{}{}", changes, event.note)
