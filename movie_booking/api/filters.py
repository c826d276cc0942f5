"""Search, ordering and filters that every list shares: `?name=value`."""

import re
from functools import lru_cache
from typing import Any

from django import forms
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from rest_framework.filters import OrderingFilter, SearchFilter

from movie_booking.api.fields import BEYOND_MICROSECONDS, TOO_PRECISE
from movie_booking.errors import Invalid
from movie_booking.limits import MAX_ID, MAX_SEARCH_CHARACTERS


class SentFilters(filters.DjangoFilterBackend):
    """django-filter's, which makes only the filters that the client sent: the others narrow nothing down."""

    def get_filterset(self, request: Any, queryset: Any, view: Any) -> Any:
        filterset_class = self.get_filterset_class(view, queryset)
        if filterset_class is None:
            return None
        sent = frozenset(request.query_params).intersection(filterset_class.base_filters)
        return with_filters(filterset_class, sent)(**self.get_filterset_kwargs(request, queryset, view))


@lru_cache(maxsize=256)
def with_filters(filterset_class: Any, names: frozenset[str]) -> Any:
    """Return a class with these filters only."""
    narrowed: Any = type(filterset_class.__name__, (filterset_class,), {})
    filters_by_name = filterset_class.base_filters.items()
    narrowed.base_filters = {name: each for name, each in filters_by_name if name in names}
    return narrowed


class BoundedSearchFilter(SearchFilter):
    """`?search=`, of a bounded length."""

    def get_search_terms(self, request: Any) -> Any:
        text = request.query_params.get(self.search_param, "")
        if len(text) > MAX_SEARCH_CHARACTERS:
            message = f"Ensure this value has at most {MAX_SEARCH_CHARACTERS} characters."
            raise Invalid.of(self.search_param, message, "max_length")
        if "\0" in text:  # which DRF would refuse without saying in which parameter
            raise Invalid.of(self.search_param, "Null characters are not allowed.", "invalid_characters")
        return super().get_search_terms(request)

    def get_schema_operation_parameters(self, view: Any) -> Any:
        parameters = super().get_schema_operation_parameters(view) if view.search_fields else []
        for search in parameters:
            search["schema"]["maxLength"] = MAX_SEARCH_CHARACTERS
        return parameters


class StableOrderingFilter(OrderingFilter):
    """`?ordering=`, with the id as the tie-break: a page never repeats or misses a row."""

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> Any:
        ordering = super().get_ordering(request, queryset, view)
        return [*ordering, "pk"] if ordering else ordering

    def get_schema_operation_parameters(self, view: Any) -> Any:
        parameters = super().get_schema_operation_parameters(view)
        for ordering in parameters:
            fields = view.ordering_fields
            name = f" *-?({'|'.join(fields)}) *"
            ordering["schema"]["pattern"] = f"^({name}(,{name})*)?$"
            ordering["description"] = f"By {' or '.join(fields)}; with a minus before it backwards."
        return parameters

    def remove_invalid_fields(self, queryset: Any, fields: Any, view: Any, request: Any) -> Any:
        """Nothing is removed: raises Invalid."""
        valid = super().remove_invalid_fields(queryset, fields, view, request)
        if len(valid) < len(fields):
            choices = (
                f"Choose among {', '.join(view.ordering_fields)}, each with or without a minus before it."
            )
            raise Invalid.of(self.ordering_param, choices, "invalid_choice")
        return valid


class WrittenNumber(forms.DecimalField):
    """A number in the digits of ASCII. Python would also read `1_0`, `1e0` and the digits of every script."""

    written = re.compile(r"-?[0-9]+(\.[0-9]+)?")

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip() and not self.written.fullmatch(value.strip()):
            raise forms.ValidationError(self.error_messages["invalid"], "invalid")
        return super().to_python(value)


class WholeNumberFilter(filters.NumberFilter):
    """A whole number from 0 upwards."""

    field_class = WrittenNumber
    max_value: int

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=self.max_value, decimal_places=0, **kwargs)

    def get_max_validator(self) -> None:
        return None


class IdFilter(WholeNumberFilter):
    """The id of a related row. An id that no row has finds nothing."""

    max_value = MAX_ID


class CountFilter(WholeNumberFilter):
    """How many there are of something."""

    max_value = 1_000_000  # more than there are of anything that is counted


class Moment(IsoDateTimeField):
    """A time in ISO 8601, as precise as times are kept."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and BEYOND_MICROSECONDS.search(value):
            raise forms.ValidationError(TOO_PRECISE, "too_precise")
        return super().to_python(value)


class MomentFilter(filters.IsoDateTimeFilter):
    field_class = Moment


class TrueOrFalse(forms.Field):
    """A boolean in a query. Django's own fields take an invalid value for an empty one."""

    def to_python(self, value: Any) -> bool | None:
        try:
            return {"": None, "true": True, "1": True, "false": False, "0": False}[(value or "").lower()]
        except KeyError:
            raise forms.ValidationError("Send true or false.", "invalid") from None


class TrueOrFalseFilter(filters.BooleanFilter):
    field_class = TrueOrFalse

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.TextInput, **kwargs)
