"""What every page of the Admin does the same way: a refusal is a message, not a server error."""

from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from movie_booking.api import BoundedSearchFilter, as_domain_error
from movie_booking.errors import DomainError, Invalid


def refusal(error: DomainError) -> str:
    """Return the error as a sentence for staff, with the fields it is about."""
    if isinstance(error, Invalid) and "errors" in error.extra:
        return " ".join(message for field in error.extra["errors"].values() for message in field)
    return error.detail


class HouseAdmin(admin.ModelAdmin):
    """A model admin whose forms may call services: what these refuse is shown above the page."""

    show_full_result_count = False  # a second count of a large table, for nobody
    list_per_page = 50

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Nobody types more, and databases refuse patterns of any size.
        if len(search_term) > BoundedSearchFilter.max_length:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (DomainError, IntegrityError) as error:
            # Somebody changed something between the check of the form and the writing. The view is
            # one transaction, so nothing of this form was written.
            self.message_user(request, refusal(as_domain_error(error)), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
