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
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_200_OK, HTTP_201_CREATED
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.requests import UserRequest
from bookings import errors, queries, services
from bookings.filters import BookingFilter
from bookings.idempotent import idempotent
from bookings.models import Booking, BookingQuerySet, Order, OrderQuerySet
from bookings.serializers import (
    BlockInput,
    BookingSerializer,
    BookSeatInput,
    CancelledShowSerializer,
    CancelOrderInput,
    CancelShowInput,
    ExchangeInput,
    OrderInput,
    OrderSerializer,
    QuoteSerializer,
    SeatMapSerializer,
    SelectionInput,
    SelectionSerializer,
)
from movie_booking.errors import Busy, Invalid, NotFound
from movie_booking.limits import ID_PATTERN
from movie_booking.schema import BODY, PERMISSION_DENIED, SIGNED_IN, Problems, operation
from movies.errors import ShowCancelled
from movies.seat_plan import SeatKind

TAG = "Bookings"
STAFF_BODY = (*BODY, *SIGNED_IN, PERMISSION_DENIED, NotFound, Busy)


IDEMPOTENCY = openapi.Parameter(
    "Idempotency-Key",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description=(
        "Any text that is new for each thing you want. Send the same request again with the same key"
        " and get the first answer again, with `Idempotent-Replayed: true`: nothing happens twice."
    ),
)
KEYED: Problems = (errors.KeyReused, errors.InProgress)
CLOSED: Problems = (errors.ShowStarted, ShowCancelled, Busy)
SELLING: Problems = (*CLOSED, errors.NotOnSale, errors.SalesClosed)
PICKING: Problems = (
    PERMISSION_DENIED,  # for the override of staff only
    errors.SeatTaken,
    errors.SoldInPairs,
    errors.LeavesSingleSeat,
    errors.TooManySeats,
)


def refuse_unless_staff(request: UserRequest, data: dict[str, Any]) -> None:
    """Raises PermissionDenied if a customer asks to be let off the single-seat rule."""
    user = request.user
    if data.get("leave_single_seat") and not (user.is_staff and user.has_perm("bookings.block_seats")):
        raise PermissionDenied


class BookView(APIView):
    @operation(
        TAG,
        "Book a seat",
        {201: BookingSerializer},
        [Invalid, *BODY, *SIGNED_IN, NotFound, errors.NoSuchSeat, *PICKING, *SELLING, *KEYED],
        operation_description=(
            "An order of one seat that is confirmed at once. The show is locked, the seat checked and the"
            " booking written in one transaction: of any number of buyers who want a seat at the same"
            " moment, one gets it."
        ),
        request_body=BookSeatInput,
        manual_parameters=[IDEMPOTENCY],
    )
    @idempotent
    def post(self, request: UserRequest, id: str) -> Response:  # noqa: A002 - the name in the path
        data = BookSeatInput(data=request.data)
        data.is_valid(raise_exception=True)
        refuse_unless_staff(request, data.validated_data)
        booking = services.book_seat(user=request.user, show_id=int(id), **data.validated_data)
        return Response(BookingSerializer(booking).data, status=HTTP_201_CREATED)


class BookingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Booking]):
    request: UserRequest
    permission_classes = (IsAuthenticated,)
    serializer_class = BookingSerializer
    queryset = Booking.objects.none()  # for the schema, which is drawn for nobody in particular
    filter_backends = (DjangoFilterBackend,)
    filterset_class = BookingFilter
    lookup_value_regex = ID_PATTERN

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
        "Quote what cancelling a booking brings",
        {200: QuoteSerializer},
        [
            *SIGNED_IN,
            NotFound,
            errors.AlreadyCancelled,
            errors.HoldExpired,
            errors.TooLateToCancel,
            *CLOSED,
        ],
        operation_description=(
            "Which share comes back depends on the time that is left; `valid_until` says how long this"
            " quote holds. Nothing is cancelled."
        ),
    )
    @action(detail=True)
    def cancellation(self, request: UserRequest, pk: str) -> Response:
        own = Booking.objects.of_user(request.user)
        return Response(QuoteSerializer(services.quote_cancellation(among=own, booking_id=int(pk))).data)

    @operation(
        TAG,
        "Cancel a booking",
        {200: BookingSerializer},
        [
            *SIGNED_IN,
            NotFound,
            errors.AlreadyCancelled,
            errors.HoldExpired,
            errors.TooLateToCancel,
            *CLOSED,
            *KEYED,
        ],
        operation_description="Frees the seat. The booking stays in your list, as CANCELLED.",
        request_body=no_body,
        manual_parameters=[IDEMPOTENCY],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def cancel(self, request: UserRequest, pk: str) -> Response:
        own = Booking.objects.of_user(request.user)
        booking = services.cancel_booking(user=request.user, among=own, booking_id=int(pk))
        return Response(BookingSerializer(booking).data)


class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Order]):
    request: UserRequest
    permission_classes = (IsAuthenticated,)
    serializer_class = OrderSerializer
    queryset = Order.objects.none()  # for the schema, which is drawn for nobody in particular
    filter_backends = ()
    lookup_field = "reference"
    lookup_value_regex = "[0-9A-Za-z]{1,20}"

    def get_queryset(self) -> OrderQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return self.own.with_details()

    @property
    def own(self) -> OrderQuerySet:
        return Order.objects.of_user(self.request.user)

    def get_object(self) -> Order:
        order = self.get_queryset().filter(reference=self.reference).first()
        if order is None:
            raise NotFound
        return order

    @property
    def reference(self) -> str:
        """As printed: it may be typed in any case."""
        return self.kwargs["reference"].upper()

    def answer(self, order: Order, status: int = HTTP_200_OK) -> Response:
        """The order as it is now, whatever a service just did to it."""
        fresh = Order.objects.with_details().get(pk=order.pk)
        return Response(OrderSerializer(fresh).data, status=status)

    @operation(
        "Orders",
        "List my orders",
        {},
        [*SIGNED_IN, NotFound],
        operation_description="Newest first, with those that are over.",
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @operation("Orders", "Show one of my orders", {200: OrderSerializer}, [*SIGNED_IN, NotFound])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @operation(
        "Orders",
        "Hold seats",
        {201: OrderSerializer},
        [
            Invalid,
            *BODY,
            *SIGNED_IN,
            NotFound,
            *PICKING,
            errors.NotTogether,
            errors.NotEnoughSeats,
            errors.TooManyHolds,
            *SELLING,
            *KEYED,
        ],
        operation_description=(
            "All seats or none, held while you pay: confirm the order before `expires_at`. Name the seats"
            ' (`{"show": 1, "seat_numbers": [5, 6]}`) or leave the choice to the house'
            ' (`{"show": 1, "best_available": 2}`). A conflict names every seat in the way.'
        ),
        request_body=OrderInput,
        manual_parameters=[IDEMPOTENCY],
    )
    @idempotent
    def create(self, request: UserRequest) -> Response:
        data = OrderInput(data=request.data)
        data.is_valid(raise_exception=True)
        refuse_unless_staff(request, data.validated_data)
        wish = {name: value for name, value in data.validated_data.items() if name != "show"}
        if "kind" in wish:
            wish["kind"] = SeatKind(wish["kind"])
        order = services.hold_seats(
            user=request.user, show_id=data.validated_data["show"], wish=services.Wish(**wish)
        )
        return self.answer(order, HTTP_201_CREATED)

    @operation(
        "Orders",
        "Confirm an order",
        {200: OrderSerializer},
        [
            *SIGNED_IN,
            NotFound,
            errors.HoldExpired,
            errors.AlreadyConfirmed,
            errors.AlreadyCancelled,
            *CLOSED,
            *KEYED,
        ],
        operation_description="Books the held seats. An expired hold stays expired: nothing is booked anew.",
        request_body=no_body,
        manual_parameters=[IDEMPOTENCY],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def confirm(self, request: UserRequest, reference: str) -> Response:
        order = services.confirm_order(user=request.user, among=self.own, reference=self.reference)
        return self.answer(order)

    @operation(
        "Orders",
        "Hold the seats of an order for longer",
        {200: OrderSerializer},
        [
            *SIGNED_IN,
            NotFound,
            errors.HoldExpired,
            errors.NotHeld,
            errors.AlreadyCancelled,
            errors.HoldLimitReached,
            *CLOSED,
        ],
        operation_description=(
            "Starts the time of the hold anew, up to a limit that counts from when the order was made."
        ),
        request_body=no_body,
    )
    @action(detail=True, methods=["post"])
    def extend(self, request: UserRequest, reference: str) -> Response:
        return self.answer(services.extend_order(among=self.own, reference=self.reference))

    @operation(
        "Orders",
        "Cancel an order, or some of its seats",
        {200: OrderSerializer},
        [
            Invalid,
            *BODY,
            *SIGNED_IN,
            NotFound,
            errors.AlreadyCancelled,
            errors.HoldExpired,
            errors.SoldInPairs,
            errors.TooLateToCancel,
            *CLOSED,
            *KEYED,
        ],
        operation_description="Releases a hold, or cancels what was booked.",
        request_body=CancelOrderInput,
        manual_parameters=[IDEMPOTENCY],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def cancel(self, request: UserRequest, reference: str) -> Response:
        data = CancelOrderInput(data=request.data)
        data.is_valid(raise_exception=True)
        order = services.cancel_order(
            user=request.user, among=self.own, reference=self.reference, **data.validated_data
        )
        return self.answer(order)

    @operation(
        "Orders",
        "Exchange seats of an order",
        {200: OrderSerializer},
        [
            Invalid,
            *BODY,
            *SIGNED_IN,
            NotFound,
            errors.AlreadyCancelled,
            errors.HoldExpired,
            PERMISSION_DENIED,
            errors.SeatTaken,
            errors.SoldInPairs,
            errors.LeavesSingleSeat,
            *SELLING,
            *KEYED,
        ],
        operation_description="In one step: you are never without a seat and never have two.",
        request_body=ExchangeInput,
        manual_parameters=[IDEMPOTENCY],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def exchange(self, request: UserRequest, reference: str) -> Response:
        data = ExchangeInput(data=request.data)
        data.is_valid(raise_exception=True)
        fields = dict(data.validated_data)
        refuse_unless_staff(request, fields)
        order = services.exchange_seats(
            user=request.user,
            among=self.own,
            reference=self.reference,
            give=fields.pop("from"),
            get=fields.pop("to"),
            **fields,
        )
        return self.answer(order)


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
        [Invalid, errors.NoSuchSeat, *STAFF_BODY, errors.SeatTaken, ShowCancelled, errors.ShowStarted],
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
        [Invalid, errors.NoSuchSeat, *STAFF_BODY, errors.NotBlocked, ShowCancelled],
        operation_description="All or none.",
        request_body=SelectionInput,
    )
    def post(self, request: UserRequest, id: str) -> Response:  # noqa: A002
        data = SelectionInput(data=request.data)
        data.is_valid(raise_exception=True)
        selection = services.free_seats(staff=request.user, show_id=int(id), **data.validated_data)
        return Response(SelectionSerializer(selection).data)


class CancelShowView(StaffAction):
    permission_required = "movies.change_show"

    @operation(
        "Shows",
        "Cancel a show (staff)",
        {200: CancelledShowSerializer},
        [Invalid, *STAFF_BODY, ShowCancelled, errors.ShowStarted],
        operation_description="For good, with all its bookings.",
        request_body=CancelShowInput,
    )
    def post(self, request: UserRequest, id: str) -> Response:  # noqa: A002
        data = CancelShowInput(data=request.data)
        data.is_valid(raise_exception=True)
        show, cancelled = services.cancel_show(staff=request.user, show_id=int(id), **data.validated_data)
        answer = CancelledShowSerializer(show, context={"cancelled_bookings": cancelled})
        return Response(answer.data)
