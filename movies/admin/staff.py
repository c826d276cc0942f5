"""Users with their roles: superusers give a colleague one by choosing it and cinemas, on the user's page."""

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from accounts.admin import RIGHTS
from accounts.admin import GroupAdmin as AccountsGroupAdmin
from accounts.admin import UserAdmin as AccountsUserAdmin
from accounts.models import User
from movies import services
from movies.admin.audited import Audited, admin_actor
from movies.models import StaffRole


class StaffRoleForm(forms.ModelForm):
    """A role, and where."""

    class Meta:
        model = StaffRole
        fields = ("role", "all_cinemas", "cinemas")
        widgets = {"cinemas": forms.CheckboxSelectMultiple}
        help_texts = {"all_cinemas": "Those to come too."}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("all_cinemas"):
            data["cinemas"] = []
        elif "cinemas" in data and not data["cinemas"]:
            raise ValidationError({"cinemas": "Tick all cinemas, or those where the user has the role."})
        return data


class StaffRoleFormSet(BaseInlineFormSet):
    """The roles of a user. A request that says nothing of roles leaves them as they are."""

    def __init__(self, data: Any = None, *, prefix: str | None = None, **kwargs: Any) -> None:
        prefix = prefix or self.get_default_prefix()
        if data is not None and f"{prefix}-TOTAL_FORMS" not in data:
            data = {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
        super().__init__(data, prefix=prefix, **kwargs)


class StaffRoleInline(admin.StackedInline):
    model = StaffRole
    form = StaffRoleForm
    formset = StaffRoleFormSet
    radio_fields = {"role": admin.VERTICAL}
    verbose_name_plural = "roles"
    extra = 1

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the buttons beside a choice: groups and cinemas have pages of their own."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return request.user.is_superuser


admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(Audited, AccountsUserAdmin):
    """The page of a user, with their roles: `is_staff` follows from them."""

    inlines = (StaffRoleInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        with services.changing_roles(form.instance, actor=admin_actor(request)):
            super().save_related(request, form, formsets, change)

    def changes_of(self, form: Any, formsets: Iterable[Any]) -> Iterator[tuple[str, tuple[str, str]]]:
        """Of rights, from what to what. Names and addresses are not kept; roles have their own line."""
        labels = {str(form[name].label) for name in ("is_active", *RIGHTS) if name in form.fields}
        return ((name, pair) for name, pair in super().changes_of(form, ()) if name in labels)


@admin.register(Group)
class GroupAdmin(Audited, AccountsGroupAdmin):
    """A change of what a group may do is in the log."""
