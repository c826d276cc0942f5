"""Lists come in pages."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from movie_booking.errors import NotFound
from movie_booking.limits import parse_id


class Pagination(PageNumberPagination):
    """Pages of 20, or as many as `page_size` says, up to 100."""

    page_size = 20
    page_size_query_param = "page_size"
    page_size_query_description = "How many a page: 1 to 100. Without it 20; more counts as 100."
    max_page_size = 100

    def get_page_number(self, request: Request, paginator: Any) -> int:
        """Return the number, or 0, which no page has. Python would read the digits of every script."""
        return parse_id(str(super().get_page_number(request, paginator))) or 0

    def first_page(self, request: Request, rows: Sequence[Any], count: int) -> Sequence[Any]:
        """Take these rows for the first page, of so many in all."""
        paginator = Paginator(rows, self.page_size)
        paginator.count = count
        self.page, self.request = paginator.page(1), request
        return rows


class NewestFirst(Pagination):
    """Pages of rows that are added while a client reads: the newest first, by id.

    `next` and `previous` name the row at which a page ends, not the number of a page: to follow them neither
    repeats nor misses a row. `?page=2` counts from the newest row, as it does in other lists.
    """

    cursor_query_param = "cursor"

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        self.url = remove_query_param(request.build_absolute_uri(), self.page_query_param)
        newest_first = queryset.order_by("-pk")
        if self.page_query_param in request.query_params:
            rows = super().paginate_queryset(newest_first, request, view) or []
            numbered: Any = self.page  # a page by now
            self.count = numbered.paginator.count
            self.older, self.newer = _ends(rows, numbered.has_next(), numbered.has_previous())
            return rows
        self.count = queryset.count()
        cursor, size = request.query_params.get(self.cursor_query_param), self.get_page_size(request)
        return self._rows_from(newest_first, cursor, size or 1)

    def _rows_from(self, rows: QuerySet[Any], cursor: str | None, size: int) -> list[Any]:
        """Return a page of the rows, and keep where the next and the previous one begin. Raises NotFound."""
        side, _, number = (cursor or "").partition("-")
        end = parse_id(number)
        if cursor and (side not in ("older", "newer") or end is None):
            raise NotFound
        if side == "newer":
            found = list(rows.filter(pk__gt=end).order_by("pk")[: size + 1])
            page = found[:size][::-1]
            self.older, self.newer = _ends(page, True, len(found) > size)
        else:
            found = list((rows.filter(pk__lt=end) if cursor else rows)[: size + 1])
            page = found[:size]
            self.older, self.newer = _ends(page, len(found) > size, bool(cursor))
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "count": self.count,
                "next": self._link(self.older),
                "previous": self._link(self.newer),
                "results": data,
            }
        )

    def _link(self, cursor: str | None) -> str | None:
        return replace_query_param(self.url, self.cursor_query_param, cursor) if cursor else None

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        cursor = {
            "name": self.cursor_query_param,
            "in": "query",
            "description": "Where the page begins: as `next` and `previous` have it.",
            "schema": {"type": "string"},
        }
        return [cursor, *super().get_schema_operation_parameters(view)]


def _ends(page: Sequence[Any], has_older: bool, has_newer: bool) -> tuple[str | None, str | None]:
    """Return the cursors of the rows that are older, and of those that are newer, than a page."""
    if not page:
        return None, None
    return (
        f"older-{page[-1].pk}" if has_older else None,
        f"newer-{page[0].pk}" if has_newer else None,
    )
