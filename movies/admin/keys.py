"""The keys of machines: made, shown once, and revoked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.cache import add_never_cache_headers

from movie_booking.admin import ServiceAdmin
from movies import services
from movies.admin.audited import Audited
from movies.models import MachineKey
from movies.models.keys import SCOPES


class MachineKeyForm(forms.ModelForm):
    """A key is for all cinemas or for those that are named: for neither it would open nothing."""

    class Meta:
        model = MachineKey
        fields = ("owner", "reads_catalogue", "sells", "looks_up", "all_cinemas", "cinemas", "rate")
        widgets = {"cinemas": forms.CheckboxSelectMultiple}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("all_cinemas")) == bool(data.get("cinemas")):
            raise ValidationError({"cinemas": "Choose some cinemas, or all of them, but not both."})
        return data


@admin.register(MachineKey)
class MachineKeyAdmin(Audited, ServiceAdmin):
    form = MachineKeyForm
    list_display = ("owner", "prefix", "purposes", "where", "limit", "last_used_at", "is_good")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("owner", "prefix")
    readonly_fields = ("prefix", "created_at", "created_by", "last_used_at", "revoked_at")
    fieldsets = (
        (None, {"fields": ("owner", "rate")}),
        ("What it is for", {"fields": ("reads_catalogue", "sells", "looks_up")}),
        ("Where", {"fields": ("all_cinemas", "cinemas")}),
    )
    made = ("Key (UTC)", {"fields": readonly_fields})
    change_form_template = "admin/movies/machinekey/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("created_by").prefetch_related("cinemas")

    def get_fieldsets(self, request: HttpRequest, obj: MachineKey | None = None) -> Any:
        return (*self.fieldsets, self.made) if obj else self.fieldsets

    def has_delete_permission(self, request: HttpRequest, obj: MachineKey | None = None) -> bool:
        """What was sold with a key names it for ever."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: MachineKey | None = None) -> bool:
        is_revoked = obj is not None and obj.revoked_at is not None
        return not is_revoked and super().has_change_permission(request, obj)

    @admin.display(description="For")
    def purposes(self, key: MachineKey) -> str:
        return ", ".join(
            scope.value.replace("_", " ") for name, scope in SCOPES.items() if getattr(key, name)
        )

    @admin.display(description="Cinemas")
    def where(self, key: MachineKey) -> str:
        return "all" if key.all_cinemas else ", ".join(cinema.name for cinema in key.cinemas.all())

    def note_of(self, added: MachineKey) -> str:
        return f"Cinemas: {self.where(added)}."

    @admin.display(description="Limit")
    def limit(self, key: MachineKey) -> str:
        return key.rate or "as in the settings"

    @admin.display(description="Good", boolean=True)
    def is_good(self, key: MachineKey) -> bool:
        return key.revoked_at is None

    def save_model(self, request: HttpRequest, obj: MachineKey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            form.made = services.make_key(obj, maker=request.user)  # type: ignore[arg-type]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.made = getattr(form, "made", "")

    def response_add(
        self, request: HttpRequest, obj: MachineKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key in the answer itself: a message of the Admin would put it into a cookie."""
        shown = self.page(request, "The key was made", key=obj, secret=obj.made)  # type: ignore[attr-defined]
        add_never_cache_headers(shown)
        return shown

    def get_urls(self) -> list[URLPattern]:
        revoke = path(
            "<int:key_id>/revoke/", self.admin_site.admin_view(self.revoke), name="movies_machinekey_revoke"
        )
        return [revoke, *super().get_urls()]

    def revoke(self, request: HttpRequest, key_id: int) -> HttpResponse:
        """Ask, and then revoke the key."""
        key = self.get_object(request, str(key_id))
        if key is None or not self.has_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self.page(request, "Revoke the key?", key=key)
        with transaction.atomic():
            if services.revoke_key(key):
                self.log_change(request, key, "Revoked.")
        self.message_user(request, f"The key of {key.owner} is revoked.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:movies_machinekey_change", args=[key_id]))

    def page(self, request: HttpRequest, title: str, **context: Any) -> HttpResponse:
        page = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context}
        return render(request, "admin/movies/machinekey/page.html", page)
