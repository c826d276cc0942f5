"""The pages on which seats of an order are exchanged: for others of the show, or for those of another."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.timezone import now

from bookings import services
from bookings.admin.order_acts import (
    CHANGED_MEANWHILE,
    money,
    read_ids,
    refuse_unless_shown,
    rehearse,
    rights,
)
from bookings.admin.order_facts import OrderFacts, order_facts
from bookings.admin.order_page import address_of, context_of, find_order, not_there
from bookings.admin.seating import seat_by_seat
from bookings.errors import LeavesSingleSeat
from bookings.models import Booking, Order
from bookings.refunds import NOTHING
from bookings.seating.best_available import best_available
from bookings.services.inventory import SeatInventory
from bookings.services.rules import other_halves
from movie_booking.admin import REFUSALS, ServiceAdmin, refusal, refused
from movie_booking.errors import Conflict
from movie_booking.limits import parse_id
from movies.access import rows_with
from movies.admin import admin_actor
from movies.admin.days import DayField
from movies.local_days import by_local_day
from movies.models import Cinema, Show
from movies.seat_chart import SeatChart, seat_chart

MAX_CHOICES = 60  # shows that are offered at once; for others one chooses the day


class ExchangeForm(forms.Form):
    """The seats that are taken instead, and what the page said of them."""

    seat = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": "Choose the new seats on the picture first."}
    )
    version = forms.IntegerField(min_value=0, required=False)  # of the show that the page showed
    checked = forms.CharField(required=False)  # the seats and the difference that the page told
    leave_single_seat = forms.BooleanField(label="Even if it leaves a single seat", required=False)

    def __init__(self, *args: Any, show: Show, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seats: Any = self.fields["seat"]
        seats.choices = [(seat.number, seat.label) for seat in show.plan.seats]


@dataclass(frozen=True)
class Plan:
    """What an exchange would bring."""

    old: str
    new: str
    paid: Decimal
    costs: Decimal
    is_hold: bool
    numbers: Sequence[int]

    @property
    def difference(self) -> Decimal:
        """What the customer has to pay more; less than nothing goes back."""
        return self.costs - self.paid

    @property
    def goes_back(self) -> Decimal:
        return -self.difference

    @property
    def as_text(self) -> str:
        """By which it is known again that this is what the page said."""
        return f"{','.join(map(str, self.numbers))};{self.difference}"


def exchange_page(request: HttpRequest, order_id: str, page: ServiceAdmin) -> HttpResponse:
    """Let new seats be chosen on the picture, say what the exchange brings, and then do it."""
    order = find_order(page, request, order_id)
    if order is None:
        return not_there(page, request, order_id)
    may = rights(request, order)
    if not may.change:
        raise PermissionDenied
    facts = order_facts(order, now())
    asked = request.POST if request.method == "POST" else request.GET
    show = _show_of(page, request, asked.get("show", ""), order)
    leaving = _leaving(facts, read_ids(asked.getlist("booking")), all_if_none=request.method != "POST")
    if show is None or not leaving:
        text = "This show cannot be chosen." if leaving else CHANGED_MEANWHILE
        page.message_user(request, text, messages.ERROR)
        return HttpResponseRedirect(address_of(order))
    typed: Any = asked if request.method == "POST" else None
    if typed is not None and "_best" in typed:
        typed = typed.copy()
        typed.setlist("seat", map(str, _best_seats(show, len(leaving))))
    form = ExchangeForm(typed, show=show)
    plan, alert = None, ""
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        leave = data["leave_single_seat"] and may.leave_single_seat
        try:
            plan = _rehearsed(request, facts, show, leaving, data, leave=leave)
            if "_exchange" in request.POST:
                if data["checked"] != plan.as_text:
                    raise Conflict("This is what it brings now. Press the button again if that is right.")
                done = _exchange(request, facts, show, leaving, data, leave=leave, plan=plan)
                page.message_user(request, _told(plan), messages.SUCCESS)
                return HttpResponseRedirect(address_of(done))
        except REFUSALS as error:
            alert = f"{refusal(error)} {seat_by_seat(show, refused(error))}".strip()
            if isinstance(error, LeavesSingleSeat):
                plan = None
            show = _show_of(page, request, str(show.pk), order) or show
    elif form.is_bound:
        no_seats = "No seats are left that would do." if "_best" in request.POST else ""
        alert = no_seats or " ".join(text for errors in form.errors.values() for text in map(str, errors))
    is_here = show.pk == order.show_id
    title = (
        f"Exchange seats of order {order.reference}" if is_here else f"Order {order.reference}: another show"
    )
    context = {
        **context_of(page, request, facts, title),
        "target": show,
        "is_here": is_here,
        "leaving": leaving,
        "leaving_labels": ", ".join(booking.seat_label for booking in leaving),
        "form": form,
        "ticked": ticked(form),
        "chart": _chart(show, leaving if is_here else ()).to_choose(ticked(form), refused=()),
        "plan": plan,
        "alert": alert,
        "offers_single": may.leave_single_seat and show.screen.no_single_seats,
    }
    return render(request, "admin/bookings/order_exchange.html", context)


def ticked(form: forms.Form) -> set[int]:
    """Return the seats that were ticked, to be drawn again."""
    return {int(text) for text in map(str, form["seat"].value() or ()) if text.isdecimal()}


def move_page(request: HttpRequest, order_id: str, page: ServiceAdmin) -> HttpResponse:
    """Offer the shows for whose seats those of the order can be exchanged."""
    order = find_order(page, request, order_id)
    if order is None:
        return not_there(page, request, order_id)
    if not rights(request, order).change:
        raise PermissionDenied
    facts = order_facts(order, now())
    leaving = _leaving(facts, read_ids(request.GET.getlist("booking")), all_if_none=True)
    if not leaving:
        page.message_user(request, CHANGED_MEANWHILE, messages.ERROR)
        return HttpResponseRedirect(address_of(order))
    form = forms.Form(request.GET)
    form.fields["day"] = DayField(required=False, label="Day")
    shows = exchangeable_shows(page, request, order, len(leaving))
    if form.is_valid() and form.cleaned_data["day"]:
        on = form.cleaned_data["day"]
        zones = Cinema.objects.time_zones()
        shows = shows.filter(by_local_day(zones, lambda _zone: (on, on), moment="starts_at", cinema="cinema"))
    same = list(shows.filter(movie=order.show.movie_id)[:MAX_CHOICES])
    others = list(shows.exclude(movie=order.show.movie_id)[:MAX_CHOICES])
    context = {
        **context_of(page, request, facts, f"Order {order.reference}: choose another show"),
        "leaving": leaving,
        "leaving_labels": ", ".join(booking.seat_label for booking in leaving),
        "form": form,
        "groups": [("The same film", same), (f"Other films in {order.show.screen.cinema}", others)],
        "is_cut_off": MAX_CHOICES in (len(same), len(others)),
    }
    return render(request, "admin/bookings/order_shows.html", context)


def exchangeable_shows(page: ServiceAdmin, request: HttpRequest, order: Order, seats: int) -> Any:
    """Return the shows that the order may be exchanged for, with so many seats left, as they start."""
    since = now() - timedelta(minutes=settings.BOX_OFFICE_MINUTES_AFTER_START)
    shows: Any = rows_with(_shows(page, request), request.user, "bookings.change_booking")
    alike = Q(movie=order.show.movie_id) | Q(cinema=order.show.cinema_id)
    to_come = shows.filter(alike, status=Show.Status.ON_SALE, starts_at__gt=since).exclude(pk=order.show_id)
    return to_come.with_available(seats).with_details().order_by("starts_at", "pk")


def _show_of(page: ServiceAdmin, request: HttpRequest, text: str, order: Order) -> Show | None:
    """The show whose seats are taken: by default that of the order."""
    number = parse_id(text) if text else order.show_id
    shows: Any = rows_with(_shows(page, request), request.user, "bookings.change_booking")
    found: Show | None = shows.with_details().filter(pk=number).first() if number is not None else None
    return found


def _shows(page: ServiceAdmin, request: HttpRequest) -> Any:
    """The shows that the page of shows lets its reader see."""
    return page.admin_site.get_model_admin(Show).get_queryset(request)


def _leaving(facts: OrderFacts, chosen: Collection[int], *, all_if_none: bool) -> list[Booking]:
    """The seats that are given up: those that were chosen, with the other halves of sofas; or else all.

    None, if the order no longer has what was chosen.
    """
    if not chosen:
        return facts.live if all_if_none else []
    named = [booking for booking in facts.live if booking.pk in chosen]
    if len(named) < len(chosen):
        return []
    halves = other_halves(facts.show, [booking.seat_number for booking in named])
    return [booking for booking in facts.live if booking in named or booking.seat_number in halves]


def _best_seats(show: Show, party: int) -> Collection[int]:
    """The best available seats of the show for so many people; none if there are not enough."""
    return best_available(show.plan, _statuses(show).keys(), party, kind=None, adjacent="preferred") or ()


def _exchange(
    request: HttpRequest,
    facts: OrderFacts,
    show: Show,
    leaving: Sequence[Booking],
    data: dict[str, Any],
    *,
    leave: bool,
    plan: Plan | None = None,
) -> Order:
    """Exchange, and return the order that has the new seats; undone unless it brings what the plan says.

    Raises Conflict if the order no longer has the seats that the page showed, and what `exchange_seats`
    raises.
    """
    with transaction.atomic():
        shows = SeatInventory.lock_all({facts.order.show_id, show.pk})
        locked = shows[facts.order.show_id].order(facts.order.pk)
        refuse_unless_shown(locked, {booking.pk for booking in leaving})
        done = services.exchange_seats(
            facts.order,
            actor=admin_actor(request),
            from_seats=[booking.seat_number for booking in leaving],
            to_seats=data["seat"],
            to_show=show.pk,
            show_version=data["version"],
            leave_single_seat=leave,
            at_box_office=True,
        )
        if plan is not None and _costs(done, data["seat"]) != plan.costs:
            raise Conflict(CHANGED_MEANWHILE)
        return done


def _rehearsed(
    request: HttpRequest,
    facts: OrderFacts,
    show: Show,
    leaving: Sequence[Booking],
    data: dict[str, Any],
    *,
    leave: bool,
) -> Plan:
    """What the exchange would bring: it is done and undone. Raises what it raises."""
    done = rehearse(lambda: _exchange(request, facts, show, leaving, data, leave=leave))
    numbers = data["seat"]
    return Plan(
        old=", ".join(booking.seat_label for booking in leaving),
        new=show.plan.labels_of(numbers),
        paid=sum((booking.price for booking in leaving), NOTHING),
        costs=_costs(done, numbers),
        is_hold=bool(facts.on_hold),
        numbers=sorted(numbers),
    )


def _costs(order: Order, numbers: Collection[int]) -> Decimal:
    """What these seats of the order cost."""
    has = (booking for booking in order.all_bookings() if booking.is_live())
    return sum((booking.price for booking in has if booking.seat_number in numbers), NOTHING)


def _told(plan: Plan) -> str:
    text = f"Exchanged: {plan.old} for {plan.new}."
    if plan.is_hold or not plan.difference:
        return text
    if plan.difference > 0:
        return f"{text} The customer pays {money(plan.difference)} more."
    return f"{text} {money(plan.goes_back)} goes back."


def _statuses(show: Show) -> dict[int, str]:
    live = Booking.objects.live().filter(show=show).values_list("seat_number", "status")
    return {number: status.lower() for number, status in live}


def _chart(show: Show, own: Collection[Booking]) -> SeatChart:
    """The seats of the show; those that are given up can be kept, and are told apart."""
    statuses = _statuses(show) | {booking.seat_number: "own" for booking in own}
    return seat_chart(show.plan, statuses)
