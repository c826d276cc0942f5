"""The pages of the Admin on which a week is planned, and a week copied to the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, AdminForm
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.timezone import now

from movie_booking.admin import REFUSALS, ServiceAdmin, refusal, refused
from movie_booking.errors import Invalid
from movie_booking.limits import parse_id
from movies import planning
from movies.errors import PlanHasClashes
from movies.models import Movie, Screen, Show, ShowQuerySet
from movies.planning import Clash, Proposal

# Of one proposal. Whoever sees three knows that the time is taken.
SHOWN_CLASHES = 3
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
KINDS = (("premium_price", "sofa_price"), ("wheelchair_price", "companion_price"))


class MovieSelect(AutocompleteSelect):
    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        # The widget looks up what was sent before anybody has checked that it is an id.
        return super().optgroups(name, [each for each in value if parse_id(each) is not None], attrs)


class TimesField(forms.CharField):
    """Times of day as they stand on a poster: "14:00, 17:30, 20:15"."""

    def to_python(self, value: Any) -> Any:
        try:
            return planning.read_times(super().to_python(value) or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def run_validators(self, value: Any) -> None:
        """The length was checked by nobody but the browser; it does no harm here."""


class PlanForm(forms.Form):
    """A film on screens, dates and times, and how these shows are sold."""

    movie = forms.ModelChoiceField(Movie.objects.all())
    screens = forms.TypedMultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    first = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label="To", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    weekdays = forms.TypedMultipleChoiceField(
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        initial=list(range(7)),
        widget=forms.CheckboxSelectMultiple,
    )
    times = TimesField(
        widget=forms.TextInput({"class": "vTextField", "placeholder": "14:00, 17:30, 20:15"}),
        help_text="When the film starts, by the clock of the cinema. Half past midnight belongs to the day"
        " that has just begun.",
    )

    def __init__(self, *args: Any, admin_site: admin.AdminSite, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        movie: Any = self.fields["movie"]
        movie.widget = MovieSelect(Show._meta.get_field("movie"), admin_site)
        movie.widget.choices = movie.choices
        rooms = {
            str(screen.pk): screen
            for screen in Screen.objects.select_related("cinema")
            .defer("seat_plan")
            .order_by("cinema__name", "cinema", "name")
        }
        screens: Any = self.fields["screens"]
        screens.coerce = rooms.__getitem__
        screens.choices = [
            (
                f"{cinema.name} ({cinema.time_zone})",
                [(screen.pk, _with_seats(screen)) for screen in of_cinema],
            )
            for cinema, of_cinema in groupby(rooms.values(), key=lambda screen: screen.cinema)
        ]
        # The other fields as a show has them, with the same checks.
        self.fields.update(forms.fields_for_model(Show, fields=planning.TERMS))
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
        elif first and last and last - first >= timedelta(days=planning.MAX_DAYS):
            self.add_error("last", f"A plan is for {planning.MAX_DAYS} days at most.")
        elif first and last and "weekdays" in data:
            data["dates"] = planning.dates_between(first, last, data["weekdays"])
            if not data["dates"]:
                self.add_error("weekdays", "There is no such day between these dates.")
        return data

    def asked_for(self) -> dict[str, Any]:
        """Return what `planning` is to make, or to preview."""
        return {
            name: self.cleaned_data[name] for name in ("movie", "screens", "dates", "times", *planning.TERMS)
        }

    def take_over(self, error: Invalid) -> None:
        """Show what the service refused next to the fields that it is about."""
        for name, texts in error.extra.get("errors", {"": [error.detail]}).items():
            self.add_error(name if name in self.fields else None, texts)

    def as_sent(self) -> list[tuple[str, str]]:
        """Return what was typed, to be sent again as it is."""
        data: Any = self.data
        return [(name, value) for name in self.fields for value in data.getlist(name)]


def _with_seats(screen: Screen) -> str:
    return f"{screen.name} ({screen.total_seats} seats)"


@dataclass(frozen=True)
class Line:
    """A proposal as a line of the table, with its times by the clock of the cinema."""

    proposal: Proposal
    ends: str
    free: str
    seats: str

    @classmethod
    def of(cls, proposal: Proposal) -> "Line":
        seats, all_seats = proposal.total_seats, proposal.screen.total_seats
        return cls(
            proposal,
            _clock(proposal, proposal.ends_at),
            _clock(proposal, proposal.screen_free_at),
            str(seats) if seats == all_seats else f"{seats} of {all_seats}",
        )

    @property
    def hindrances(self) -> list[tuple[str, int | None]]:
        """What stands in the way, in words, and the id of the show that does."""
        found: list[tuple[str, int | None]] = [(problem, None) for problem in self.proposal.problems]
        clashes = self.proposal.clashes
        found += [(_in_words(self.proposal, clash), clash.id) for clash in clashes[:SHOWN_CLASHES]]
        if more := len(clashes[SHOWN_CLASHES:]):
            found.append((f"and {more} more", None))
        return found


def _in_words(proposal: Proposal, clash: Clash) -> str:
    starts, free = _clock(proposal, clash.starts_at), _clock(proposal, clash.screen_free_at)
    whose = "" if clash.id else " of this plan"
    return f"{clash.movie_title}{whose}, {starts} to {free} with cleaning"


def _clock(proposal: Proposal, moment: datetime) -> str:
    """The time by the clock of the cinema; with the day, if it is another than the show's."""
    local = moment.astimezone(proposal.screen.cinema.zone)
    return f"{local:%H:%M}" if local.date() == proposal.day else f"{local:%H:%M (%a)}"


def _by_day(plan: list[Proposal]) -> list[tuple[date, list[Line]]]:
    return [
        (day, [Line.of(proposal) for proposal in proposed])
        for day, proposed in groupby(plan, key=lambda proposal: proposal.day)
    ]


class PlannerAdmin(ServiceAdmin):
    """Of shows, with a page to plan a week on, and an action to copy one."""

    change_list_template = "admin/movies/show/change_list.html"
    actions: Any = ("copy_to_next_week",)

    def get_urls(self) -> list[URLPattern]:
        plan = path("plan/", self.admin_site.admin_view(self.plan_view), name="movies_show_plan")
        return [plan, *super().get_urls()]

    def plan_view(self, request: HttpRequest) -> HttpResponse:
        """The form; the form and what it would make; or, without clashes, the shows."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        sent = request.POST if request.method == "POST" else None
        form = PlanForm(sent, admin_site=self.admin_site)
        plan: list[Proposal] = []
        if form.is_valid():
            try:
                plan = planning.preview(**form.asked_for())
            except Invalid as error:
                form.take_over(error)
        if plan and sent is not None and "make" in sent:
            try:
                shows = planning.schedule_week(**form.asked_for())
            except REFUSALS as error:
                self._say_that_none_was_made(request, error)
                plan = planning.preview(**form.asked_for())
            else:
                self._say_what_was_made(request, shows)
                return self.response_post_save_add(request, shows[0])
        # What a standard seat costs is asked of everybody; the rest stays folded.
        fieldsets: Any = [
            (None, {"fields": ["movie", "screens"]}),
            ("When", {"fields": [("first", "last"), "weekdays", "times"]}),
            ("Sales", {"fields": ["price", "status"]}),
            (
                f"Prices by kind of seat ({settings.CURRENCY}), end of sales",
                {"fields": [*KINDS, "sales_cutoff_minutes"], "classes": ["collapse"]},
            ),
        ]
        page_form: Any = form  # AdminForm asks a ModelForm of nothing but its fields
        return self._planner_page(
            request,
            "plan_week.html",
            plan,
            title="Plan a week",
            form=form,
            adminform=AdminForm(page_form, fieldsets, {}, model_admin=self),
            media=self.media + form.media,
        )

    @admin.action(description="Copy selected shows to next week", permissions=["add"])
    def copy_to_next_week(self, request: HttpRequest, selected: ShowQuerySet) -> HttpResponse | None:
        try:
            plan = planning.preview_copy(shows=selected)
            if request.POST.get("make") == str(len(plan)):
                try:
                    shows = planning.copy_week(shows=selected)
                except REFUSALS as error:
                    self._say_that_none_was_made(request, error)
                    plan = planning.preview_copy(shows=selected)
                else:
                    self._say_what_was_made(request, shows)
                    return None  # back to the list
        except Invalid as error:
            self.message_user(request, refusal(error), messages.ERROR)
            return None
        originals = selected.exclude(status=Show.Status.CANCELLED).values_list("pk", flat=True)
        return self._planner_page(
            request,
            "copy_week.html",
            plan,
            title="Copy to next week",
            checkbox_name=ACTION_CHECKBOX_NAME,
            originals=originals,
            media=self.media,
        )

    def _planner_page(
        self, request: HttpRequest, template: str, plan: list[Proposal], **context: Any
    ) -> TemplateResponse:
        request.current_app = self.admin_site.name
        impossible = sum(not proposal.is_possible for proposal in plan)
        return TemplateResponse(
            request,
            f"admin/movies/show/{template}",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "days": _by_day(plan),
                "number": len(plan),
                "impossible": impossible,
                "may_view": self.has_view_permission(request),
                **context,
            },
        )

    def _say_that_none_was_made(self, request: HttpRequest, error: Exception) -> None:
        why_not = refused(error)
        why = why_not.detail
        if isinstance(why_not, (Invalid, PlanHasClashes)):
            why = "Not all of these shows are possible any more: see what is marked red."
        self.message_user(request, f"Nothing was made. {why}", messages.ERROR)

    def _say_what_was_made(self, request: HttpRequest, shows: list[Show]) -> None:
        user: Any = request.user  # staff, as the page is the Admin's
        LogEntry.objects.log_actions(user.pk, shows, ADDITION, [{"added": {}}])
        drafts = sum(show.status == Show.Status.DRAFT for show in shows)
        titles = {show.movie.title for show in shows}
        of_what = f" of {titles.pop()}" if len(titles) == 1 else ""
        text = f"Made: {_shows(len(shows))}{of_what} {_when(shows)}."
        if drafts:
            text += f" Customers do not see {'them' if drafts == len(shows) else f'{drafts} of them'} yet:"
            text += " put drafts on sale when you are ready."
        self.message_user(request, text, messages.SUCCESS)


def _shows(number: int) -> str:
    return "1 show" if number == 1 else f"{number} shows"


def _when(shows: Iterable[Show]) -> str:
    days = sorted({show.starts_at.astimezone(show.screen.cinema.zone).date() for show in shows})
    first, last = f"{days[0]:%a %d %b %Y}", f"{days[-1]:%a %d %b %Y}"
    return f"on {first}" if first == last else f"from {first} to {last}"
