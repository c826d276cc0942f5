"""The seat map and its parts, the same for everyone."""

from typing import ClassVar

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_304_NOT_MODIFIED
from rest_framework.views import APIView

from bookings import schema, seat_map
from bookings.live import seat_events
from movie_booking.api.renderers import EventStream, EventStreamRenderer
from movie_booking.errors import Invalid
from movie_booking.limits import parse_id


def known_to(request: Request, version: int = 0) -> seat_map.Known:
    return seat_map.Known.of(request.META, request.query_params.get("min_version"), version=version)


class SeatsView(APIView):
    """A part of the seat map, polled by every open seat picker: see `answer_polls`, which comes before."""

    permission_classes = (AllowAny,)
    authentication_classes = ()  # the same for everyone: not even a token is looked at
    part: ClassVar[str | None]

    def answer(self, request: Request, show_id: str, part: str | None) -> Response:
        state = seat_map.current_state(int(show_id), part, known_to(request), whole=part != "layout")
        etag = state.etag_of(part)
        headers = seat_map.cache_headers(etag, deprecated=part != self.part)
        if seat_map.is_known(etag, request.META.get("HTTP_IF_NONE_MATCH", "")):
            return Response(status=HTTP_304_NOT_MODIFIED, headers=headers)
        return Response(seat_map.PARTS[part](state), headers=headers)


class SeatMapView(SeatsView):
    part = None

    @schema.get_seat_map
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 - the name in the path
        fields = request.query_params.get("fields")
        if fields not in seat_map.PARTS:
            choices = "Choose layout or availability, or leave it out for both."
            raise Invalid.of("fields", choices, "invalid_choice")
        return self.answer(request, id, fields)


class SeatLayoutView(SeatsView):
    part = "layout"

    @schema.get_seat_layout
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        return self.answer(request, id, self.part)


class SeatAvailabilityView(SeatsView):
    part = "availability"

    @schema.get_seat_availability
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        return self.answer(request, id, self.part)


class SeatStreamView(APIView):
    """The availability of seats as it changes, without being asked again."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    renderer_classes = (EventStreamRenderer,)

    @schema.stream_seats
    def get(self, request: Request, id: str) -> EventStream:  # noqa: A002
        version = parse_id(request.headers.get("Last-Event-ID", ""))
        return EventStream(seat_events(int(id), version, known_to(request, version or 0)))
