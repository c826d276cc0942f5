"""A filter of lists by days, as the clocks of the cinemas tell them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest
from django.utils.timezone import now

from movies.local_days import by_local_day
from movies.models import Cinema
from movies.times import FIRST_MOMENT, LAST_MOMENT

EDGES = {"min_value": FIRST_MOMENT.date(), "max_value": LAST_MOMENT.date()}


class DayInput(forms.DateInput):
    """A day as browsers let people pick it."""

    input_type = "date"

    def __init__(self) -> None:
        edges = {"min": EDGES["min_value"].isoformat(), "max": EDGES["max_value"].isoformat()}
        super().__init__(edges, format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day that every time zone has."""

    widget = DayInput

    def __init__(self, **kwargs: Any) -> None:
        edges = [MinValueValidator(EDGES["min_value"]), MaxValueValidator(EDGES["max_value"])]
        super().__init__(validators=edges, **kwargs)


class LocalDaysFilter(admin.ListFilter):
    """From one day to another, both included, or open at an end. Each row by the clock of its own cinema.

    Django's own filters and drill-downs know the days of UTC only, by which an evening in New York belongs to
    the next day.
    """

    template = "admin/movies/local_days_filter.html"
    name: ClassVar[str]  # of its parameters
    moment: ClassVar[str]  # lookup of the time that it looks at
    cinema: ClassVar[str]  # lookup of the cinema by whose clock
    default = "Any day"  # what is shown while no day is chosen

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if value := params.pop(name, [""])[-1]:
                self.used_parameters[name] = value

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[Any]:
        return [f"{self.name}_from", f"{self.name}_to"]

    @property
    def form(self) -> forms.Form:
        first, last = self.expected_parameters()
        form = forms.Form(self.used_parameters)
        form.fields = {
            first: DayField(label="From", required=False),
            last: DayField(label="To", required=False),
        }
        return form

    def choices(self, changelist: Any) -> Iterator[Any]:
        own = self.expected_parameters()
        yield {
            "form": self.form,
            "others": [
                (name, value)
                for name, values in self.request.GET.lists()
                for value in values
                if name not in (*own, "p", "e")
            ],
            "selected": bool(self.used_parameters),
            "default": self.default,
            "query_string": changelist.get_query_string(remove=own),
        }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.used_parameters:
            return queryset
        form = self.form
        if not form.is_valid():
            raise IncorrectLookupParameters
        first, last = (form.cleaned_data[name] for name in form.fields)
        zones = Cinema.objects.time_zones()
        return queryset.filter(
            by_local_day(zones, lambda _zone: (first, last), moment=self.moment, cinema=self.cinema)
        )


class DaysSince(LocalDaysFilter):
    """The same for a list that only grows: while no day is chosen, it begins some time ago."""

    since: ClassVar[timedelta]
    default_of_all: ClassVar[str]

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        is_narrowed = model_admin.is_narrowed(request)
        self.begins = not self.used_parameters and not is_narrowed
        if not is_narrowed:
            self.default = self.default_of_all

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.begins:
            return queryset.filter(**{f"{self.moment}__gte": now() - self.since})
        return super().queryset(request, queryset)


class StartDays(DaysSince):
    title = "day (cinema's clock)"
    name, moment, cinema = "starts", "starts_at", "cinema"
    since, default_of_all = timedelta(days=1), "Since yesterday, and to come"
