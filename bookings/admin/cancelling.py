"""Giving seats back at the box office: the page that says what it will bring, and what it brought."""

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from bookings import services
from bookings.admin.read_only import may_see_people
from bookings.admin.seat_states import live_bookings, note_of
from bookings.models import Booking, Status
from bookings.refunds import NOTHING
from movie_booking.admin import ServiceAdmin
from movies.admin import admin_actor
from movies.models import Show

CHANGED = "What comes back has changed since this page was opened. Look at it again."


class Refund(NamedTuple):
    """One seat that would be given back."""

    booking: Booking
    label: str
    note: str
    percent: int
    amount: Decimal


def cancel_seats(
    page: ServiceAdmin,
    request: HttpRequest,
    show: Show,
    numbers: Collection[int],
    booking_ids: Collection[int],
    *,
    is_confirmed: bool,
    leave: bool,
) -> HttpResponse:
    """Ask, with what it would bring, before these bookings are cancelled; do it once that was seen.

    Raises what `services.cancel_seats` refuses with.
    """
    quote = services.quote_seats(show, booking_ids, leave_single_seat=leave)
    back = HttpResponseRedirect(reverse("admin:movies_show_seats", args=[show.pk]))
    if not quote.refunds:
        _tell_what_was_cancelled(page, request, show, numbers, [])
        return back
    seen = {str(booking.pk) for booking, _, _ in quote.refunds} == set(request.POST.getlist("seen"))
    if is_confirmed and seen and request.POST.get("refund") == str(quote.total):
        cancelled = services.cancel_seats(
            show.pk, booking_ids, actor=admin_actor(request), leave_single_seat=leave
        )
        _tell_what_was_cancelled(page, request, show, numbers, cancelled)
        return back
    names = may_see_people(request, show)
    notes = {booking.pk: note_of(booking) for booking in live_bookings(show)} if names else {}
    refunds = [
        Refund(booking, show.seat_label(booking.seat_number), notes.get(booking.pk, ""), percent, amount)
        for booking, percent, amount in quote.refunds
    ]
    kept = {name: texts for name, texts in request.POST.lists() if not name.startswith("_")}
    for name in ("csrfmiddlewaretoken", "seen", "refund"):
        kept.pop(name, None)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": "Cancel bookings",
        "show": show,
        "refunds": refunds,
        "total": quote.total,
        "currency": settings.CURRENCY,
        "kept": [(name, text) for name, texts in kept.items() for text in texts],
        "problem": CHANGED if is_confirmed else "",
    }
    return render(request, "admin/bookings/cancel_seats.html", context)


def _tell_what_was_cancelled(
    page: ServiceAdmin, request: HttpRequest, show: Show, numbers: Collection[int], cancelled: list[Booking]
) -> None:
    others = set(numbers) - {booking.seat_number for booking in cancelled}
    sold = {booking.seat_number for booking in live_bookings(show) if booking.status != Status.BLOCKED}
    if anew := others & sold:
        text = f"Taken anew since this page was opened, and left alone: {show.plan.labels_of(anew)}."
        page.message_user(request, text, messages.WARNING)
    if without := others - sold:
        text = f"No customer has {show.plan.labels_of(without)}: nothing to cancel there."
        page.message_user(request, text, messages.WARNING)
    if cancelled:
        amount = sum((booking.refund_amount or NOTHING for booking in cancelled), NOTHING)
        text = f"Cancelled: {len(cancelled)}. To give back: {amount} {settings.CURRENCY}."
        page.message_user(request, text, messages.SUCCESS)
