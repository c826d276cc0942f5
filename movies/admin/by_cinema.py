"""Pages of the Admin of what belongs to a cinema: staff find and change what is theirs."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_permission_codename
from django.http import HttpRequest, HttpResponse

from movie_booking.limits import parse_id
from movies.access import cinema_lookup, rows_with
from movies.models import Cinema, Screen


class RightsByCinema:
    """The rights on a model, each asked for with the row: for an inline, with the row of its page."""

    opts: Any
    # The right that a verb takes which is none of Django's: of an action, by its `permissions`.
    rights: ClassVar[Mapping[str, str]] = {}

    def right(self, verb: str) -> str:
        """Return the permission that a verb takes: "movies.change_show"."""
        return self.rights.get(verb) or f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}"

    def _may(self, request: HttpRequest, obj: Any, *verbs: str) -> bool:
        return obj is None or any(request.user.has_perm(self.right(verb), obj) for verb in verbs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        above: Any = super()
        return above.has_view_permission(request, obj) and self._may(request, obj, "view", "change")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        above: Any = super()
        return above.has_change_permission(request, obj) and self._may(request, obj, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        above: Any = super()
        return above.has_delete_permission(request, obj) and self._may(request, obj, "delete")


class InlineByCinema(RightsByCinema):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        above: Any = super()
        return above.has_add_permission(request, obj) and self._may(request, obj, "add")


class ByCinema(RightsByCinema):
    """A model admin: rows of cinemas where its reader may look at none are not there, nor such choices."""

    def get_queryset(self, request: HttpRequest) -> Any:
        above: Any = super()
        return rows_with(above.get_queryset(request), request.user, self.right("view"), self.right("change"))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if cinema_lookup(db_field.related_model):
            is_there = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
            right = self.right("change" if is_there else "add")
            kwargs["queryset"] = rows_with(db_field.related_model.objects.all(), request.user, right)
        above: Any = super()
        return above.formfield_for_foreignkey(db_field, request, **kwargs)

    def response_action(self, request: HttpRequest, queryset: Any, **place: Any) -> HttpResponse | None:
        """Do what was chosen with those of the ticked rows where its reader may."""
        above: Any = super()
        ids = [parse_id(text) for text in request.POST.getlist(ACTION_CHECKBOX_NAME)]
        allowed = queryset if None in ids else self._allowed(request, queryset)
        if allowed is not queryset:
            across = request.POST.get("select_across") == "1"
            ticked = queryset if across else queryset.filter(pk__in=ids)
            if others := ticked.exclude(pk__in=allowed.values("pk")).count():
                text = f"Left alone, as you may not do this in their cinemas: {others}."
                admin_page: Any = self
                admin_page.message_user(request, text, messages.WARNING)
        return above.response_action(request, allowed, **place)

    def _allowed(self, request: HttpRequest, rows: Any) -> Any:
        admin_page: Any = self
        names = request.POST.getlist("action")
        which = parse_id(request.POST.get("index", "0")) or 0
        chosen = admin_page.get_actions(request).get(names[which] if which < len(names) else "")
        for verb in getattr(chosen[0], "allowed_permissions", ()) if chosen else ():
            rows = rows_with(rows, request.user, self.right(verb))
        return rows


class CinemaChoice(admin.RelatedFieldListFilter):
    """Cinemas of which the list may have rows."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        cinemas = rows_with(
            Cinema.objects.all(), request.user, model_admin.right("view"), model_admin.right("change")
        )
        return list(cinemas.values_list("pk", "name"))


class ScreenChoice(admin.RelatedFieldListFilter):
    """The same of screens, with their cinemas, in one query."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        screens = rows_with(
            Screen.objects.select_related("cinema"),
            request.user,
            model_admin.right("view"),
            model_admin.right("change"),
        )
        return [(screen.pk, str(screen)) for screen in screens]
