"""The pages on which staff schedule a week of shows, and copy a week to the next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, AdminForm
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from accounts.actors import Actor, Channel
from movie_booking.admin import REFUSALS, IdSelect, ServiceAdmin, refusal, refused
from movie_booking.errors import Invalid
from movies import services
from movies.access import rows_with
from movies.admin.days import DayInput
from movies.errors import WeekHasOverlaps
from movies.models import Movie, Screen, Show, ShowQuerySet
from movies.prices import KIND_PRICE_FIELDS
from movies.services import audit
from movies.services.week_schedule import MAX_DAYS, SALE_FIELDS, Proposal
from movies.times import WEEKDAYS, dates_between, local_time, read_times, to_local

# Of one proposal. Three are enough to see that the time is taken.
SHOWN_OVERLAPS = 3
# As forms lay them out, two side by side.
KIND_PRICE_ROWS = [KIND_PRICE_FIELDS[first : first + 2] for first in range(0, len(KIND_PRICE_FIELDS), 2)]


class TimesField(forms.CharField):
    """Times of day as they stand on a poster: "14:00, 17:30, 20:15"."""

    def to_python(self, value: Any) -> Any:
        try:
            return read_times(super().to_python(value) or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def run_validators(self, value: Any) -> None:
        """Those of CharField are for text, and the value is a list of times."""


class WeekForm(forms.Form):
    """A film on screens, dates and times, and how these shows are sold."""

    movie = forms.ModelChoiceField(Movie.objects.all())
    screens = forms.TypedMultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    first = forms.DateField(label="From", widget=DayInput())
    last = forms.DateField(label="To", widget=DayInput())
    weekdays = forms.TypedMultipleChoiceField(
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        initial=list(range(7)),
        widget=forms.CheckboxSelectMultiple,
    )
    times = TimesField(
        widget=forms.TextInput({"class": "vTextField", "placeholder": "14:00, 17:30, 20:15"}),
        help_text="When the show starts, by the clock of the cinema. Half past midnight belongs to the day"
        " that has just begun.",
    )

    def __init__(
        self, *args: Any, admin_site: admin.AdminSite, screens: QuerySet[Screen], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        movie: Any = self.fields["movie"]
        movie.widget = IdSelect(Show._meta.get_field("movie"), admin_site)
        movie.widget.choices = movie.choices
        by_id = {
            str(screen.pk): screen
            for screen in screens.select_related("cinema")
            .defer("seat_plan")
            .order_by("cinema__name", "cinema", "name")
        }
        choice: Any = self.fields["screens"]
        choice.coerce = by_id.__getitem__
        choice.choices = [
            (
                f"{cinema.name} ({cinema.time_zone})",
                [(screen.pk, f"{screen.name} ({screen.total_seats} seats)") for screen in of_cinema],
            )
            for cinema, of_cinema in groupby(by_id.values(), key=lambda screen: screen.cinema)
        ]
        # The other fields as a show has them, with the same checks.
        self.fields.update(forms.fields_for_model(Show, fields=("pre_show_minutes", *SALE_FIELDS)))
        pre_show = self.fields["pre_show_minutes"]
        pre_show.required, pre_show.initial = False, None
        pre_show.help_text = "Adverts and trailers before the film. Empty: as usual in each cinema."
        self.fields["price"].label = f"Price ({settings.CURRENCY})"
        status: Any = self.fields["status"]
        status.choices = [choice for choice in status.choices if choice[0] != Show.Status.CANCELLED]
        monday = now().date() + timedelta(days=7 - now().weekday())
        self.initial = {"first": monday, "last": monday + timedelta(days=6), **self.initial}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            self.add_error("last", "This is before the first day.")
        elif first and last and last - first >= timedelta(days=MAX_DAYS):
            self.add_error("last", f"Choose {MAX_DAYS} days at most.")
        elif first and last and "weekdays" in data:
            data["dates"] = dates_between(first, last, data["weekdays"])
            if not data["dates"]:
                self.add_error("weekdays", "There is no such day between these dates.")
        return data

    def week(self) -> dict[str, Any]:
        """Return what `schedule_week` and `preview_week` take."""
        names = ("movie", "screens", "dates", "times", "pre_show_minutes", *SALE_FIELDS)
        return {name: self.cleaned_data[name] for name in names}

    def add_refusal(self, error: Invalid) -> None:
        """Show what the service refused next to the fields that it is about."""
        for name, texts in error.extra.get("errors", {"": [error.detail]}).items():
            self.add_error(name if name in self.fields else None, texts)

    def as_sent(self) -> list[tuple[str, str]]:
        """Return what was typed, to be sent again as it is."""
        data: Any = self.data
        return [(name, value) for name in self.fields for value in data.getlist(name)]


@dataclass(frozen=True)
class PreviewRow:
    """A proposal as a row of the table, with its times by the clock of the cinema."""

    proposal: Proposal
    ends: str
    free: str
    seats: str

    @classmethod
    def of(cls, proposal: Proposal) -> "PreviewRow":
        zone, day = proposal.screen.cinema.zone, proposal.day
        ends = free = "–"
        if slot := proposal.slot:
            ends, free = (local_time(moment, zone, day) for moment in (slot.end, slot.screen_free_at))
        seats, all_seats = proposal.total_seats, proposal.screen.total_seats
        return cls(proposal, ends, free, str(seats) if seats == all_seats else f"{seats} of {all_seats}")

    @property
    def obstacles(self) -> list[tuple[str, int | None]]:
        """Its problems and overlaps in words, each with the id of the show that overlaps."""
        found: list[tuple[str, int | None]] = [(problem, None) for problem in self.proposal.problems]
        overlaps = self.proposal.overlaps
        found += [(self.proposal.describe(overlap), overlap.id) for overlap in overlaps[:SHOWN_OVERLAPS]]
        if more := len(overlaps[SHOWN_OVERLAPS:]):
            found.append((f"and {more} more", None))
        return found


def schedule_week_view(page: ServiceAdmin, request: HttpRequest) -> HttpResponse:
    """The form; the form and its preview; or, without obstacles, the shows."""
    if not page.has_add_permission(request):
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else None
    screens = rows_with(Screen.objects.all(), request.user, "movies.add_show")
    form = WeekForm(sent, admin_site=page.admin_site, screens=screens)
    proposals: list[Proposal] = []
    if form.is_valid():
        try:
            proposals = services.preview_week(**form.week())
        except Invalid as error:
            form.add_refusal(error)
    if proposals and sent is not None and "_schedule" in sent:
        try:
            shows = services.schedule_week(**form.week())
        except REFUSALS as error:
            _report_refusal(page, request, error)
            proposals = services.preview_week(**form.week())
        else:
            _report_shows(page, request, shows)
            return page.response_post_save_add(request, shows[0])
    # The price of a standard seat is always asked for; the rest stays folded.
    fieldsets: Any = [
        (None, {"fields": ["movie", "screens"]}),
        ("When", {"fields": [("first", "last"), "weekdays", "times", "pre_show_minutes"]}),
        ("Sales", {"fields": ["price", "status"]}),
        (
            f"Prices by kind of seat ({settings.CURRENCY}), end of sales",
            {"fields": [*KIND_PRICE_ROWS, "sales_cutoff_minutes"], "classes": ["collapse"]},
        ),
    ]
    page_form: Any = form  # AdminForm asks a ModelForm of nothing but its fields
    return _preview_page(
        page,
        request,
        "schedule_week.html",
        proposals,
        title="Schedule a week",
        form=form,
        adminform=AdminForm(page_form, fieldsets, {}, model_admin=page),
        media=page.media + form.media,
    )


@admin.action(description="Copy selected shows to next week", permissions=["add"])
def copy_to_next_week(
    page: ServiceAdmin, request: HttpRequest, selected: ShowQuerySet
) -> HttpResponse | None:
    """The preview of the copies; then the copies, and back to the list."""
    try:
        proposals = services.preview_copy(shows=selected)
        if request.POST.get("_schedule") == str(len(proposals)):
            try:
                shows = services.copy_week(shows=selected)
            except REFUSALS as error:
                _report_refusal(page, request, error)
                proposals = services.preview_copy(shows=selected)
            else:
                _report_shows(page, request, shows)
                return None  # back to the list
    except Invalid as error:
        page.message_user(request, refusal(error), messages.ERROR)
        return None
    originals = selected.exclude(status=Show.Status.CANCELLED).values_list("pk", flat=True)
    return _preview_page(
        page,
        request,
        "copy_week.html",
        proposals,
        title="Copy to next week",
        checkbox_name=ACTION_CHECKBOX_NAME,
        originals=originals,
        media=page.media,
    )


def _preview_page(
    page: ServiceAdmin, request: HttpRequest, template: str, proposals: list[Proposal], **context: Any
) -> TemplateResponse:
    request.current_app = page.admin_site.name
    return TemplateResponse(
        request,
        f"admin/movies/show/{template}",
        {
            **page.admin_site.each_context(request),
            "opts": page.opts,
            "days": [
                (day, [PreviewRow.of(proposal) for proposal in of_day])
                for day, of_day in groupby(proposals, key=lambda proposal: proposal.day)
            ],
            "number": len(proposals),
            "impossible": sum(not proposal.is_possible for proposal in proposals),
            "may_view": page.has_view_permission(request),
            **context,
        },
    )


def _report_refusal(page: ServiceAdmin, request: HttpRequest, error: Exception) -> None:
    why_not = refused(error)
    why = why_not.detail
    if isinstance(why_not, (Invalid, WeekHasOverlaps)):
        why = "Not all of these shows are possible any more: see what is marked red."
    page.message_user(request, f"No shows were scheduled. {why}", messages.ERROR)


def _report_shows(page: ServiceAdmin, request: HttpRequest, shows: list[Show]) -> None:
    user: Any = request.user  # staff, as the page is the Admin's
    LogEntry.objects.log_actions(user.pk, shows, ADDITION, [{"added": {}}])
    audit.record_all(shows, audit.ADD, actor=Actor(user, Channel.ADMIN))
    drafts = sum(show.status == Show.Status.DRAFT for show in shows)
    titles = {show.movie.title for show in shows}
    of_what = f" of {titles.pop()}" if len(titles) == 1 else ""
    number = "1 show" if len(shows) == 1 else f"{len(shows)} shows"
    text = f"Scheduled: {number}{of_what} {_days(shows)}."
    if drafts:
        text += f" Customers do not see {'them' if drafts == len(shows) else f'{drafts} of them'} yet:"
        text += " put drafts on sale when you are ready."
    page.message_user(request, text, messages.SUCCESS)


def _days(shows: Iterable[Show]) -> str:
    days = sorted({to_local(show.starts_at, show.screen.cinema.zone).date() for show in shows})
    first, last = f"{days[0]:%a %d %b %Y}", f"{days[-1]:%a %d %b %Y}"
    return f"on {first}" if first == last else f"from {first} to {last}"
