"""The catalogue as its staff work on it: films, rooms and the timetable."""

from copy import copy
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now

from movie_booking.admin import ServiceAdmin
from movie_booking.errors import Invalid
from movies import services
from movies.errors import ScreenOccupied
from movies.models import FIRST_MOMENT, LAST_MOMENT, Cinema, Genre, Movie, Screen, Show
from movies.pictures import draw_room, occupancy_bar
from movies.planner import PlannerAdmin
from movies.seat_plan import SeatPlanError, plan_of


@admin.register(Genre)
class GenreAdmin(ServiceAdmin):
    search_fields = ("name",)


@admin.register(Movie)
class MovieAdmin(ServiceAdmin):
    date_hierarchy = "release_date"
    list_display = ("title", "running_time", "language", "certificate", "release_date")
    list_filter = ("genres", "language", "certificate")
    search_fields = ("title", "description")
    autocomplete_fields = ("genres",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    @admin.display(description="Running time", ordering="duration_minutes")
    def running_time(self, movie: Movie) -> str:
        return f"{movie.duration_minutes} min"


class ScreenForm(ModelForm):
    """A room as a drawing, or as a number of seats in rows of ten."""

    class Meta:
        model = Screen
        fields = ("cinema", "name", "total_seats", "seat_plan", "no_single_seats")
        widgets = {"seat_plan": forms.Textarea(attrs={"rows": 14, "cols": 60, "class": "seat-plan-text"})}
        help_texts = {
            "total_seats": "Follows from the drawing. Without one, so many seats in rows of ten.",
            "seat_plan": (
                "A line a row, from the screen backwards: the row's letter, a blank, then a character"
                " a place. o standard, P premium, SS a sofa, W wheelchair space, C companion;"
                " _ or a blank is an aisle, an empty line a walkway."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "total_seats" in self.fields:
            self.fields["total_seats"].required = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors or "total_seats" not in data:
            return data
        drawn, total = data.get("seat_plan", self.instance.seat_plan), data["total_seats"]
        if total is not None and "total_seats" in self.changed_data and "seat_plan" not in self.changed_data:
            drawn = ""  # a new number of seats, and no new drawing: the old one no longer holds
        try:
            self.instance.furnish(seat_plan=drawn, total_seats=total)
        except SeatPlanError as error:
            raise ValidationError({"seat_plan": str(error)}) from error
        except ValueError as error:
            raise ValidationError({"total_seats": str(error)}) from error
        data["total_seats"] = self.instance.total_seats
        if "seat_plan" in self.fields:
            data["seat_plan"] = self.instance.seat_plan
        return data


class ScreenInline(admin.TabularInline):
    model = Screen
    form = ScreenForm
    fields = ("name", "total_seats")
    extra = 1
    show_change_link = True


@admin.register(Cinema)
class CinemaAdmin(ServiceAdmin):
    list_display = ("name", "address", "time_zone")
    list_filter = ("time_zone",)
    search_fields = ("name", "address")
    inlines = (ScreenInline,)


@admin.register(Screen)
class ScreenAdmin(ServiceAdmin):
    form = ScreenForm
    list_display = ("name", "cinema", "total_seats", "no_single_seats")
    list_filter = ("cinema",)
    list_select_related = ("cinema",)
    search_fields = ("name", "cinema__name")
    autocomplete_fields = ("cinema",)

    class Media:
        css = {"all": ["movies/seat_map.css"]}
        js = ["movies/plan_preview.js"]

    def get_urls(self) -> list[URLPattern]:
        preview = path("preview/", self.admin_site.admin_view(self.preview), name="movies_screen_preview")
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Draw what was typed so far, or say what is wrong with it."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        drawn, total = request.POST.get("seat_plan", ""), request.POST.get("total_seats", "")
        if not drawn.strip() and not total:
            return render(request, "admin/movies/plan_preview.html")
        try:
            room = draw_room(plan_of(drawn, int(total) if total.isdecimal() and len(total) < 9 else 0))
        except ValueError as error:  # SeatPlanError is one
            return render(request, "admin/movies/plan_preview.html", {"error": str(error)})
        return render(request, "admin/movies/plan_preview.html", {"room": room})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        screen = self.get_object(request, object_id) if object_id else None
        context = {"room": draw_room(screen.plan)} if screen else {}
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})


class ShowForm(ModelForm):
    """Asks for times by the cinema's clock, and says what stands in the way next to the field."""

    class Meta:
        model = Show
        fields = (
            "movie",
            "screen",
            "starts_at",
            "total_seats",
            "status",
            "price",
            "premium_price",
            "sofa_price",
            "wheelchair_price",
            "companion_price",
            "sales_open_at",
            "sales_cutoff_minutes",
        )
        help_texts = {
            "starts_at": "By the clock of the cinema.",
            "total_seats": "Leave empty for all seats of the screen.",
            "sales_open_at": "By the clock of the cinema. Empty: as soon as the show is on sale.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"total_seats", "status", "sales_cutoff_minutes"} & self.fields.keys():
            self.fields[name].required = False
        for name in TIMES if self.instance.pk else ():
            moment = getattr(self.instance, name)
            self.initial[name] = moment and by_cinema_clock(moment, self.instance.screen)
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
        # Fields that are read-only by now are not in the form.
        screen = data["screen"] if "screen" in data else self.instance.screen  # noqa: SIM401
        for name in TIMES:
            if self.instance.pk and not {name, "screen"} & set(self.changed_data):
                data[name] = getattr(self.instance, name)
            elif data.get(name):
                data[name] = at_cinema_clock(name, data[name].replace(tzinfo=None), screen)
        if "total_seats" in data and data["total_seats"] is None:
            data["total_seats"] = screen.total_seats
        for name in ("status", "sales_cutoff_minutes"):
            if data.get(name) in ("", None):
                data.pop(name, None)
        show = copy(self.instance)
        for name, value in data.items():
            setattr(show, name, value)
        changed = set(self.changed_data)
        try:
            if changed & {"screen", "total_seats"}:
                services.check_room(show)
            if changed & {"movie", "screen", "starts_at"}:
                services.check_time(show)
        except Invalid as error:
            raise ValidationError(error.extra["errors"]) from error
        except ScreenOccupied as error:
            where = in_the_way(error, screen.cinema.zone)
            raise ValidationError({"starts_at": f"{error.detail} {where}"}) from error
        return data


TIMES = ("starts_at", "sales_open_at")
# What a page shows of them where they cannot be changed: Django would show a field of the model in UTC.
AS_LOCAL_TIME = {"starts_at": "local_start_of_show", "sales_open_at": "local_start_of_sales"}


def at_cinema_clock(field: str, typed: datetime, screen: Screen) -> datetime:
    """Return the moment when the cinema's clock shows this. Raises ValidationError if it never does."""
    zone = screen.cinema.zone
    moment = typed.replace(tzinfo=zone).astimezone(timezone.utc)
    if moment.astimezone(zone).replace(tzinfo=None) != typed:
        raise ValidationError({field: "The clocks of the cinema skip this time on that day."})
    return moment


def by_cinema_clock(moment: datetime, screen: Screen) -> datetime:
    """Return the time as the cinema's clock shows it, without a time zone."""
    return moment.astimezone(screen.cinema.zone).replace(tzinfo=None)


def in_the_way(error: ScreenOccupied, zone: ZoneInfo) -> str:
    """Return the shows that the error names, with their times by the cinema's clock."""
    return "; ".join(
        f"{show['movie_title']} from {show['starts_at'].astimezone(zone):%d %b %Y %H:%M},"
        f" free again at {show['screen_free_at'].astimezone(zone):%H:%M}"
        for show in error.extra["shows"]
    )


class ScreenChoice(admin.RelatedFieldListFilter):
    """Screens with their cinemas, in one query."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        return [(screen.pk, str(screen)) for screen in Screen.objects.select_related("cinema")]


class WhenFilter(admin.SimpleListFilter):
    """The part of the timetable that one works on."""

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


class TimetableAdmin(PlannerAdmin):
    """Shows as a timetable. What concerns their seats is added by `bookings.admin`."""

    form = ShowForm
    date_hierarchy = "starts_at"
    list_display = ("id", "film", "status", "local_start", "where", "occupancy", "price")
    list_display_links = ("id", "film")
    list_filter = (
        WhenFilter,
        "status",
        "screen__cinema",
        ("screen", ScreenChoice),
        ("movie", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("movie", "screen__cinema")
    search_fields = ("movie__title", "screen__name", "screen__cinema__name")
    autocomplete_fields = ("movie", "screen")
    ordering = ("starts_at", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: Show | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        fixed: tuple[str, ...] = ("id", "occupancy", "local_end")
        if obj.status == Show.Status.CANCELLED:
            return (*self.form.Meta.fields, *AS_LOCAL_TIME.values(), *fixed, "cancel_reason")
        if obj.status == Show.Status.ON_SALE:
            fixed = ("status", *fixed)
        return ("movie", "screen", "total_seats", *fixed) if obj.has_bookings() else fixed

    def get_fieldsets(self, request: HttpRequest, obj: Show | None = None) -> Any:
        show = ["movie", "screen", "starts_at", "total_seats", "status"]
        if obj is not None:
            show = ["id", *show, "occupancy", "local_end"]
            if obj.status == Show.Status.CANCELLED:
                show.append("cancel_reason")
        prices = ["price", ("premium_price", "sofa_price"), ("wheelchair_price", "companion_price")]
        sales = ["sales_open_at", "sales_cutoff_minutes"]
        if obj is not None and not self.may_change_times(request, obj):
            show, sales = ([AS_LOCAL_TIME.get(name, name) for name in names] for names in (show, sales))
        return [
            (None, {"fields": show}),
            (f"Prices ({settings.CURRENCY})", {"fields": prices}),
            ("Sales", {"fields": sales}),
        ]

    def may_change_times(self, request: HttpRequest, show: Show) -> bool:
        return show.status != Show.Status.CANCELLED and self.has_change_permission(request, show)

    def save_model(self, request: HttpRequest, obj: Show, form: ModelForm, change: bool) -> None:
        if change:
            services.change_show(show_id=obj.pk, **form.cleaned_data)
        else:
            show = services.schedule_show(**form.cleaned_data)
            obj.pk = show.pk
        obj.refresh_from_db()

    class Media:
        css = {"all": ["movies/seat_map.css"]}

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
