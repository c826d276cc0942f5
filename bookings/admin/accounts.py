"""Users in the Admin: what `accounts` shows of them, and closing an account."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from accounts.models import User
from bookings import services
from movie_booking.admin import REFUSALS, refusal
from movies.admin import UserAdmin as BareUserAdmin

admin.site.unregister(User)


@admin.register(User)
class UserAdmin(BareUserAdmin):
    change_form_template = "admin/bookings/user_change_form.html"

    class Media:
        css: ClassVar = {"all": ["movies/seat_chart.css"]}  # which has the Admin's red buttons, too

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.close_view)
        return [path("<int:user_id>/close/", view, name="accounts_user_close"), *super().get_urls()]

    def close_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Ask; then close the account."""
        user = User.objects.filter(pk=user_id).first()
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user is None:
            return HttpResponseRedirect(reverse("admin:accounts_user_changelist"))
        if request.method == "POST":
            return self._close(request, user)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Close the account",
            "account": user,
        }
        return render(request, "admin/bookings/close_account.html", context)

    def _close(self, request: HttpRequest, user: User) -> HttpResponse:
        try:
            closed = services.close_account(user)
        except REFUSALS as error:
            orders = ", ".join(getattr(error, "extra", {}).get("orders", ()))
            self.message_user(request, f"{refusal(error)} {orders}".strip(), messages.ERROR)
        else:
            self.log_change(request, closed, "Closed the account.")
            self.message_user(request, "The account is closed.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[user.pk]))
