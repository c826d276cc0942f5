"""Movies, cinemas and screens, as staff enter them. `bookings.admin` adds what takes knowing of seats that
were sold, and registers them.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path

from movie_booking.admin import ServiceAdmin
from movies import services
from movies.admin.audited import Audited
from movies.admin.by_cinema import ByCinema, CinemaChoice, InlineByCinema
from movies.admin.editing import EditingAdmin, VersionedForm
from movies.models import Cinema, Genre, Movie, Screen
from movies.seat_chart import seat_chart
from movies.seat_plan import SeatPlanError, plan_of
from movies.validators import time_zones

SEATS_ARE_DRAWN = "The seats of this screen are drawn. Change the drawing, on the page of the screen."

SEATS_ARE_DRAWN_HERE = (
    "The seats of this screen are drawn. Change the drawing, or empty it to have rows of ten."
)


@admin.register(Genre)
class GenreAdmin(Audited, ServiceAdmin):
    search_fields = ("name_folded__contains",)


class MovieAdmin(EditingAdmin):
    date_hierarchy = "release_date"
    list_display = ("title", "running_time", "language", "certificate", "release_date")
    list_filter = ("genres", "language", "certificate")
    search_fields = ("title_folded__contains", "description_folded__contains")
    autocomplete_fields = ("genres",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    @admin.display(description="Running time", ordering="duration_minutes")
    def running_time(self, movie: Movie) -> str:
        return f"{movie.duration_minutes} min"

    def lock(self, row: Movie) -> Movie:
        return services.lock_timetable(row).row

    def save_model(self, request: HttpRequest, obj: Movie, form: VersionedForm, change: bool) -> None:
        if not change:
            return super().save_model(request, obj, form, change)
        changes = form.changes()
        changes.pop("genres", None)  # `save_related` writes them
        return self.change_row(request, obj, changes)


class ScreenForm(VersionedForm):
    """A screen with a drawing of its seats, or a number of seats in rows of ten."""

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
        is_counted = total is not None and "total_seats" in self.changed_data
        if drawn and is_counted and "seat_plan" not in self.changed_data:
            raise ValidationError({"total_seats": SEATS_ARE_DRAWN_HERE})
        try:
            self.instance.set_seat_plan(drawn, total_seats=total)
        except SeatPlanError as error:
            raise ValidationError({"seat_plan": str(error)}) from error
        except ValueError as error:
            raise ValidationError({"total_seats": str(error)}) from error
        data["total_seats"] = self.instance.total_seats
        if "seat_plan" in self.fields:
            data["seat_plan"] = self.instance.seat_plan
        return data


class PreviewForm(forms.Form):
    """A seat plan that is being typed."""

    seat_plan = forms.CharField(required=False, strip=False)
    total_seats = forms.IntegerField(required=False)


class ScreenInTableForm(ScreenForm):
    """A screen as a line of the table of its cinema, which shows no drawing and so draws none anew."""

    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["opened"] = self.opened_as
        self.drawing = self.instance.seat_plan
        if self.drawing:
            self.fields["total_seats"].widget.attrs |= {"readonly": True, "title": SEATS_ARE_DRAWN}

    def clean(self) -> dict[str, Any]:
        if self.drawing and "total_seats" in self.changed_data:
            raise ValidationError({"total_seats": SEATS_ARE_DRAWN})
        return super().clean()


class ScreenInline(InlineByCinema, admin.TabularInline):
    model = Screen
    form = ScreenInTableForm
    fields = ("name", "total_seats", "opened")
    extra = 1
    show_change_link = True


class CinemaForm(VersionedForm):
    """A cinema whose time zone is chosen: none is likelier than others."""

    time_zone = forms.ChoiceField(
        error_messages={"invalid_choice": "“%(value)s” is not an IANA time zone."},
        help_text="Of the place: staff and customers read the times of its shows by this clock.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.initial["time_zone"] = ""
        stored = [self.instance.time_zone] if self.instance.pk else []
        zone: Any = self.fields["time_zone"]
        zone.choices = [("", "---------"), *((name, name) for name in sorted({*time_zones(), *stored}))]

    def _get_validation_exclusions(self) -> set[str]:
        unchanged = {"time_zone"} - set(self.changed_data)  # one that is no longer in the database may stay
        return {*super()._get_validation_exclusions(), *unchanged}  # type: ignore[misc]


class CinemaAdmin(ByCinema, EditingAdmin):
    form = CinemaForm
    list_display = ("name", "address", "time_zone")
    list_filter = ("time_zone",)
    search_fields = ("name_folded__contains", "address_folded__contains")
    inlines = (ScreenInline,)

    def lock(self, row: Cinema) -> Cinema:
        return services.lock_timetable(row).row

    def save_model(self, request: HttpRequest, obj: Cinema, form: VersionedForm, change: bool) -> None:
        if change:
            self.change_row(request, obj, form.changes())
        else:
            super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        for screen, changed in formset.changed_objects:
            services.save_screen(screen, **{name: getattr(screen, name) for name in changed})
        for screen in formset.new_objects:
            screen.save()
        for screen in formset.deleted_objects:
            screen.delete()


class ScreenAdmin(ByCinema, EditingAdmin):
    form = ScreenForm
    list_display = ("name", "cinema", "total_seats", "no_single_seats")
    list_filter = (("cinema", CinemaChoice),)
    list_select_related = ("cinema",)
    search_fields = ("name_folded__contains", "cinema__name_folded__contains")
    autocomplete_fields = ("cinema",)

    def save_model(self, request: HttpRequest, obj: Screen, form: VersionedForm, change: bool) -> None:
        if not change:
            return super().save_model(request, obj, form, change)
        changes = form.changes()
        if {"seat_plan", "total_seats"} & changes.keys():
            changes |= {"seat_plan": obj.seat_plan, "total_seats": obj.total_seats}  # as `clean` drew them
        return self.change_row(request, obj, changes)

    class Media:
        css = {"all": ["movies/seat_chart.css"]}
        js = ["movies/seat_plan_preview.js"]

    def get_urls(self) -> list[URLPattern]:
        preview = path("preview/", self.admin_site.admin_view(self.preview), name="movies_screen_preview")
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Draw what was typed so far, or say what is wrong with it."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        form = PreviewForm(request.POST)
        context: dict[str, Any] = {}
        if not form.is_valid():
            context["error"] = " ".join(str(text) for texts in form.errors.values() for text in texts)
        elif form.has_changed():
            drawn, total = form.cleaned_data["seat_plan"], form.cleaned_data["total_seats"]
            try:
                context["chart"] = seat_chart(plan_of(drawn, total or 0))
            except ValueError as error:  # SeatPlanError is one
                context["error"] = str(error)
        return render(request, "admin/movies/seat_plan_preview.html", context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        screen = self.get_object(request, object_id) if object_id else None
        context = {"chart": seat_chart(screen.plan)} if screen else {}
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})
