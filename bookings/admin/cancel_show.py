"""The page on which a show is cancelled: what that brings, and to whom, is said before."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils.html import format_html

from bookings import services
from bookings.admin.people import people_of
from bookings.admin.read_only import show_to_see
from movie_booking.admin import REFUSALS, ServiceAdmin, refusal
from movies.admin import admin_actor
from movies.models import Show


class CancelShowForm(forms.Form):
    reason = forms.CharField(
        label="Reason, as customers are told",
        max_length=200,
        widget=forms.TextInput({"class": "vTextField"}),
        error_messages={"required": "Customers will ask why: give a reason."},
    )


def cancel_show(request: HttpRequest, show_id: int, page: ServiceAdmin) -> HttpResponse:
    """Say what cancelling the show brings, and ask for the reason; then cancel it with all its bookings."""
    show = show_to_see(request, show_id)
    if not page.has_change_permission(request, show):
        raise PermissionDenied
    if show is None:
        return HttpResponseRedirect(reverse("admin:movies_show_changelist"))
    back = reverse("admin:movies_show_change", args=[show_id])
    form = CancelShowForm(request.POST if request.method == "POST" else None)
    alert = ""
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            _, cancelled = services.cancel_show(show_id, actor=admin_actor(request), reason=reason)
        except REFUSALS as error:
            alert = refusal(error)
            show.refresh_from_db(fields=["status"])
        else:
            page.log_change(request, show, f"Cancelled: {reason}")
            text = f"The show is cancelled, and with it {cancelled} booking{pluralize(cancelled)}."
            if cancelled and request.user.has_perm("bookings.view_people", show):
                people = reverse("admin:movies_show_people", args=[show_id])
                text = format_html('{} <a href="{}">Whom to tell</a>', text, people)
            page.message_user(request, text, messages.SUCCESS)
            return HttpResponseRedirect(back)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "media": page.media,
        "title": "Cancel the show",
        "show": show,
        "zone": show.screen.cinema.zone,
        "people": people_of(show),
        "currency": settings.CURRENCY,
        "form": form,
        "alert": alert,
        "is_on_sale": show.status == Show.Status.ON_SALE,
    }
    return render(request, "admin/bookings/cancel_show.html", context)
