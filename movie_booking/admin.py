"""What every page of the Admin does the same way: a refusal is a message, not a server error."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ERROR_FLAG, ORDER_VAR, SEARCH_VAR, ChangeList
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, OperationalError
from django.db.models import Field, ForeignKey, ManyToManyField, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property

from movie_booking.database import database_refusal
from movie_booking.errors import DomainError
from movie_booking.limits import is_searchable, parse_id

# What services refuse with: their own errors, and those of the database. An OperationalError is mostly a
# lock that could not be had in time.
REFUSALS = (DomainError, IntegrityError, OperationalError)


def refused(error: Exception) -> DomainError:
    """Return one of the REFUSALS as an error of the domain."""
    return error if isinstance(error, DomainError) else database_refusal(error) or DomainError(str(error))


def refusal(error: Exception) -> str:
    """Return one of the REFUSALS as a sentence for staff, with the fields it is about."""
    return refused(error).explanation


class IdSelect(AutocompleteSelect):
    """Django's own looks up what was sent before the field has checked that it is an id."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super().optgroups(name, [each for each in value if parse_id(each) is not None], attrs)


class IdSelectMultiple(AutocompleteSelectMultiple):
    """The same for several rows."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super().optgroups(name, [each for each in value if parse_id(each) is not None], attrs)


class IdsField(forms.ModelMultipleChoiceField):
    """Django's own asks the database for any number, and SQLite has none that is so large."""

    def _check_values(self, value: Any) -> Any:
        for each in value:
            if parse_id(str(each)) is None:
                text = self.error_messages["invalid_pk_value"]
                raise ValidationError(text, code="invalid_pk_value", params={"pk": each})
        return super()._check_values(value)  # type: ignore[misc]


# How many rows a list counts, leads through page by page and sorts by a column. What is further down is found
# by searching and filtering: to count it would take longer every year.
MAX_ROWS = 1000


class MoreThan(int):
    """A number of rows of which there are more: "1,000+"."""

    def __str__(self) -> str:
        return f"{int(self):,}+"


class BoundedPaginator(Paginator):
    """Pages of the first MAX_ROWS rows."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list  # a queryset
        found = rows[: MAX_ROWS + 1].count()
        return found if found <= MAX_ROWS else MoreThan(MAX_ROWS)


class BoundedChangeList(ChangeList):
    """A list that is sorted by a column has the same rows as in its own order: the first MAX_ROWS."""

    def get_results(self, request: HttpRequest) -> None:
        if self.params.get(ORDER_VAR) or self.query:
            ordering: Any = self.model_admin.get_ordering(request) or self.lookup_opts.ordering
            first = self.queryset.order_by(*ordering).values_list("pk", flat=True)[: MAX_ROWS + 1]
            # As a list: a planner that may choose would walk all rows in the order of the column, or look up
            # what belongs to every row that was found.
            self.queryset = self.queryset.filter(pk__in=list(first))
        super().get_results(request)


class SafeAdmin(admin.ModelAdmin):
    """A model admin that takes nonsense for nothing, where Django's own answers with a server error. Its list
    counts no more than it leads through.
    """

    show_full_result_count = False  # it would count the whole table, and "Show counts" that for every filter
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> Paginator:
        # The history of a row comes in pages too, and is short.
        paginator = BoundedPaginator if queryset.model is self.model else self.paginator
        return paginator(queryset, per_page, orphans, allow_empty_first_page)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        filters = [texts for name, texts in request.GET.lists() if name != SEARCH_VAR]
        if any("\0" in text for texts in filters for text in texts):
            # PostgreSQL takes no such text. To this address Django leads from every other bad filter.
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        return super().changelist_view(request, extra_context)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", IdSelect(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            widget = IdSelectMultiple(db_field, self.admin_site, using=kwargs.get("using"))
            kwargs.setdefault("widget", widget)
        return super().formfield_for_manytomany(db_field, request, **{"form_class": IdsField, **kwargs})

    # Django 6.1 says where on the page the button was.
    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], **place: Any
    ) -> HttpResponse | None:
        if any(parse_id(text) is None for text in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            text = "What was ticked cannot be read, so nothing was done. Please tick it anew."
            self.message_user(request, text, messages.WARNING)
            return None  # the list is shown again
        return super().response_action(request, queryset, **place)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        proposed = super().get_changeform_initial_data(request)
        read = {name: read_proposed(self.model, name, value) for name, value in proposed.items()}
        return {name: value for name, value in read.items() if value is not None}


def read_proposed(model: type[Model], name: str, value: Any) -> Any:
    """Return what a field of a new row begins with, as the address of its form says; None for nonsense."""
    try:
        field = model._meta.get_field(name)
        if isinstance(field, ForeignKey):
            return parse_id(value)
        if isinstance(field, ManyToManyField):
            return [row_id for each in value if (row_id := parse_id(each)) is not None]
        return field.to_python(value) if isinstance(field, Field) else None
    except (FieldDoesNotExist, ValidationError):
        return None


class ServiceAdmin(SafeAdmin):
    """A model admin whose forms and actions may call services: a refusal is shown above the page."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not is_searchable(search_term):
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        # Another request may change something between the check of the form and the writing. The view is
        # one transaction, so nothing of a form that is refused was written.
        view = super().changeform_view
        return self._report_refusal(request, partial(view, request, object_id, form_url, extra_context))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._report_refusal(request, partial(super().delete_view, request, object_id, extra_context))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # The actions of a list are requests to it.
        return self._report_refusal(request, partial(super().changelist_view, request, extra_context))

    def _report_refusal(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            return view()
        except REFUSALS as error:
            if request.method != "POST":
                raise  # reading takes no lock, and a redirect to the same page would never end
            self.message_user(request, refusal(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
