"""The catalogue as its staff work on it: films, rooms and the timetable."""

from copy import copy
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest

from movie_booking.admin import HouseAdmin
from movie_booking.errors import Invalid
from movies import services
from movies.models import FIRST_MOMENT, LAST_MOMENT, Cinema, Genre, Movie, Screen, Show


@admin.register(Genre)
class GenreAdmin(HouseAdmin):
    search_fields = ("name",)


@admin.register(Movie)
class MovieAdmin(HouseAdmin):
    date_hierarchy = "release_date"
    list_display = ("title", "running_time", "language", "certificate", "release_date")
    list_filter = ("genres", "language", "certificate")
    search_fields = ("title", "description")
    autocomplete_fields = ("genres",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    @admin.display(description="Running time", ordering="duration_minutes")
    def running_time(self, movie: Movie) -> str:
        return f"{movie.duration_minutes} min"


class ScreenInline(admin.TabularInline):
    model = Screen
    extra = 1
    show_change_link = True


@admin.register(Cinema)
class CinemaAdmin(HouseAdmin):
    list_display = ("name", "address", "time_zone")
    list_filter = ("time_zone",)
    search_fields = ("name", "address")
    inlines = (ScreenInline,)


@admin.register(Screen)
class ScreenAdmin(HouseAdmin):
    list_display = ("name", "cinema", "total_seats")
    list_filter = ("cinema",)
    list_select_related = ("cinema",)
    search_fields = ("name", "cinema__name")
    autocomplete_fields = ("cinema",)


class ShowForm(ModelForm):
    """Asks for times by the cinema's clock, and says what stands in the way next to the field."""

    class Meta:
        model = Show
        fields = ("movie", "screen", "starts_at", "total_seats", "price", "status")
        help_texts = {
            "starts_at": "By the clock of the cinema.",
            "total_seats": "Leave empty for all seats of the screen.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "total_seats" in self.fields:
            self.fields["total_seats"].required = False
        if self.instance.pk:
            self.initial["starts_at"] = by_cinema_clock(self.instance)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors or not FIRST_MOMENT <= data["starts_at"] <= LAST_MOMENT:
            return data  # the model's own validators say the rest
        # Fields that are read-only by now are not in the form.
        screen = data["screen"] if "screen" in data else self.instance.screen  # noqa: SIM401
        if self.instance.pk and not {"starts_at", "screen"} & set(self.changed_data):
            data["starts_at"] = self.instance.starts_at
        else:
            data["starts_at"] = at_cinema_clock(data["starts_at"].replace(tzinfo=None), screen.cinema.zone)
        if "total_seats" in data and data["total_seats"] is None:
            data["total_seats"] = screen.total_seats
        show = copy(self.instance)
        for name, value in data.items():
            setattr(show, name, value)
        try:
            services.check_place(show)
        except Invalid as error:
            raise ValidationError(error.extra["errors"]) from error
        except services.ScreenOccupied as error:
            where = in_the_way(error, screen.cinema.zone)
            raise ValidationError({"starts_at": f"{error.detail} {where}"}) from error
        return data


def at_cinema_clock(typed: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment when the cinema's clock shows this. Raises ValidationError if it never does."""
    moment = typed.replace(tzinfo=zone).astimezone(timezone.utc)
    if moment.astimezone(zone).replace(tzinfo=None) != typed:
        raise ValidationError({"starts_at": "The clocks of the cinema skip this time on that day."})
    return moment


def by_cinema_clock(show: Show) -> datetime:
    """Return when the show starts as the posters say it, without a time zone."""
    return show.starts_at.astimezone(show.screen.cinema.zone).replace(tzinfo=None)


def in_the_way(error: services.ScreenOccupied, zone: ZoneInfo) -> str:
    """Return the shows that the error names, with their times by the cinema's clock."""
    return "; ".join(
        f"{show['movie_title']} from {show['starts_at'].astimezone(zone):%d %b %Y %H:%M},"
        f" free again at {show['screen_free_at'].astimezone(zone):%H:%M}"
        for show in error.extra["shows"]
    )


@admin.register(Show)
class ShowAdmin(HouseAdmin):
    form = ShowForm
    date_hierarchy = "starts_at"
    list_display = ("movie", "cinema", "room", "local_start", "occupancy", "price", "status")
    list_filter = ("status", "screen__cinema", ("movie", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("movie", "screen__cinema")
    search_fields = ("movie__title", "screen__name", "screen__cinema__name")
    autocomplete_fields = ("movie", "screen")
    ordering = ("starts_at", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: Show | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        taken = ("occupancy", "local_end")
        return ("movie", "screen", "total_seats", *taken) if obj.was_ever_booked else taken

    def get_fieldsets(self, request: HttpRequest, obj: Show | None = None) -> Any:
        fields = ["movie", "screen", "starts_at", "total_seats", "price"]
        if obj is not None:
            fields += ["status", "occupancy", "local_end"]
        return [(None, {"fields": fields})]

    def save_model(self, request: HttpRequest, obj: Show, form: ModelForm, change: bool) -> None:
        if change:
            services.change_show(show_id=obj.pk, **form.cleaned_data)
        else:
            show = services.schedule_show(**form.cleaned_data)
            obj.pk = show.pk
        obj.refresh_from_db()

    @admin.display(description="Cinema", ordering="screen__cinema__name")
    def cinema(self, show: Show) -> str:
        return show.screen.cinema.name

    @admin.display(description="Screen", ordering="screen__name")
    def room(self, show: Show) -> str:
        return show.screen.name

    @admin.display(description="Starts (cinema's clock)", ordering="starts_at")
    def local_start(self, show: Show) -> str:
        return f"{by_cinema_clock(show):%a %d %b %Y, %H:%M}"

    @admin.display(description="Ends (cinema's clock)")
    def local_end(self, show: Show) -> str:
        return f"{show.ends_at.astimezone(show.screen.cinema.zone):%a %d %b %Y, %H:%M}"

    @admin.display(description="Occupancy", ordering="live_seats")
    def occupancy(self, show: Show) -> str:
        return f"{show.live_seats} of {show.total_seats} ({100 * show.live_seats // show.total_seats} %)"
