"""The page on which seats of an order are given back: what that brings is said before."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.timezone import now

from bookings import services
from bookings.admin.order_acts import CHANGED_MEANWHILE, money, on_what_was_shown, read_ids, rights
from bookings.admin.order_facts import OrderFacts, order_facts
from bookings.admin.order_page import address_of, context_of, find_order, not_there
from bookings.errors import LeavesSingleSeat, ShowStarted, TooLateToCancel
from bookings.models import Booking, Status
from bookings.refunds import NOTHING, refund_amount
from bookings.services.locked_order import LockedOrder
from bookings.services.rules import other_halves
from movie_booking.admin import REFUSALS, ServiceAdmin, refusal, refused
from movie_booking.errors import Conflict, DomainError
from movies.admin import admin_actor


class CancelForm(forms.Form):
    """The seats that go back, and whether by the terms of the sale."""

    back = forms.DecimalField(required=False, widget=forms.HiddenInput())  # what the page said would go back
    percent = forms.IntegerField(
        label="Give back another share",
        required=False,
        min_value=0,
        max_value=100,
        help_text="In percent of the price of each seat. Empty: by the terms of the sale.",
        widget=forms.NumberInput({"inputmode": "numeric", "size": 4}),
    )
    reason = forms.CharField(label="Reason", required=False, max_length=200)
    leave_single_seat = forms.BooleanField(label="Even if it leaves a single seat", required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("percent") is not None and not data.get("reason"):
            self.add_error("reason", "Another share takes a reason: say why.")
        return data


@dataclass(frozen=True)
class Line:
    booking: Booking
    is_paid: bool
    percent: int
    back: Decimal


@dataclass(frozen=True)
class Plan:
    """What cancelling these bookings would bring, by the terms of the sale or with another share."""

    lines: list[Line]
    added: list[str]  # labels of other halves of sofas, which go back with theirs
    refusal: DomainError | None  # why the terms of the sale do not allow it

    @property
    def back(self) -> Decimal:
        return sum((line.back for line in self.lines), NOTHING)

    @property
    def numbers(self) -> list[int]:
        return [line.booking.seat_number for line in self.lines]

    @property
    def may_go(self) -> bool:
        """Whether the seats can be cancelled: as they are, or by setting a rule aside."""
        return self.refusal is None or self.leaves_single_seat

    @property
    def takes_exception(self) -> bool:
        """Whether it is too late by the terms of the sale, but not for those who may set them aside."""
        return isinstance(self.refusal, (TooLateToCancel, ShowStarted))

    @property
    def leaves_single_seat(self) -> bool:
        return isinstance(self.refusal, LeavesSingleSeat)

    @property
    def refusal_text(self) -> str:
        return refusal(self.refusal) if self.refusal else ""


def cancel_page(request: HttpRequest, order_id: str, page: ServiceAdmin) -> HttpResponse:
    """Say what cancelling the seats that were ticked brings, or those of the whole order; then do it."""
    order = find_order(page, request, order_id)
    if order is None:
        return not_there(page, request, order_id)
    may = rights(request, order)
    if not may.change:
        raise PermissionDenied
    facts = order_facts(order, now())
    typed = request.POST if request.method == "POST" else None
    chosen = read_ids((request.POST if typed else request.GET).getlist("booking"))
    form = CancelForm(typed)
    if typed and not may.refund and typed.get("percent"):
        raise PermissionDenied
    form_is_valid = form.is_valid()
    percent = form.cleaned_data.get("percent") if typed else None
    leave = bool(typed and form_is_valid and form.cleaned_data["leave_single_seat"] and may.leave_single_seat)
    plan = plan_cancellation(facts, chosen, percent, all_if_none=not typed)
    alert = ""
    if typed and form_is_valid and plan is not None:
        try:
            text = _cancel(request, facts, plan, form.cleaned_data, leave=leave)
        except REFUSALS as error:
            alert = refusal(error)
            order = find_order(page, request, order_id) or order
            facts = order_facts(order, now())
            plan = plan_cancellation(facts, chosen, percent, all_if_none=False)
        else:
            page.message_user(request, text, messages.SUCCESS)
            return HttpResponseRedirect(address_of(order))
    if plan is None and not alert:
        alert = CHANGED_MEANWHILE if chosen else "No seat of this order can be cancelled any more."
    context = {
        **context_of(page, request, facts, f"Cancel seats of order {order.reference}"),
        "form": form,
        "plan": plan,
        "alert": alert,
    }
    return render(request, "admin/bookings/order_cancel.html", context)


def plan_cancellation(
    facts: OrderFacts, chosen: Collection[int], percent: int | None, *, all_if_none: bool
) -> Plan | None:
    """Return what cancelling brings; None if the order no longer has all that was chosen, or nothing."""
    live = facts.live
    bookings = [booking for booking in live if booking.pk in chosen]
    if not chosen and all_if_none:
        bookings = live
    if not bookings or len(bookings) < len(chosen):
        return None
    halves = other_halves(facts.show, [booking.seat_number for booking in bookings])
    added = [b for b in live if b.seat_number in halves and b not in bookings]
    share = facts.terms.refund_percent(facts.at) if percent is None else percent
    lines = [_line(booking, share, facts) for booking in live if booking in bookings or booking in added]
    numbers = [line.booking.seat_number for line in lines]
    why: DomainError | None = None
    try:
        services.quote_order(facts.order, seat_numbers=numbers, refund_percent=percent)
    except REFUSALS as error:
        why = refused(error)
    return Plan(lines, [booking.seat_label for booking in added], why)


def _line(booking: Booking, share: int, facts: OrderFacts) -> Line:
    is_paid = booking.status_at(facts.at) == Status.BOOKED
    return Line(booking, is_paid, share, refund_amount(booking.price, share) if is_paid else NOTHING)


def _cancel(request: HttpRequest, facts: OrderFacts, plan: Plan, data: dict[str, Any], *, leave: bool) -> str:
    """Cancel as the page said, and return what was done as a sentence.

    Raises Conflict if another sum would go back than the page said, and what `cancel_order` raises.
    """
    if data["back"] != plan.back:
        raise Conflict(
            f"{money(plan.back)} would go back now. Look at it, and press the button again if that is right."
        )

    def act(locked: LockedOrder) -> Decimal:
        order = services.cancel_order(
            facts.order,
            actor=admin_actor(request),
            seat_numbers=plan.numbers,
            leave_single_seat=leave,
            refund_percent=data["percent"],
            reason=data["reason"],
        )
        ids = {line.booking.pk for line in plan.lines}
        back = sum(
            (booking.refund_amount or NOTHING for booking in order.all_bookings() if booking.pk in ids),
            NOTHING,
        )
        if back != plan.back:  # the terms have changed in between, as time passed or the show was moved
            raise Conflict(CHANGED_MEANWHILE)
        return back

    back = on_what_was_shown(facts.order, [line.booking.pk for line in plan.lines], act)
    labels = facts.show.plan.labels_of(plan.numbers)
    return (
        f"Cancelled: {labels}. {money(back)} goes back."
        if back
        else f"Cancelled: {labels}. Nothing goes back."
    )
