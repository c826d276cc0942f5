"""Movies, cinemas and screens in the Admin: what of them may change once shows are scheduled and sold."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminRadioSelect
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest

from accounts.actors import Actor
from bookings import services
from movie_booking.errors import Invalid
from movies.admin import CinemaAdmin as CatalogueCinemaAdmin
from movies.admin import CinemaForm as CatalogueCinemaForm
from movies.admin import MovieAdmin as CatalogueMovieAdmin
from movies.admin import ScreenAdmin as CatalogueScreenAdmin
from movies.admin import ScreenForm as CatalogueScreenForm
from movies.admin import VersionedForm, admin_actor, reason_field
from movies.errors import OtherCinemas, ScreenHasShows, ShowsWouldOverlap, TimeZoneInUse
from movies.models import MAX_RUNNING_TIME, Cinema, Movie, Screen
from movies.services import count_shows_to_come


class MovieForm(VersionedForm):
    """A movie; another running time says which shows would clash, next to the field."""

    actor: Actor  # whoever fills it in: see `MovieAdmin.get_form`
    reason = reason_field()
    keep = forms.BooleanField(
        label="Leave the times of shows that have sold",
        required=False,
        help_text=(
            "Another running time moves the ends of all shows to come. With this tick, only of those that"
            " have not sold."
        ),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        minutes: Any = data.get("duration_minutes")
        is_possible = minutes in range(1, MAX_RUNNING_TIME + 1)  # if not, the model's own validators say so
        if self.instance.pk and "duration_minutes" in self.changed_data and is_possible:
            try:
                services.plan_running_time(
                    self.instance, minutes, actor=self.actor, keep=data.get("keep", False)
                )
            except OtherCinemas as error:
                cinemas = ", ".join(error.extra["cinemas"])
                raise ValidationError({"duration_minutes": f"{error.detail} They are: {cinemas}."}) from error
            except ShowsWouldOverlap as error:
                raise clashes("duration_minutes", error) from error
        return data


class CinemaForm(CatalogueCinemaForm):
    """A cinema; another time zone asks what its shows to come keep."""

    reason = reason_field()
    keep = forms.ChoiceField(
        label="Shows to come",
        required=False,
        choices=[
            ("moment", "keep the moment of their start: the clock will show another time"),
            (
                "clock",
                "keep the time that the clock shows: they are moved, and what was sold can be given back",
            ),
        ],
        widget=AdminRadioSelect({"class": "radiolist"}),
        help_text="To be chosen with another time zone.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.instance.pk and "time_zone" in self.changed_data and "time_zone" in data:
            try:
                services.plan_time_zone(self.instance, data["time_zone"], keep=data.get("keep") or None)
            except TimeZoneInUse as error:
                shows = error.extra["shows_to_come"]
                are = "1 show is" if shows == 1 else f"{shows} shows are"
                raise ValidationError(
                    {"keep": f"{are} to come in this cinema. Choose what to keep."}
                ) from error
            except ShowsWouldOverlap as error:
                raise clashes("time_zone", error) from error
            except Invalid as error:
                sentence = "Not all shows can keep the time that the clock shows. Nothing was changed."
                problems = error.extra["errors"]["time_zone"]
                raise ValidationError({"time_zone": sentence, NON_FIELD_ERRORS: problems}) from error
        return data


class ScreenForm(CatalogueScreenForm):
    """A screen; it stays in its cinema once tickets may say so."""

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.instance.pk and "cinema" in self.changed_data and services.has_had_shows(self.instance):
            raise ValidationError({"cinema": ScreenHasShows.detail})
        return data


def clashes(field: str, error: ShowsWouldOverlap) -> ValidationError:
    """Say next to the field that shows would clash, and above the form which: they may be many."""
    by_start = sorted(error.extra["clashes"], key=lambda clash: clash["starts_at"])
    which = [clash["summary"] for clash in by_start]
    return ValidationError({field: error.detail, NON_FIELD_ERRORS: which})


@admin.register(Movie)
class MovieAdmin(CatalogueMovieAdmin):
    form = MovieForm

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.actor = admin_actor(request)
        return form

    def get_fields(self, request: HttpRequest, obj: Movie | None = None) -> Any:
        may_change = obj is not None and self.has_change_permission(request, obj)
        return fields_with_keep(super().get_fields(request, obj), "duration_minutes" if may_change else None)

    def change_row(self, request: HttpRequest, row: Movie, changes: dict[str, Any]) -> None:
        services.change_movie(row, actor=admin_actor(request), **changes)


@admin.register(Cinema)
class CinemaAdmin(CatalogueCinemaAdmin):
    form = CinemaForm

    def get_fields(self, request: HttpRequest, obj: Cinema | None = None) -> Any:
        is_asked = (
            obj is not None and self.has_change_permission(request, obj) and count_shows_to_come(obj) > 0
        )
        return fields_with_keep(super().get_fields(request, obj), "time_zone" if is_asked else None)

    def change_row(self, request: HttpRequest, row: Cinema, changes: dict[str, Any]) -> None:
        services.change_cinema(row, actor=admin_actor(request), **changes)


@admin.register(Screen)
class ScreenAdmin(CatalogueScreenAdmin):
    form = ScreenForm

    def change_row(self, request: HttpRequest, row: Screen, changes: dict[str, Any]) -> None:
        services.change_screen(row, actor=admin_actor(request), **changes)


def fields_with_keep(names: Any, after: str | None) -> list[str]:
    """Return the fields of a form with `keep` and the reason after the one that they are about; without them,
    if that is None.
    """
    fields = [name for name in names if name not in ("keep", "reason")]
    if after in fields:
        at = fields.index(after) + 1
        fields[at:at] = ["keep", "reason"]
    return fields
