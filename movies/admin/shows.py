"""Shows as staff schedule them: the list, and the form of one show, by the clock of its cinema."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now

from movie_booking.errors import Invalid
from movie_booking.limits import is_searchable
from movies import services
from movies.access import rows_with
from movies.admin.by_cinema import ByCinema, CinemaChoice, ScreenChoice
from movies.admin.days import DayInput, StartDays
from movies.admin.editing import EditingAdmin, VersionedForm
from movies.admin.inputs import reason_field
from movies.admin.schedule import KIND_PRICE_ROWS, copy_to_next_week, schedule_week_view
from movies.errors import ScreenOccupied, SkippedTime
from movies.models import MAX_CUTOFF_MINUTES, Movie, Screen, Show
from movies.prices import PRICE_FIELDS
from movies.seat_chart import occupancy_bar
from movies.times import FIRST_MOMENT, LAST_MOMENT, from_local, to_local

TIMES = ("starts_at", "sales_open_at")
MINUTES = ("pre_show_minutes", "sales_cutoff_minutes")
# What a page shows of them where they cannot be changed: Django would show a field of the model in UTC.
AS_LOCAL_TIME = {"starts_at": "local_start_of_show", "sales_open_at": "local_start_of_sales"}


def by_cinema_clock(moment: datetime, screen: Screen) -> datetime:
    """Return the time as the cinema's clock shows it, without a time zone."""
    return to_local(moment, screen.cinema.zone)


class ClockWidget(forms.SplitDateTimeWidget):
    """A date and a time of day, without Django's buttons "Today" and "Now": those mean UTC.

    Which cinema's clock is meant is known only once the screen is chosen.
    """

    def __init__(self) -> None:
        super().__init__()
        time = forms.TimeInput({"type": "time", "step": "any"}, format="%H:%M:%S")
        self.widgets: Any = [DayInput(), time]


class ShowForm(VersionedForm):
    """Asks for times by the cinema's clock, and says what overlaps next to the field."""

    sales_may_end = False  # whether times are right by which the sale would have ended

    class Meta:
        model = Show
        fields = (
            "movie",
            "screen",
            "starts_at",
            "pre_show_minutes",
            "total_seats",
            "status",
            *PRICE_FIELDS,
            "sales_open_at",
            "sales_cutoff_minutes",
        )
        widgets = dict.fromkeys(TIMES, ClockWidget)
        help_texts = {
            "starts_at": "By the clock of the cinema.",
            "pre_show_minutes": "Adverts and trailers between the advertised start and the film. Empty: as"
            " usual in the cinema.",
            "total_seats": "Leave empty for all seats of the screen.",
            "sales_open_at": "By the clock of the cinema. Empty: as soon as the show is on sale.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {
            "pre_show_minutes",
            "total_seats",
            "status",
            "sales_cutoff_minutes",
        } & self.fields.keys():
            self.fields[name].required = False
        if not self.instance.pk:
            self.initial["pre_show_minutes"] = None  # the cinema is not known yet
        for name in TIMES if self.instance.pk else ():
            moment = getattr(self.instance, name)
            self.initial[name] = moment and by_cinema_clock(moment, self.instance.screen)
        if self.instance.pk and "starts_at" in self.fields:
            clock = f"{by_cinema_clock(now(), self.instance.screen):%a %d %b %Y, %H:%M}"
            help_text = f"By the clock of the cinema, which shows {clock} now."
            if by_cinema_clock(self.instance.starts_at, self.instance.screen).fold:
                help_text += " It shows this time twice that night: the show is in the second hour."
            self.fields["starts_at"].help_text = help_text
        if "status" in self.fields:
            # A show is cancelled by an action of its own, with a reason.
            status: Any = self.fields["status"]
            status.choices = [choice for choice in Show.Status.choices if choice[0] != Show.Status.CANCELLED]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors or not all(
            FIRST_MOMENT <= data[name] <= LAST_MOMENT for name in TIMES if data.get(name)
        ):
            return data  # the model's own validators say the rest
        if any((data.get(name) or 0) > MAX_CUTOFF_MINUTES for name in MINUTES):
            return data  # so they do here, and no time is that long
        if self.instance.pk and self._value(data, "screen").cinema_id != self.instance.cinema_id:
            raise ValidationError({"screen": services.STAYS_IN_CINEMA})
        self._read_times(data)
        if "total_seats" in data and data["total_seats"] is None:
            data["total_seats"] = self._value(data, "screen").total_seats
        if "pre_show_minutes" in data and data["pre_show_minutes"] is None:
            data["pre_show_minutes"] = services.usual_pre_show(self._value(data, "screen").cinema)
        for name in ("status", "sales_cutoff_minutes"):
            if data.get(name) in ("", None):
                data.pop(name, None)
        if services.TIMING_FIELDS & set(self.changed_data):
            self._check_timing(data)
        if {"screen", "total_seats"} & set(self.changed_data):
            self._check_seats(data)
        if services.SLOT_FIELDS & set(self.changed_data):
            self._check_slot(data)
        return data

    def _value(self, data: dict[str, Any], name: str) -> Any:
        # Fields that are read-only by now are not in the form.
        return data[name] if name in data else getattr(self.instance, name)

    def _read_times(self, data: dict[str, Any]) -> None:
        """Take what was typed as times by the cinema's clock."""
        zone = self._value(data, "screen").cinema.zone
        for name in TIMES:
            if self.instance.pk and name not in self.changed_data:
                data[name] = getattr(self.instance, name)
            elif data.get(name):
                # In an hour that comes twice, a time stays on its side of the change.
                known = getattr(self.instance, name) if self.instance.pk else None
                fold = by_cinema_clock(known, self.instance.screen).fold if known else 0
                try:
                    data[name] = from_local(data[name].replace(tzinfo=None, fold=fold), zone)
                except SkippedTime as error:
                    raise ValidationError({name: error.detail}) from error

    def _check_timing(self, data: dict[str, Any]) -> None:
        times = {name: self._value(data, name) for name in ("starts_at", "sales_open_at")}
        show = Show(sales_cutoff_minutes=self._value(data, "sales_cutoff_minutes"), **times)
        try:
            services.refuse_timing(show, sales_may_end=self.sales_may_end)
        except Invalid as error:
            raise ValidationError(error.extra["errors"]) from error

    def _check_seats(self, data: dict[str, Any]) -> None:
        try:
            services.copy_seat_plan(self._value(data, "screen"), self._value(data, "total_seats"))
        except Invalid as error:
            raise ValidationError(error.extra["errors"]) from error

    def _check_slot(self, data: dict[str, Any]) -> None:
        """Say what overlaps while the form is still open; the service decides, under the lock."""
        names = ("movie", "screen", "starts_at", "pre_show_minutes")
        slot = services.Slot.at(*(self._value(data, name) for name in names))
        [overlaps] = services.find_overlaps([slot], ignoring=[self.instance.pk])
        if overlaps:
            zone = slot.screen.cinema.zone
            day = to_local(slot.start, zone).date()
            others = "; ".join(overlap.describe(zone, day) for overlap in overlaps)
            raise ValidationError({"starts_at": f"{ScreenOccupied.detail} {others}"})


class MovieChoice(admin.RelatedFieldListFilter):
    """Films of the shows that the list begins with, or that are to come."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        shows = Show.objects.filter(starts_at__gte=now() - StartDays.since)
        theirs = rows_with(shows, request.user, model_admin.right("view"), model_admin.right("change"))
        movies = Movie.objects.shown_in(theirs)
        return list(movies.values_list("pk", "title"))


class WhenFilter(admin.SimpleListFilter):
    """The part of the schedule that one works on."""

    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", "Today, by the cinema's clock"), ("upcoming", "Yet to start"), ("past", "Started")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "today":
                return queryset.on_local_date()
            case "upcoming":
                return queryset.filter(starts_at__gt=now())
            case "past":
                return queryset.filter(starts_at__lte=now())
        return queryset


class ShowChangeForm(ShowForm):
    """A show that is there already: what changes of it has a reason."""

    reason = reason_field()


class ShowAdmin(ByCinema, EditingAdmin):
    """Shows as a schedule. `bookings.admin` adds what concerns their seats, and registers it."""

    form = ShowForm
    change_list_template = "admin/movies/show/change_list.html"
    list_display = ("id", "film", "status", "local_start", "where", "occupancy", "price")
    list_display_links = ("id", "film")
    list_filter = (
        WhenFilter,
        StartDays,
        "status",
        ("cinema", CinemaChoice),
        ("screen", ScreenChoice),
        ("movie", MovieChoice),
    )
    list_select_related = ("movie", "screen__cinema")
    search_fields = ("id",)  # any, so that there is a field to search with: see `get_search_results`
    search_help_text = "Words of the film, the screen or the cinema."
    autocomplete_fields = ("movie", "screen")
    actions: Any = (copy_to_next_week,)

    def is_narrowed(self, request: HttpRequest) -> bool:
        """Whether it is said from when on shows are meant."""
        return WhenFilter.parameter_name in request.GET

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """As they start; those that have, the latest first."""
        if request.GET.get(WhenFilter.parameter_name) == "past":
            return ("-starts_at", "-id")
        return ("starts_at", "id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not is_searchable(search_term):
            return queryset.none(), False
        for word in search_term.split():
            # Movies and screens are few, and by them an index finds their shows.
            screens = Screen.objects.filter(
                Q(name_folded__contains=word) | Q(cinema__name_folded__contains=word)
            )
            movies = Movie.objects.filter(title_folded__contains=word)
            queryset = queryset.filter(
                Q(movie__in=list(movies.values_list("pk", flat=True)))
                | Q(screen__in=list(screens.values_list("pk", flat=True)))
            )
        return queryset, False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.schedule_view)
        return [path("schedule/", view, name="movies_show_schedule"), *super().get_urls()]

    def schedule_view(self, request: HttpRequest) -> HttpResponse:
        return schedule_week_view(self, request)

    def has_sold_seats(self, show: Show) -> bool:
        """Whether tickets of the show name its movie, screen and seats, which then stay as they are."""
        raise NotImplementedError  # `bookings` knows

    def get_readonly_fields(self, request: HttpRequest, obj: Show | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        fixed: tuple[str, ...] = ("id", "occupancy", "local_end")
        if obj.status == Show.Status.CANCELLED:
            return (*self.form.Meta.fields, *AS_LOCAL_TIME.values(), *fixed, "cancel_reason")
        if obj.status == Show.Status.ON_SALE:
            fixed = ("status", *fixed)
        return ("movie", "screen", "total_seats", *fixed) if self.has_sold_seats(obj) else fixed

    def get_form(
        self, request: HttpRequest, obj: Show | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(
            request, obj, change, **{"form": ShowChangeForm if obj else self.form, **kwargs}
        )

    def get_fieldsets(self, request: HttpRequest, obj: Show | None = None) -> Any:
        show = ["movie", "screen", "starts_at", "pre_show_minutes", "total_seats", "status"]
        if obj is not None and self.may_change_times(request, obj):
            show.append("reason")
        if obj is not None:
            show = ["id", *show, "occupancy", "local_end"]
            if obj.status == Show.Status.CANCELLED:
                show.append("cancel_reason")
        sales = ["sales_open_at", "sales_cutoff_minutes"]
        if obj is not None and not self.may_change_times(request, obj):
            show, sales = ([AS_LOCAL_TIME.get(name, name) for name in names] for names in (show, sales))
        return [
            (None, {"fields": show}),
            (f"Prices ({settings.CURRENCY})", {"fields": ["price", *KIND_PRICE_ROWS]}),
            ("Sales", {"fields": sales}),
        ]

    def may_change_times(self, request: HttpRequest, show: Show) -> bool:
        return show.status != Show.Status.CANCELLED and self.has_change_permission(request, show)

    def save_model(self, request: HttpRequest, obj: Show, form: VersionedForm, change: bool) -> None:
        if change:
            self.change_show(request, obj, form.changes())
        else:
            obj.pk = services.schedule_show(**form.cleaned_data).pk
        obj.refresh_from_db()

    def change_show(self, request: HttpRequest, show: Show, fields: dict[str, Any]) -> None:
        """Write what was changed in the form. It takes knowing what was sold."""
        raise NotImplementedError

    class Media:
        css = {"all": ["movies/seat_chart.css"]}

    @admin.display(description="Film", ordering="movie__title")
    def film(self, show: Show) -> str:
        return show.movie.title

    @admin.display(description="Where", ordering="screen__cinema__name")
    def where(self, show: Show) -> SafeString:
        return format_html("{}<br><small>{}</small>", show.screen.name, show.screen.cinema.name)

    @admin.display(description="Starts (cinema's clock)", ordering="starts_at")
    def local_start(self, show: Show) -> str:
        return f"{by_cinema_clock(show.starts_at, show.screen):%a %d %b, %H:%M}"

    @admin.display(description="Starts (cinema's clock)")
    def local_start_of_show(self, show: Show) -> str:
        return f"{by_cinema_clock(show.starts_at, show.screen):%a %d %b %Y, %H:%M}"

    @admin.display(description="Ends (cinema's clock)")
    def local_end(self, show: Show) -> str:
        return f"{by_cinema_clock(show.ends_at, show.screen):%a %d %b %Y, %H:%M}"

    @admin.display(description="Sales open (cinema's clock)")
    def local_start_of_sales(self, show: Show) -> str:
        if show.sales_open_at is None:
            return "As soon as the show is on sale."
        return f"{by_cinema_clock(show.sales_open_at, show.screen):%a %d %b %Y, %H:%M}"

    @admin.display(description="Occupancy", ordering="live_seats")
    def occupancy(self, show: Show) -> SafeString:
        return occupancy_bar(show)
