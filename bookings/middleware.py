"""What is answered before anything else is asked."""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from bookings import seat_map
from movie_booking.api.negotiation import takes_any_json
from movie_booking.api.problems import plain_problem
from movie_booking.api.unchanged import Unchanged
from movie_booking.errors import Invalid, NotFound, TooManyRequests
from movie_booking.limits import ID_PATTERN
from movie_booking.repeats import Revalidation
from movie_booking.request_context import ROUTE
from movie_booking.throttling import quotas_of, throttle_read

GetResponse = Callable[[HttpRequest], HttpResponse]

SEATS = re.compile(f"/api/shows/({ID_PATTERN})/seats/(?:(layout|availability)/)?")


def answer_polls(get_response: GetResponse) -> GetResponse:
    """Middleware: 304 to every open seat picker that asks whether the seat map has changed, if it has not.

    It takes one query for one row, and no more of Django and DRF than it needs. All else the view answers.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        known = request.META.get("HTTP_IF_NONE_MATCH")
        path = SEATS.fullmatch(request.path_info) if known and request.method in ("GET", "HEAD") else None
        fields = request.GET.get("fields") if path and not path[2] else None
        if known and path and fields in seat_map.PARTS and takes_any_json(request):
            request.META[ROUTE] = "/api/shows/{id}/seats/" + (f"{path[2]}/" if path[2] else "")
            request.get_host()  # raises DisallowedHost
            try:
                if not quotas_of(request):  # else it was counted before it came here
                    throttle_read(request)
            except TooManyRequests as error:
                return plain_problem(error)
            part = path[2] or fields
            with suppress(NotFound, Invalid, DatabaseError):  # all that is refused, the view refuses
                min_version = request.GET.get("min_version") if request.META.get("QUERY_STRING") else None
                told = seat_map.Known.of(request.META, min_version)
                look = partial(seat_map.current_etag, int(path[1]), part, told)
                etag = look()
                if seat_map.is_known(etag, known):
                    headers = seat_map.cache_headers(etag, deprecated=fields is not None)
                    return Unchanged(Revalidation((path[1], part, told), look, etag), headers=headers)
        return get_response(request)

    return middleware
