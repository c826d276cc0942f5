"""The HTTP face of bookings."""

from contextlib import suppress
from typing import Any, ClassVar

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from django_filters.rest_framework import DjangoFilterBackend
from drf_yasg import openapi
from drf_yasg.utils import no_body
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.requests import UserRequest
from bookings import queries, services
from bookings.filters import BookingFilter
from bookings.models import Booking, BookingQuerySet
from bookings.serializers import (
    BlockInput,
    BookingSerializer,
    BookSeatInput,
    CancelledShowSerializer,
    CancelShowInput,
    SeatMapSerializer,
    SelectionInput,
    SelectionSerializer,
)
from movie_booking.errors import Busy, Invalid, NotFound
from movie_booking.schema import BODY, PERMISSION_DENIED, SIGNED_IN, operation
from movies.services import ShowCancelled

TAG = "Bookings"
STAFF_BODY = (*BODY, *SIGNED_IN, PERMISSION_DENIED, NotFound, Busy)


class BookView(APIView):
    @operation(
        TAG,
        "Book a seat",
        {201: BookingSerializer},
        [
            Invalid,
            *BODY,
            *SIGNED_IN,
            NotFound,
            services.NoSuchSeat,
            services.SeatTaken,
            services.SoldInPairs,
            services.NotOnSale,
            services.SalesClosed,
            services.ShowStarted,
            ShowCancelled,
            Busy,
        ],
        operation_description=(
            "The show is locked, the seat checked and the booking written in one transaction: "
            "of any number of buyers who want a seat at the same moment, one gets it."
        ),
        request_body=BookSeatInput,
    )
    def post(self, request: UserRequest, id: str) -> Response:  # noqa: A002 - the name in the path
        data = BookSeatInput(data=request.data)
        data.is_valid(raise_exception=True)
        booking = services.book_seat(user=request.user, show_id=int(id), **data.validated_data)
        return Response(BookingSerializer(booking).data, status=HTTP_201_CREATED)


class BookingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Booking]):
    request: UserRequest
    permission_classes = (IsAuthenticated,)
    serializer_class = BookingSerializer
    queryset = Booking.objects.none()  # for the schema, which is drawn for nobody in particular
    filter_backends = (DjangoFilterBackend,)
    filterset_class = BookingFilter
    lookup_value_regex = "[0-9]{1,19}"

    def get_queryset(self) -> BookingQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return Booking.objects.of_user(self.request.user).with_details()

    @operation(TAG, "List my bookings", {}, [Invalid, *SIGNED_IN, NotFound])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @operation(TAG, "Show one of my bookings", {200: BookingSerializer}, [*SIGNED_IN, NotFound])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @operation(
        TAG,
        "Cancel a booking",
        {200: BookingSerializer},
        [
            *SIGNED_IN,
            NotFound,
            services.AlreadyCancelled,
            services.NotBooked,
            services.ShowStarted,
            ShowCancelled,
            Busy,
        ],
        operation_description="Frees the seat. The booking stays in your list, as CANCELLED.",
        request_body=no_body,
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: UserRequest, pk: str) -> Response:
        booking = services.cancel_booking(among=Booking.objects.of_user(request.user), booking_id=int(pk))
        return Response(BookingSerializer(booking).data)


class SeatMapView(APIView):
    """Polled by every open seat picker, so what has not changed costs one query for one row."""

    permission_classes = (AllowAny,)
    authentication_classes = ()  # the same for everyone: not even a token is looked at
    state: queries.MapState | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer 304 before DRF does its work; all else, refusals included, goes DRF's way."""
        known = request.headers.get("If-None-Match")
        if known and request.method in ("GET", "HEAD"):
            with suppress(NotFound, DatabaseError):
                self.state = queries.map_state(int(kwargs["id"]))
                etag = self.etag(self.state, request.GET.get("fields"))
                if {etag, "*"} & {tag.removeprefix("W/") for tag in parse_etags(known)}:
                    return HttpResponseNotModified(headers=cache_headers(etag))
        return super().dispatch(request, *args, **kwargs)

    @operation(
        "Shows",
        "Show the seat map of a show",
        {200: SeatMapSerializer, 304: None},
        [Invalid, NotFound],
        operation_description=(
            "Send the `ETag` of the last answer as `If-None-Match`, and while no seat has changed the answer"
            " is 304 without a body. `fields=layout` is the room without who sits where; it hardly ever"
            " changes. `fields=availability` is the few bytes to poll: `{show, seats_version,"
            " available_seats, taken: {held: [], booked: [5, 6], blocked: []}}`; all other seats are free."
        ),
        manual_parameters=[
            openapi.Parameter(
                "fields", openapi.IN_QUERY, type=openapi.TYPE_STRING, enum=["layout", "availability"]
            ),
            openapi.Parameter("If-None-Match", openapi.IN_HEADER, type=openapi.TYPE_STRING),
        ],
        security=[],
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 - the name in the path
        fields = request.query_params.get("fields")
        if fields not in MAPS:
            raise Invalid(errors={"fields": ["Choose layout or availability, or leave it out for both."]})
        state = self.state or queries.map_state(int(id))
        return Response(MAPS[fields](state), headers=cache_headers(self.etag(state, fields)))

    @staticmethod
    def etag(state: queries.MapState, fields: str | None) -> str:
        return state.layout_etag if fields == "layout" else state.etag


MAPS = {None: queries.seat_map, "layout": queries.layout, "availability": queries.availability}


def cache_headers(etag: str) -> dict[str, str]:
    """Anyone may keep a copy, and asks each time whether it still holds."""
    return {"ETag": etag, "Cache-Control": "public, no-cache"}


class StaffAction(APIView):
    """Something that staff with one particular permission do to a show."""

    permission_required: ClassVar[str]

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if not (request.user.is_staff and request.user.has_perm(self.permission_required)):
            self.permission_denied(request)


class BlockView(StaffAction):
    permission_required = "bookings.block_seats"

    @operation(
        "Shows",
        "Block seats of a show (staff)",
        {200: SelectionSerializer},
        [Invalid, services.NoSuchSeat, *STAFF_BODY, services.SeatTaken, ShowCancelled, services.ShowStarted],
        operation_description="All or none: a block never takes a sold seat.",
        request_body=BlockInput,
    )
    def post(self, request: UserRequest, id: str) -> Response:  # noqa: A002
        data = BlockInput(data=request.data)
        data.is_valid(raise_exception=True)
        selection = services.block_seats(staff=request.user, show_id=int(id), **data.validated_data)
        return Response(SelectionSerializer(selection).data)


class FreeView(StaffAction):
    permission_required = "bookings.block_seats"

    @operation(
        "Shows",
        "Free blocked seats of a show (staff)",
        {200: SelectionSerializer},
        [Invalid, services.NoSuchSeat, *STAFF_BODY, services.NotBlocked, ShowCancelled],
        operation_description="All or none.",
        request_body=SelectionInput,
    )
    def post(self, request: UserRequest, id: str) -> Response:  # noqa: A002
        data = SelectionInput(data=request.data)
        data.is_valid(raise_exception=True)
        selection = services.free_seats(show_id=int(id), **data.validated_data)
        return Response(SelectionSerializer(selection).data)


class CancelShowView(StaffAction):
    permission_required = "movies.change_show"

    @operation(
        "Shows",
        "Cancel a show (staff)",
        {200: CancelledShowSerializer},
        [Invalid, *STAFF_BODY, ShowCancelled, services.ShowStarted],
        operation_description="For good, with all its bookings.",
        request_body=CancelShowInput,
    )
    def post(self, request: UserRequest, id: str) -> Response:  # noqa: A002
        data = CancelShowInput(data=request.data)
        data.is_valid(raise_exception=True)
        show, cancelled = services.cancel_show(show_id=int(id), **data.validated_data)
        answer = CancelledShowSerializer(show, context={"cancelled_bookings": cancelled})
        return Response(answer.data)
