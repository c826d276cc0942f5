"""The Admin pages of users."""

from functools import partial
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.forms import AdminPasswordChangeForm as AdminOwnPasswordChangeForm
from django.contrib.auth import authenticate
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm
from django.contrib.auth.models import Group
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts import services
from accounts.attempts import attempt, let_try_again
from accounts.models import PasswordFailures, User
from movie_booking.admin import SafeAdmin
from movie_booking.errors import Busy, TooManyRequests
from movie_booking.limits import is_searchable
from movie_booking.throttling import by_address, refuse_page, throttle


class LoginForm(AdminAuthenticationForm):
    """Django's, which counts wrong passwords as the API does."""

    def clean(self) -> dict[str, Any]:
        username, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if not (username and password and self.request):
            return super().clean()
        request = self.request
        check = partial(authenticate, request, username=username, password=password)
        try:
            throttle(request, {"login": by_address(request)})
            self.user_cache = attempt(username, by_address(request), check)
        except (TooManyRequests, Busy) as error:
            refuse_page(request, error)
            raise ValidationError(error.detail, error.code) from error
        if self.user_cache is None:
            raise self.get_invalid_login_error()
        self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Django's, which counts wrong passwords as the log-in does: whoever sits down at a colleague's desk has
    no more guesses than anybody.
    """

    request: HttpRequest

    def clean_old_password(self) -> str:
        typed: str = self.cleaned_data["old_password"]
        check = partial(self.user.check_password, typed)
        try:
            is_right = attempt(self.user.get_username(), by_address(self.request), check)
        except (TooManyRequests, Busy) as error:
            refuse_page(self.request, error)
            raise ValidationError(error.detail, error.code) from error
        if not is_right:
            raise ValidationError(self.error_messages["password_incorrect"], "password_incorrect")
        return typed

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        services.follow_password_change(user)
        return user


class OwnPasswordView(PasswordChangeView):
    form_class = OwnPasswordForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.request = self.request
        return form


def change_own_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """As the site of Django's Admin has it, with the form above."""
    context = {**admin.site.each_context(request), **(extra_context or {})}
    done = reverse("admin:password_change_done")
    page = OwnPasswordView.as_view(success_url=done, extra_context=context)(request)
    return cast("HttpResponse", page)


admin.site.login_form = LoginForm
admin.site.password_change = change_own_password  # type: ignore[method-assign, assignment]
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


class PasswordForm(AdminPasswordChangeForm):
    """Ends the log-ins of the user and tells them, also where passwords are switched off: Django does not."""

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        services.follow_password_change(user)
        return user


@admin.register(User)
class UserAdmin(SafeAdmin, DjangoUserAdmin):
    form = UserForm
    change_password_form = PasswordForm
    readonly_fields = ("last_login", "date_joined", "email_verified_at", "closed_at")
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
        ("Important dates (UTC)", {"fields": readonly_fields}),
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
        if not is_searchable(search_term):
            return queryset.none(), False
        for word in search_term.split():
            queryset = queryset.beginning(word, names=True)
        return queryset, False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        is_closed = obj is not None and obj.closed_at is not None  # nobody's, for good
        return super().has_change_permission(request, obj) and may_change(request, obj) and not is_closed

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_change(request, obj)

    @admin.display(description="Date joined (UTC)", ordering="date_joined")
    def joined(self, user: User) -> str:
        return f"{user.date_joined:%d %b %Y, %H:%M}"

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        # An address that its user changed while the form was open stays.
        touched = [name for name in form.changed_data if name in EDITED] if change else None
        if touched is not None and "email" in touched:
            obj.email_verified_at = None
            touched.append("email_verified_at")
        obj.save(update_fields=touched)


class LockedFilter(admin.SimpleListFilter):
    """Those from whom no password is looked at now."""

    title = "locked"
    parameter_name = "locked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.locked() if self.value() == "yes" else queryset


@admin.register(PasswordFailures)
class PasswordFailuresAdmin(SafeAdmin):
    """Whose passwords are guessed, and from where."""

    list_display = ("account", "where", "failures", "is_locked", "until")
    list_display_links = None
    list_filter = (LockedFilter,)
    search_fields = ("account__startswith", "network__startswith")
    search_help_text = "How the user name or the address begins."
    ordering = ("-until",)
    sortable_by = ("until",)
    actions = ("unlock",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PasswordFailures]:
        return super().get_queryset(request).filter(until__gt=timezone.now())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: each for name, each in super().get_actions(request).items() if name == "unlock"}

    @admin.display(description="Address")
    def where(self, failures: PasswordFailures) -> str:
        return failures.network or "all within the hour"

    @admin.display(description="Locked", boolean=True)
    def is_locked(self, failures: PasswordFailures) -> bool:
        return failures.is_locked

    @admin.action(description="Unlock: forget the wrong passwords", permissions=["delete"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[PasswordFailures]) -> None:
        self.message_user(request, f"Forgotten: {let_try_again(queryset)}.")


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
