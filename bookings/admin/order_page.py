"""The page of one order: all that there is to say of it, and what is done with it at once.

What asks first has pages of its own: `order_cancel` and `order_exchange`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now

from bookings import services
from bookings.admin.clock import LOCAL_TIME, moment_by_clock
from bookings.admin.order_acts import Rights, on_what_was_shown, read_ids, rights
from bookings.admin.order_facts import OrderFacts, history, notes_of, order_facts, orders_with_facts
from bookings.models import Order
from movie_booking.admin import REFUSALS, ServiceAdmin, refusal
from movie_booking.limits import parse_id
from movies.admin import admin_actor
from movies.models import Show
from movies.times import to_local


class NoteForm(forms.Form):
    """What staff want to tell each other of an order."""

    text = forms.CharField(
        label="Note",
        max_length=1000,
        widget=forms.Textarea({"rows": 2, "class": "vLargeTextField"}),
        error_messages={"required": "Write the note first."},
    )


class ReleaseForm(forms.Form):
    """Until when the seats are held, by the clock of the cinema."""

    until = forms.DateTimeField(
        label="Hold until",
        input_formats=[LOCAL_TIME, f"{LOCAL_TIME}:%S"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=LOCAL_TIME),
        error_messages={"required": "Say until when.", "invalid": "Say a day and a time."},
    )

    def __init__(self, *args: Any, show: Show, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show = show

    def clean_until(self) -> datetime:
        """The moment that the clock means."""
        no_time = str(self.fields["until"].error_messages["invalid"])
        return moment_by_clock(self.cleaned_data["until"], self.show, no_time=no_time)


def find_order(page: ServiceAdmin, request: HttpRequest, order_id: str) -> Order | None:
    """Return the order with what its page says, if its reader may see it; None if there is none.

    Raises PermissionDenied for whoever may see no orders.
    """
    if not page.has_view_permission(request):
        raise PermissionDenied
    number = parse_id(order_id)
    found = orders_with_facts(page.get_queryset(request).prefetch_related(None).filter(pk=number))
    order: Order | None = found.first() if number is not None else None
    return order


def address_of(order: Order) -> str:
    return reverse("admin:bookings_order_change", args=[order.pk])


def not_there(page: ServiceAdmin, request: HttpRequest, order_id: str) -> HttpResponse:
    """As the Admin answers for a row that is not there, or not for its reader."""
    answer: Any = page
    response: HttpResponse = answer._get_obj_does_not_exist_redirect(request, page.opts, order_id)
    return response


def context_of(page: ServiceAdmin, request: HttpRequest, facts: OrderFacts, title: str) -> dict[str, Any]:
    """What every page about an order has."""
    return {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "media": page.media,
        "title": title,
        "order": facts.order,
        "show": facts.show,
        "zone": facts.show.screen.cinema.zone,
        "facts": facts,
        "rights": rights(request, facts.order),
    }


# What the buttons of the page do: their names, with the services.
def _confirm(request: HttpRequest, facts: OrderFacts, form: Any) -> str:
    order, version = facts.order, parse_id(request.POST.get("show_version", ""))

    def confirm() -> Order:
        return services.confirm_order(
            order, actor=admin_actor(request), show_version=version, at_box_office=True
        )

    _on_all(request, order, confirm)
    return "The order is confirmed: its seats are booked."


def _extend(request: HttpRequest, facts: OrderFacts, form: Any) -> str:
    extended = _on_all(request, facts.order, lambda: services.extend_order(facts.order))
    return f"The seats are held until {_held_until(extended, facts.show)}."


def _release(request: HttpRequest, facts: OrderFacts, form: ReleaseForm) -> str:
    until = form.cleaned_data["until"]

    def release() -> Order:
        held = services.hold_order_until(facts.order, until)
        # No seat changes hands, so no event says who did this.
        services.add_note(
            facts.order, f"Held until {_held_until(held, facts.show)}.", actor=admin_actor(request)
        )
        return held

    held = _on_all(request, facts.order, release)
    return f"The seats are held until {_held_until(held, facts.show)}."


def _note(request: HttpRequest, facts: OrderFacts, form: NoteForm) -> str:
    services.add_note(facts.order, form.cleaned_data["text"], actor=admin_actor(request))
    return "The note is kept."


ACTS: dict[str, Callable[[HttpRequest, OrderFacts, Any], str]] = {
    "confirm": _confirm,
    "extend": _extend,
    "release": _release,
    "note": _note,
}


def order_page(request: HttpRequest, order_id: str, page: ServiceAdmin) -> HttpResponse:
    """Show the order; or do what the button that was pressed says."""
    order = find_order(page, request, order_id)
    if order is None:
        return not_there(page, request, order_id)
    facts = order_facts(order, now())
    typed = request.POST if request.method == "POST" else None
    act = next((name for name in ACTS if typed and f"_{name}" in typed), None)
    if typed is not None:
        _refuse_unless_allowed(act, rights(request, order))
    forms_of = {
        "note": NoteForm(typed if act == "note" else None),
        "release": ReleaseForm(
            typed if act == "release" else None, show=order.show, initial=_now_until(facts)
        ),
    }
    refused = {}
    if act:
        form: Any = forms_of.get(act)
        if form is None or form.is_valid():
            try:
                page.message_user(request, ACTS[act](request, facts, form), messages.SUCCESS)
                return HttpResponseRedirect(address_of(order))
            except REFUSALS as error:
                refused[act] = refusal(error)
                order = find_order(page, request, order_id) or order
                facts = order_facts(order, now())
        else:
            refused[act] = " ".join(text for errors in form.errors.values() for text in map(str, errors))
    context = {
        **context_of(page, request, facts, f"Order {order.reference}"),
        "history": history(order),
        "notes": notes_of(order),
        "exchanged_to": Order.objects.filter(exchanged_from=order).order_by("pk"),
        "note_form": forms_of["note"],
        "release_form": forms_of["release"],
        "refused": refused,
    }
    return render(request, "admin/bookings/order_page.html", context)


def _refuse_unless_allowed(act: str | None, may: Rights) -> None:
    """Raises PermissionDenied for whoever may do nothing here."""
    if not (may.note if act == "note" else may.hold):
        raise PermissionDenied


def _on_all(request: HttpRequest, order: Order, act: Callable[[], Order]) -> Order:
    """On the whole order, if that is what the page showed."""
    shown = read_ids(request.POST.getlist("shown"))
    return on_what_was_shown(order, shown, lambda _: act(), all_of_it=True)


def _held_until(order: Order, show: Show) -> str:
    until = max(
        booking.expires_at for booking in order.all_bookings() if booking.is_live() and booking.expires_at
    )
    return f"{to_local(until, show.screen.cinema.zone):%a %d %b, %H:%M}"


def _now_until(facts: OrderFacts) -> dict[str, Any]:
    until = facts.summary.expires_at
    return {"until": to_local(until, facts.show.screen.cinema.zone)} if until else {}
