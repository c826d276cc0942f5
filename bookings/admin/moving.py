"""Moving a show with its guests: where to, then who would sit where, and only then it is done.

A plain Admin view, linked from the page of the show.
"""

from copy import copy
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from bookings import services
from bookings.admin.move_plan import (
    Drawn,
    Shown,
    TypedSeats,
    changes_anything,
    draw,
    is_seat_input,
    plans_of,
    read_seats,
    told,
)
from bookings.admin.read_only import may_see_people, show_to_see
from bookings.models import Booking
from bookings.services import Move
from movie_booking.admin import REFUSALS, ServiceAdmin, refusal
from movies.access import rows_with
from movies.admin import admin_actor
from movies.admin.shows import ClockWidget, ShowForm
from movies.models import Screen, Show
from movies.seat_plan import crop_plan


class MoveForm(ShowForm):
    """Where a show moves to, and how its guests are seated there. Refused if the show was changed since."""

    sales_may_end = True
    not_done = "Nothing was moved."
    to_do = "This is the plan as it is now."

    reason = forms.CharField(
        label="Reason, as customers are told",
        max_length=200,
        widget=forms.TextInput({"class": "vTextField"}),
        error_messages={"required": "Customers will ask why: give a reason."},
    )
    apart = forms.BooleanField(label="Take parties apart rather than leave them out", required=False)
    single = forms.BooleanField(label="Leave single seats where I choose seats by hand", required=False)
    refund = forms.BooleanField(label="Give those who cannot be seated everything back", required=False)

    class Meta:
        model = Show
        fields = ("screen", "starts_at")
        widgets = {"starts_at": ClockWidget}
        field_classes = {"starts_at": forms.SplitDateTimeField}

    def __init__(self, *args: Any, screens: QuerySet[Screen], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show = copy(self.instance)  # the instance gets the values of the form
        screen: Any = self.fields["screen"]
        screen.queryset = screens
        screen.choices = [(each.pk, _screen_with_seats(each, self.show)) for each in screens]
        screen.help_text = (
            "On its present screen the show gets the seats as they are drawn now, if they were drawn anew."
        )

    @property
    def new_start(self) -> datetime | None:
        """When the show starts after the move, if that is another moment."""
        start = self.cleaned_data["starts_at"]
        is_same = start == self.show.starts_at or "starts_at" not in self.changed_data
        return None if is_same else start

    @property
    def new_screen(self) -> Screen | None:
        """The screen whose seats the show gets; None if only its start moves, and it has seats of that."""
        screen: Screen = self.cleaned_data["screen"]
        is_drawn = self.show.plan == crop_plan(screen.plan, self.show.total_seats)
        return None if screen == self.show.screen and self.new_start and is_drawn else screen

    @property
    def asked(self) -> list[Any]:
        """What the plan depends on beside seats that are chosen by hand."""
        start, data = self.new_start, self.cleaned_data
        return [data["screen"].pk, start and start.isoformat(), data["apart"]]

    def move(self, request: HttpRequest, seats: dict[int, int], *, dry_run: bool) -> Move:
        """Move the show as the form says; raises as the service does."""
        data = self.cleaned_data
        return services.move_show(
            self.show.pk,
            actor=admin_actor(request),
            reason=data["reason"],
            screen=self.new_screen,
            starts_at=self.new_start,
            seats=seats,
            may_sit_alone=data["apart"],
            leave_single_seat=data["single"],
            refund_left_out=data["refund"],
            dry_run=dry_run,
            versions=[self.version],
        )

    def _check_seats(self, data: dict[str, Any]) -> None:
        """A move takes what seats the screen has."""

    def _check_timing(self, data: dict[str, Any]) -> None:
        """Only a new start is judged: a show whose sale is over may still get another screen."""
        self.cleaned_data = data
        if self.new_start is None:
            return
        try:
            super()._check_timing(data)
        except ValidationError as error:  # also of fields that this form does not have
            raise ValidationError({"starts_at": error.messages}) from error


class NotMoved(Exception):
    """Why the show was not moved, in a sentence; without one if the form says it."""


def may_move(request: HttpRequest, show: Show) -> bool:
    """Whether the page of a show offers to move it."""
    return (
        request.user.has_perm("movies.move_show", show)
        and show.status != Show.Status.CANCELLED
        and not show.has_ended()
    )


def move_show(request: HttpRequest, show_id: int, page: ServiceAdmin) -> HttpResponse:
    """Ask where to; show who would sit where, as often as it takes; then move the show with its guests."""
    show = show_to_see(request, show_id)
    if not request.user.has_perm("movies.move_show", show):
        raise PermissionDenied
    if show is None:
        return HttpResponseRedirect(reverse("admin:movies_show_changelist"))
    if not may_move(request, show):
        text = "The show was cancelled." if show.status == Show.Status.CANCELLED else "The show is over."
        page.message_user(request, text, messages.ERROR)
        return HttpResponseRedirect(_back(page, request, show))
    if request.method != "POST":
        return _page(page, request, show, _form(request, show))
    why_not = ""
    if "_move" in request.POST:
        try:
            done = _move(page, request, show)
        except NotMoved as error:
            why_not, show = str(error), show_to_see(request, show_id) or show
        else:
            page.message_user(request, done, messages.SUCCESS)
            return HttpResponseRedirect(_back(page, request, show))
    return _plan(page, request, show, why_not)


def _move(page: ServiceAdmin, request: HttpRequest, show: Show) -> str:
    """Do what the page showed, and return what was done. Raises NotMoved."""
    form = _form(request, show, request.POST)
    shown = Shown.read(request.POST.get("shown", ""))
    if not form.is_valid():
        raise NotMoved
    if shown is None or shown.asked != form.asked:
        raise NotMoved("Nothing was moved yet: look at this plan first.")
    after, bookings = services.plan_on(show, form.new_screen), _bookings(show)
    if not read_seats(request.POST, shown, after, bookings).is_as_shown:
        raise NotMoved("Nothing was moved yet: you typed other seats. Look at the plan with them first.")
    numbers = {seat.label: seat.number for seat in after.seats}
    seats = {
        booking: numbers[label]
        for booking, label in shown.seats.items()
        if booking in bookings and label in numbers
    }
    try:
        with transaction.atomic():
            move = form.move(request, seats, dry_run=False)
            _refuse_surprises(move, show, shown)
            page.log_change(request, move.show, f"Moved: {form.cleaned_data['reason']}")
    except REFUSALS as error:
        raise NotMoved(f"Nothing was moved. {refusal(error)}") from error
    return " ".join(told(move, show, shown))


def _refuse_surprises(move: Move, show: Show, shown: Shown) -> None:
    """Raises NotMoved, before the move is committed, if it does what the page did not show."""
    if not changes_anything(move, show):
        raise NotMoved("The show is there already, and every seat stays.")
    if plans_of(move) != shown.plans:
        raise NotMoved("Nothing was moved: seats were drawn anew since. This is the plan as it is now.")
    unseen = {each.booking.order for each in move.left_out if each.booking.order_id not in shown.left_out}
    if unseen:
        orders = ", ".join(sorted(order.reference for order in unseen))
        raise NotMoved(
            f"Nothing was moved: seats were taken since, and orders cannot be seated that could be: {orders}."
        )


def _plan(page: ServiceAdmin, request: HttpRequest, show: Show, why_not: str) -> HttpResponse:
    """The page with the plan as it is now, if the form says where to."""
    form, stale = _form(request, show, request.POST), None
    if not form.is_valid() and form.conflict:
        # It has brought itself up to date: from here on it is as if it had just been opened.
        stale, form = form, _form(request, show, form.data)
    sentences = [stale.conflict if stale else "", why_not]
    drawn, shown = None, None
    if form.is_valid():
        seats, passed_over = _typed_seats(request, show, form)
        sentences.append(passed_over)
        try:
            with transaction.atomic():
                move = form.move(request, seats.by_hand, dry_run=True)
                transaction.set_rollback(True)  # holds that it found expired, too
        except REFUSALS as error:
            sentences.append(refusal(error))
        else:
            shown = Shown.of(move, form.asked, seats.by_hand)
            names = may_see_people(request, show)
            drawn = draw(move, show, seats, refund=form.cleaned_data["refund"], with_names=names)
    for sentence in dict.fromkeys(filter(None, sentences)):
        page.message_user(request, sentence, messages.WARNING)
    return _page(page, request, show, form, stale=stale, drawn=drawn, shown=shown)


def _typed_seats(request: HttpRequest, show: Show, form: MoveForm) -> tuple[TypedSeats, str]:
    """Return the seats that were typed, and a sentence if they are passed over."""
    shown = Shown.read(request.POST.get("shown", ""))
    if shown is None:
        return TypedSeats(), ""
    screen = form.cleaned_data["screen"]
    seats = read_seats(request.POST, shown, services.plan_on(show, form.new_screen), _bookings(show))
    if shown.asked[:1] == [screen.pk]:
        return seats, ""
    is_lost = bool(seats.by_hand or seats.unread)
    return TypedSeats(), "Seats that were typed for another screen are passed over." if is_lost else ""


def _page(
    page: ServiceAdmin,
    request: HttpRequest,
    show: Show,
    form: MoveForm,
    *,
    stale: MoveForm | None = None,
    drawn: Drawn | None = None,
    shown: Shown | None = None,
) -> HttpResponse:
    ticks = [] if drawn else ["apart", "refund"]  # which stand beside the plan, once there is one
    carried = [
        (name, value)
        for name, value in request.POST.items()
        if drawn is None and (name == "shown" or is_seat_input(name))
    ]
    context = {
        **page.admin_site.each_context(request),
        "is_nav_sidebar_enabled": False,  # two seat charts need its place
        "opts": page.opts,
        "title": "Move the show",
        "media": page.media,
        "show": show,
        "back": _back(page, request, show),
        "form": form,
        "adminform": AdminForm(form, [(None, {"fields": ["screen", "starts_at", "reason", *ticks]})], {}),
        "stale": stale,
        "plan": drawn,
        "shown": shown,
        "carried": carried,
        "may_see_names": may_see_people(request, show),
        "may_see_orders": request.user.has_perm("bookings.view_order", show),
        "tolerance": settings.MOVE_TOLERANCE_MINUTES,
    }
    return render(request, "admin/bookings/move_show.html", context)


def _bookings(show: Show) -> set[int]:
    """The ids of all bookings that the show ever had."""
    return set(Booking.objects.filter(show=show).values_list("pk", flat=True))


def _back(page: ServiceAdmin, request: HttpRequest, show: Show) -> str:
    if page.has_view_permission(request, show):
        return reverse("admin:movies_show_change", args=[show.pk])
    return reverse("admin:index")


def _form(request: HttpRequest, show: Show, data: Any = None) -> MoveForm:
    """The form, with the screens of its cinema to which its reader may move a show."""
    of_cinema = Screen.objects.filter(cinema=show.cinema_id).select_related("cinema")
    screens = rows_with(of_cinema, request.user, "movies.move_show")
    return MoveForm(data, instance=copy(show), screens=screens)


def _screen_with_seats(screen: Screen, show: Show) -> str:
    is_now = ", where the show is" if screen.pk == show.screen_id else ""
    return f"{screen.name} ({screen.total_seats} seats{is_now})"
