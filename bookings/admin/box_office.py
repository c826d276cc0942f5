"""The seats of a show as a box office: sold, held, blocked, freed or given back as they are chosen.

A plain Admin view, linked from the page of the show, and what its script asks for to keep up to date.
"""

import json
from collections.abc import Collection
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.timezone import now

from bookings import services
from bookings.admin import cancelling
from bookings.admin.box_office_form import NO_SEATS, BoxOfficeForm, hold_choices
from bookings.admin.clock import LOCAL_TIME
from bookings.admin.read_only import show_to_see
from bookings.admin.seat_states import (
    live_bookings,
    prices_in_words,
    seats_as_json,
    show_chart,
    taken_seats,
)
from bookings.admin.seating import offers, recent_events, seat_by_seat
from bookings.errors import SeatTaken
from bookings.models import Booking, Order
from bookings.models.references import read_out
from bookings.queries import order_summary
from bookings.seating.best_available import best_available
from bookings.services import GuestDetails, SeatChoice
from movie_booking.admin import REFUSALS, ServiceAdmin, refusal, refused
from movies.admin import admin_actor, by_cinema_clock
from movies.models import Show
from movies.seat_plan import SeatKind

# The buttons, and what each takes.
SELL, HOLD, FIND, TOTAL = "_sell", "_hold", "_find", "_total"
BLOCK, RELEASE, CANCEL, CANCEL_NOW, BACK = "_block", "_release", "_cancel", "_cancel_now", "_back"
RIGHTS = {
    SELL: "bookings.sell_seats",
    HOLD: "bookings.sell_seats",
    FIND: "bookings.sell_seats",
    TOTAL: "bookings.sell_seats",
    BLOCK: "bookings.block_seats",
    RELEASE: "bookings.block_seats",
    CANCEL: "bookings.change_booking",
    CANCEL_NOW: "bookings.change_booking",
    BACK: "movies.view_show",
}
# Under which button a refusal is shown.
PLACES = {
    SELL: "sale",
    HOLD: "hold",
    FIND: "find",
    BLOCK: "house",
    RELEASE: "house",
    CANCEL: "cancel",
    CANCEL_NOW: "cancel",
}
# How many sales a session remembers, so that one that is sent again is not sold again.
REMEMBERED = 20
SESSION_KEY = "box_office_sales"


class Problem(NamedTuple):
    """Why nothing was done: shown under the button that was pressed, and on the seats."""

    place: str
    text: str
    seats: Collection[int] = ()
    lost: Collection[int] = ()  # seats that are no longer chosen, as others have them


def seats(request: HttpRequest, show_id: int, page: ServiceAdmin) -> HttpResponse:
    """The seats of a show with who has which, and the form that works on those that are chosen."""
    show = visible_show(page, request, show_id)
    if show is None:
        return HttpResponseRedirect(reverse("admin:movies_show_changelist"))
    form, problem, found = BoxOfficeForm(show=show), None, None
    if request.method == "POST":
        form = BoxOfficeForm(request.POST, show=show)
        done = _answer(page, request, show, form)
        if isinstance(done, HttpResponse):
            return done
        problem, found = (done, None) if isinstance(done, Problem) else (None, done)
        show.refresh_from_db(fields=["live_seats", "seats_version"])
    live = live_bookings(show)
    taken = taken_seats(request, show, live)
    ticked = form.ticked if found is None else set(found)
    if problem:
        ticked -= set(problem.lost)
    offered = offers(page, request, show)
    context = {
        **page.admin_site.each_context(request),
        "is_nav_sidebar_enabled": False,  # the map needs its place
        "opts": page.opts,
        "title": "Seats",
        "subtitle": str(show),
        "media": page.media,
        "show": show,
        "zone": show.screen.cinema.zone,
        "form": form,
        "problem": problem,
        "chart": show_chart(show, taken),
        "shown_json": json.dumps({booking.seat_number: booking.pk for booking in live}),
        "offers": offered,
        "events": recent_events(show) if request.user.has_perm("bookings.view_bookingevent", show) else None,
    }
    if offered.with_form:
        context |= {
            "chart": context["chart"].to_choose(ticked, problem.seats if problem else ()),
            "state": _for_script(show, seats_as_json(show, taken)),
            "bill": _bill(show, ticked - {seat.number for seat in taken}),
            "picked": [
                {"label": show.seat_label(seat.number), "taken": seat}
                for seat in taken
                if seat.number in ticked
            ],
            "parties": range(1, min(6, show.total_seats) + 1),
            "hold_choices": (choices := hold_choices(show, now())),
            "usual_hold": choices[-1].value if choices else "",
            "latest_hold": f"{by_cinema_clock(show.starts_at, show.screen):{LOCAL_TIME}}",
            "sale": form.data.get("sale") or get_random_string(22),
            "receipt": _receipt(request, show),
        }
    return render(request, "admin/bookings/seats.html", context)


def seats_now(request: HttpRequest, show_id: int, page: ServiceAdmin) -> HttpResponse:
    """Who has which seat now; with `?party=` also which are the best available for so many."""
    show = visible_show(page, request, show_id)
    if show is None:
        return JsonResponse({}, status=404)
    live = live_bookings(show)
    answer = seats_as_json(show, taken_seats(request, show, live))
    if "party" in request.GET:
        form = BoxOfficeForm(request.GET, show=show)
        found = _best_available(form, {booking.seat_number for booking in live})
        answer |= {"problem": found.text} if isinstance(found, Problem) else {"best": found}
    return JsonResponse(answer)


def visible_show(page: ServiceAdmin, request: HttpRequest, show_id: int) -> Show | None:
    """Return the show if the reader's cinemas have it, or None. Raises PermissionDenied."""
    show = show_to_see(request, show_id)
    if not page.has_view_permission(request, show):
        raise PermissionDenied
    return show


def _answer(
    page: ServiceAdmin, request: HttpRequest, show: Show, form: BoxOfficeForm
) -> HttpResponse | Problem | list[int] | None:
    """Do what the pressed button says.

    Return where that leads, or why it was not done, or which seats were found for a party; None to show the
    page again with all that was typed.
    """
    button = next((name for name in RIGHTS if name in request.POST), None)
    if button is None or not request.user.has_perm(RIGHTS[button], show):
        raise PermissionDenied
    if button in (TOTAL, BACK):
        return None
    if button == FIND:
        return _best_available(form, {booking.seat_number for booking in live_bookings(show)})
    try:
        if button in (SELL, HOLD):
            return _sell(request, show, form, button)
        return _house(page, request, show, form, button)
    except REFUSALS as error:
        return _refused(show, form, button, error)


def _refused(show: Show, form: BoxOfficeForm, button: str, error: Exception) -> Problem:
    named = [seat["seat_number"] for seat in refused(error).extra.get("seats", ())]
    text = f"{refusal(error)} {seat_by_seat(show, refused(error))}".strip()
    if limit := refused(error).extra.get("limit"):
        text += f" At most {limit}."
    lost: list[int] = []
    if button in (SELL, HOLD) and isinstance(refused(error), SeatTaken):
        lost = named
        if kept := form.ticked - set(lost) - (form.cleaned_data["shown"] or {}).keys():
            text += f". Still chosen: {show.plan.labels_of(kept)}."
    return Problem(PLACES[button], text, named, lost)


def _sell(request: HttpRequest, show: Show, form: BoxOfficeForm, button: str) -> HttpResponse | Problem:
    fields = ["seat", "shown", "sale", "name", "email", "telephone"]
    fields += ["hold_until"] if button == HOLD else []
    if text := not form.is_valid() and form.problem(fields):
        return Problem(PLACES[button], text)
    data = form.cleaned_data
    numbers = [number for number in data["seat"] if number not in (data["shown"] or {})]
    if not numbers:
        return Problem(PLACES[button], NO_SEATS)
    # Of these seats too: a browser may bring back a page from before another sale.
    sale = " ".join([data["sale"], *map(str, numbers)])
    if data["sale"] and (reference := _sold(request.session).get(sale)):
        return _to_receipt(show, reference)
    if button == HOLD and data["hold_until"] is None:
        return Problem(PLACES[button], "Say until when the seats shall be held.")
    leave = data["leave_single_seat"] and request.user.has_perm("bookings.block_seats", show)
    try:
        with transaction.atomic():
            order = services.sell_seats(
                show.pk,
                SeatChoice(numbers, leave_single_seat=leave),
                guest=GuestDetails(data["email"], data["name"], data["telephone"]),
                actor=admin_actor(request),
                hold_until=data["hold_until"] if button == HOLD else None,
            )
            if data["sale"]:
                latest = list(_sold(request.session).items())[1 - REMEMBERED :]
                request.session[SESSION_KEY] = dict(latest) | {sale: order.reference}
                request.session.save()  # along with the sale
    except SeatTaken:
        # The button was pressed twice: the first press has had the seats while the second waited for them.
        stored = type(request.session)(request.session.session_key)
        if data["sale"] and (reference := _sold(stored).get(sale)):
            return _to_receipt(show, reference)
        raise
    return _to_receipt(show, order.reference)


def _sold(session: SessionBase) -> dict[str, str]:
    """Return the references of what was sold in a session, by what the pages called the sale."""
    sold: dict[str, str] = session.get(SESSION_KEY, {})
    return sold


def _to_receipt(show: Show, reference: str) -> HttpResponse:
    page = reverse("admin:movies_show_seats", args=[show.pk])
    return HttpResponseRedirect(f"{page}?order={reference}")


def _house(
    page: ServiceAdmin, request: HttpRequest, show: Show, form: BoxOfficeForm, button: str
) -> HttpResponse | Problem:
    """Block, free, or cancel what was chosen, all of it or none."""
    if text := not form.is_valid() and form.problem(["seat", "shown", "reason"]):
        return Problem(PLACES[button], text)
    data = form.cleaned_data
    if not data["seat"]:
        return Problem(PLACES[button], NO_SEATS)
    leave = data["leave_single_seat"] and request.user.has_perm("bookings.block_seats", show)
    labels, shown = show.plan.labels_of(data["seat"]), data["shown"]
    if shown is None:
        shown = {booking.seat_number: booking.pk for booking in live_bookings(show)}
    ids = {shown[number] for number in data["seat"] if number in shown}
    actor = admin_actor(request)
    match button:
        case "_block":
            services.block_seats(show.pk, labels, actor=actor, reason=data["reason"], leave_single_seat=leave)
            page.message_user(request, f"Blocked: {labels}.", messages.SUCCESS)
        case "_release":
            services.release_seats(show.pk, labels, actor=actor, booking_ids=ids, leave_single_seat=leave)
            page.message_user(request, f"Released: {labels}.", messages.SUCCESS)
        case _:
            return cancelling.cancel_seats(
                page, request, show, data["seat"], ids, is_confirmed=button == CANCEL_NOW, leave=leave
            )
    return HttpResponseRedirect(reverse("admin:movies_show_seats", args=[show.pk]))


def _best_available(form: BoxOfficeForm, occupied: Collection[int]) -> list[int] | Problem:
    """Return the best available seats for a party, together if they can be."""
    if text := not form.is_valid() and form.problem(["party", "kind"]):
        return Problem(PLACES[FIND], text)
    party = form.cleaned_data["party"]
    if not party:
        return Problem(PLACES[FIND], "Say for how many.")
    kind = SeatKind(form.cleaned_data["kind"]) if form.cleaned_data["kind"] else None
    numbers = best_available(form.show.plan, frozenset(occupied), party, kind=kind)
    if numbers is None:
        return Problem(PLACES[FIND], f"There are no {party} such seats left.")
    return sorted(numbers)


class BillLine(NamedTuple):
    label: str
    kind: str
    price: str


def _bill(show: Show, numbers: Collection[int]) -> dict[str, Any]:
    """Return what chosen seats cost, seat by seat and in all."""
    chosen = [show.plan.seat(number) for number in sorted(numbers)]
    return {
        "lines": [BillLine(seat.label, seat.kind.value, str(show.prices[seat.kind])) for seat in chosen],
        "total": sum(show.prices[seat.kind] for seat in chosen),
        "currency": settings.CURRENCY,
    }


def _for_script(show: Show, state: dict[str, Any]) -> dict[str, Any]:
    """Return with it what the script of the page needs to know once."""
    return state | {
        "currency": settings.CURRENCY,
        "prices": {kind.value: str(price) for kind, price in show.prices.items()},
        "words": {kind.value: words for kind, words in prices_in_words(show).items()},
        "now": reverse("admin:movies_show_seats_now", args=[show.pk]),
        "stream": reverse("show-seat-stream", args=[show.pk]),
    }


def _receipt(request: HttpRequest, show: Show) -> dict[str, Any] | None:
    """Return what the page says of the order that was just made, if its address names one of this show."""
    reference = request.GET.get("order", "")
    if not reference.isalnum() or not request.user.has_perm("bookings.sell_seats", show):
        return None
    order = Order.objects.filter(show=show).with_reference(reference)
    found = order.prefetch_related("bookings").first()
    if found is None:
        return None
    bookings: list[Booking] = list(found.bookings.all())
    summary = order_summary(bookings, now())
    return {
        "order": found,
        "reference": read_out(found.reference),
        "seats": show.plan.labels_of(b.seat_number for b in bookings if b.is_live()),
        "total": summary.total,
        "currency": settings.CURRENCY,
        "held_until": summary.expires_at,
        "may_open": request.user.has_perm("bookings.view_order", show),
    }
