"""The seats of a show, to work on: blocked, released or given back as they are ticked.

Plain Admin views, linked from the page of the show.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from bookings import services
from bookings.admin.bookings import may_cancel
from bookings.admin.moving import may_move
from bookings.admin.read_only import admin_actor, may_see_people, show_to_see
from bookings.models import Booking, BookingEvent, Status
from bookings.queries import seat_labels_then
from movie_booking.admin import REFUSALS, ServiceAdmin, refusal, refused
from movie_booking.errors import DomainError
from movies.models import Show
from movies.seat_chart import SeatChart, seat_chart

RECENT_EVENTS = 30
# Why a seat is refused, where the API says so by a code that is no word.
REASONS = {
    "left_single": "would be left single",
    "other_half": "is the other half of a sofa",
    "no_wheelchair_space": "goes with a wheelchair space",
}


class SeatActionForm(forms.Form):
    """Ticked seats of a show, and what is to be done with them: the name of the button that was pressed.

    `shown` says which booking the page showed on each seat that was not free: only these are worked on.
    """

    seat = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": "Tick at least one seat first."}
    )
    reason = forms.CharField(max_length=200, required=False)
    shown = forms.JSONField(
        required=False, error_messages={"invalid": "This page cannot be read. Please open it anew."}
    )
    leave_single_seat = forms.BooleanField(required=False)

    def __init__(self, *args: Any, show: Show, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seats: Any = self.fields["seat"]
        seats.choices = [(seat.number, seat.label) for seat in show.plan.seats]

    def clean_shown(self) -> dict[int, int] | None:
        shown = self.cleaned_data["shown"]
        if shown is None:
            return None
        try:
            return {int(number): int(booking_id) for number, booking_id in shown.items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise forms.ValidationError(self.fields["shown"].error_messages["invalid"]) from error

    @property
    def ticked(self) -> set[str]:
        """What was ticked, to be drawn again."""
        return set(self.data.getlist("seat")) if self.is_bound else set()  # type: ignore[attr-defined]


class Offers(NamedTuple):
    """What the page of a show offers: what its reader may do and no service would refuse anyway."""

    block: bool
    release: bool
    cancel: bool
    cancel_show: bool
    move: bool


def offers(page: ServiceAdmin, request: HttpRequest, show: Show) -> Offers:
    may_block = request.user.has_perm("bookings.block_seats", show)
    cancelled, started = show.status == Show.Status.CANCELLED, show.has_started()
    return Offers(
        block=may_block and not cancelled and not started,
        release=may_block and not cancelled,
        cancel=may_cancel(request, show) and not cancelled and not started,
        cancel_show=page.has_change_permission(request, show)
        and show.status == Show.Status.ON_SALE
        and not show.has_ended(),
        move=may_move(request, show),
    )


def seats(request: HttpRequest, show_id: int, page: ServiceAdmin) -> HttpResponse:
    """The seats of a show with who has which, and the form that works on those that are ticked."""
    show = show_to_see(request, show_id)
    if not page.has_view_permission(request, show):
        raise PermissionDenied
    if show is None:
        return HttpResponseRedirect(reverse("admin:movies_show_changelist"))
    form = SeatActionForm(request.POST if request.method == "POST" else None, show=show)
    if form.is_bound and _was_done(page, request, show, form):
        return HttpResponseRedirect(reverse("admin:movies_show_seats", args=[show_id]))
    live = live_bookings(show)
    may_see_events = request.user.has_perm("bookings.view_bookingevent", show)
    return render(
        request,
        "admin/bookings/seats.html",
        {
            **page.admin_site.each_context(request),
            "opts": page.opts,
            "title": "Seats",
            "media": page.media,
            "show": show,
            "form": form,
            "chart": show_chart(show, live, with_names=may_see_people(request, show)),
            "shown": json.dumps({booking.seat_number: booking.pk for booking in live}),
            "offers": offers(page, request, show),
            "events": recent_events(show) if may_see_events else None,
        },
    )


def _was_done(page: ServiceAdmin, request: HttpRequest, show: Show, form: SeatActionForm) -> bool:
    """Do what the pressed button says. A refusal is a message, and the form keeps what was typed."""
    action = next((name for name in ("_block", "_release", "_cancel") if name in request.POST), None)
    if action is None or not request.user.has_perm(
        "bookings.change_booking" if action == "_cancel" else "bookings.block_seats", show
    ):
        raise PermissionDenied
    if not form.is_valid():
        for error in form.errors.values():
            page.message_user(request, " ".join(map(str, error)), messages.WARNING)
        return False
    numbers, actor = form.cleaned_data["seat"], admin_actor(request)
    leave = form.cleaned_data["leave_single_seat"] and request.user.has_perm("bookings.block_seats", show)
    labels = show.plan.labels_of(numbers)
    shown = form.cleaned_data["shown"]
    if shown is None:
        shown = {booking.seat_number: booking.pk for booking in live_bookings(show)}
    booking_ids = {shown[number] for number in numbers if number in shown}
    try:
        match action:
            case "_block":
                services.block_seats(
                    show.pk,
                    labels,
                    actor=actor,
                    reason=form.cleaned_data["reason"],
                    leave_single_seat=leave,
                )
                page.message_user(request, f"Blocked: {labels}.", messages.SUCCESS)
            case "_release":
                services.release_seats(
                    show.pk, labels, actor=actor, booking_ids=booking_ids, leave_single_seat=leave
                )
                page.message_user(request, f"Released: {labels}.", messages.SUCCESS)
            case "_cancel":
                cancelled = services.cancel_seats(show.pk, booking_ids, actor=actor, leave_single_seat=leave)
                _tell_what_was_cancelled(page, request, show, numbers, cancelled)
    except REFUSALS as error:
        text = f"{refusal(error)} {seat_by_seat(show, refused(error))}".strip()
        page.message_user(request, text, messages.ERROR)
        return False
    return True


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
        page.message_user(request, f"Cancelled: {len(cancelled)}.", messages.SUCCESS)


def live_bookings(show: Show) -> list[Booking]:
    """Who has which seat now."""
    return list(Booking.objects.live().filter(show=show).select_related("order__user", "order__guest"))


def show_chart(show: Show, live: Sequence[Booking], *, with_names: bool) -> SeatChart:
    """Return the seat chart of the show, with who has which seat if the reader may know."""
    notes = {}
    for booking in live if with_names else ():
        who = booking.reason if booking.status == Status.BLOCKED else booking.order.customer_name
        notes[booking.seat_number] = f"booking {booking.pk}: {who}" if who else f"booking {booking.pk}"
    return seat_chart(show.plan, {b.seat_number: b.status.lower() for b in live}, notes)


def recent_events(show: Show) -> Any:
    """The latest changes of the show's seats, newest first."""
    newest = BookingEvent.objects.filter(show=show).select_related("actor").order_by("-id")
    events = list(newest[:RECENT_EVENTS])
    return list(zip(events, seat_labels_then(show, events), strict=True))


def seat_by_seat(show: Show, error: DomainError) -> str:
    """Return which seats were refused, and why: "C1 booked, C2 held"; and what might be done instead."""
    text = ", ".join(
        f"{show.plan.seat(seat['seat_number']).label} {REASONS.get(seat['reason'], seat['reason'])}"
        for seat in error.extra.get("seats", ())
    )
    if instead := error.extra.get("instead"):
        text += f". Instead: {' or '.join(map(show.plan.labels_of, instead))}."
    return text
