"""What every page of the Admin does the same way: a refusal is a message, not a server error."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError, OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from movie_booking.database import database_refusal
from movie_booking.errors import DomainError
from movie_booking.limits import MAX_SEARCH_CHARACTERS

# What services refuse with: their own errors, and those of the database. An OperationalError is mostly a
# lock that could not be had in time.
REFUSALS = (DomainError, IntegrityError, OperationalError)


def refused(error: Exception) -> DomainError:
    """Return one of the REFUSALS as an error of the domain."""
    return error if isinstance(error, DomainError) else database_refusal(error) or DomainError(str(error))


def refusal(error: Exception) -> str:
    """Return one of the REFUSALS as a sentence for staff, with the fields it is about."""
    return refused(error).explanation


class ServiceAdmin(admin.ModelAdmin):
    """A model admin whose forms and actions may call services: a refusal is shown above the page."""

    show_full_result_count = False  # it would count a large table once more, for little use
    list_per_page = 50

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if len(search_term) > MAX_SEARCH_CHARACTERS:
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
