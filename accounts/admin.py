"""The Admin pages of users."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import User
from movie_booking.admin import SafeAdmin
from movie_booking.limits import MAX_SEARCH_CHARACTERS

admin.site.site_header = "Movie booking"
admin.site.site_title = "Movie booking"
admin.site.index_title = "Administration"

# What users change by themselves (`me/`), or another member of staff may change meanwhile.
EDITED = ("username", "email", "first_name", "last_name", "is_active", "is_staff", "is_superuser")


# What makes staff of users, and says what they may do. Only superusers write it: whoever might give rights
# could give themselves all of them.
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


class UserForm(UserChangeForm):
    """Sends along what stood in its fields when it was opened, and so knows which of them were touched."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() & set(EDITED):
            sent = self.add_initial_prefix(name) in self.data
            self.fields[name].show_hidden_initial = sent or not self.is_bound


@admin.register(User)
class UserAdmin(SafeAdmin, DjangoUserAdmin):
    form = UserForm
    readonly_fields = ("last_login", "date_joined")
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "is_active", "joined")
    # What is sorted by a column has an index, as is each filter that finds few.
    sortable_by = ("username", "joined")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups", "date_joined")
    search_help_text = "How the user name, e-mail address, first or last name begins."
    # Users have no cinema, so no clock but that of the server.
    fieldsets = (
        *(DjangoUserAdmin.fieldsets or ())[:-2],
        ("Account", {"fields": ("is_active",)}),
        ("Rights beside roles", {"classes": ("collapse",), "fields": RIGHTS}),
        ("Important dates (UTC)", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "email", "usable_password", "password1", "password2"),
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if len(search_term) > MAX_SEARCH_CHARACTERS:
            return queryset.none(), False
        for word in search_term.split():
            queryset = queryset.beginning(word, names=True)
        return queryset, False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_change(request, obj)

    @admin.display(description="Date joined (UTC)", ordering="date_joined")
    def joined(self, user: User) -> str:
        return f"{user.date_joined:%d %b %Y, %H:%M}"

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        # An address that its user changed while the form was open stays.
        touched = [name for name in form.changed_data if name in EDITED] if change else None
        obj.save(update_fields=touched)


def may_change(request: HttpRequest, user: User | None) -> bool:
    """Whether a member of staff who may change users may change this one.

    Staff are changed by superusers and by themselves: with another address or password for them, one would
    log in with their rights.
    """
    is_staff = user is not None and (user.is_staff or user.is_superuser)
    return request.user.is_superuser or not is_staff or user == request.user


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(SafeAdmin, DjangoGroupAdmin):
    """Django's own, which also takes nonsense. Only superusers say what a group may do."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser


# simplejwt's pages show refresh tokens in full, and with one of those a reader can act as its owner.
admin.site.unregister([OutstandingToken, BlacklistedToken])
