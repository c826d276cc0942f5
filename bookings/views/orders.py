"""What a customer bought: bookings, and the orders that they belong to."""

from typing import Any, ClassVar

from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.timezone import now
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.status import HTTP_200_OK, HTTP_201_CREATED

from accounts.http import UserRequest
from accounts.permissions import IsPerson
from bookings import schema, services
from bookings.filters import BookingFilter, OrderFilter
from bookings.idempotency import idempotent
from bookings.models import Booking, BookingQuerySet, Order, OrderQuerySet, as_reference
from bookings.permissions import MayLeaveSingleSeat
from bookings.queueing import in_turn, show_named_in
from bookings.rows import BOOKINGS_OF_ORDER, OWN_ORDER
from bookings.serializers import (
    BookingSerializer,
    CancelBookingInput,
    CancelOrderInput,
    ConfirmInput,
    ExchangeInput,
    OrderInput,
    OrderQuoteInput,
    OrderQuoteSerializer,
    OrderSerializer,
    QuoteSerializer,
)
from bookings.views.actor import api_actor
from movie_booking.api.filters import SentFilters
from movie_booking.api.locations import SaysWhere
from movie_booking.api.pagination import NewestFirst
from movie_booking.api.parameters import StrictLists
from movie_booking.errors import NotFound
from movie_booking.limits import ID_PATTERN


@method_decorator(schema.list_bookings, name="list")
@method_decorator(schema.read_booking, name="retrieve")
class BookingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, StrictLists):
    request: UserRequest
    permission_classes = (IsPerson, MayLeaveSingleSeat)
    serializer_class = BookingSerializer
    queryset = Booking.objects.none()  # for the schema, which is drawn for no user in particular
    filter_backends = (SentFilters,)
    filterset_class = BookingFilter
    pagination_class = NewestFirst
    lookup_value_regex = ID_PATTERN

    def get_queryset(self) -> BookingQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return Booking.objects.of_user(self.request.user).with_details()

    def shows_to_lock(self) -> set[int]:
        own = Booking.objects.of_user(self.request.user).filter(pk=self.kwargs["pk"])
        return set(own.values_list("show_id", flat=True))

    @schema.quote_cancellation
    @action(detail=True)
    def cancellation(self, request: UserRequest, pk: str) -> Response:
        quote = services.quote_cancellation(self.get_object())
        return Response(QuoteSerializer(quote).data)

    @schema.cancel_booking
    @action(detail=True, methods=["post"])
    @idempotent
    def cancel(self, request: UserRequest, pk: str) -> Response:
        data = CancelBookingInput(data=request.data)
        data.is_valid(raise_exception=True)
        self.check_object_permissions(request, data.validated_data)
        booking = services.cancel_booking(self.get_object(), actor=api_actor(request), **data.validated_data)
        return Response(BookingSerializer(booking).data)


@method_decorator(schema.list_orders, name="list")
@method_decorator(schema.read_order, name="retrieve")
class OrderViewSet(SaysWhere, mixins.ListModelMixin, mixins.RetrieveModelMixin, StrictLists):
    request: UserRequest
    permission_classes = (IsPerson, MayLeaveSingleSeat)
    serializer_class = OrderSerializer
    queryset = Order.objects.none()  # for the schema, which is drawn for no user in particular
    filter_backends = (SentFilters,)
    filterset_class = OrderFilter
    pagination_class = NewestFirst
    locations: ClassVar = {"create": "orders/{reference}/"}
    lookup_field = "reference"
    lookup_value_regex = "[0-9A-Za-z]{1,20}"

    def get_queryset(self) -> OrderQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return Order.objects.of_user(self.request.user).with_details()

    def shows_to_lock(self) -> set[int]:
        if self.action == "create":
            return show_named_in(self.request, "show")
        named = show_named_in(self.request, "to_show") if self.action == "exchange" else set()
        return {self.order.show_id} | named

    @cached_property
    def order(self) -> Order:
        """The order that the path names, read once. A service reads it anew under the lock."""
        return self.get_object()

    def get_object(self) -> Order:
        """The order without its bookings: a service reads them itself, once it has the lock."""
        typed = self.kwargs["reference"]
        # As it stands too: an order that was brought from elsewhere may have an O in its reference.
        for order in OWN_ORDER(self.request.user.pk, typed.upper(), as_reference(typed)):
            return order
        raise NotFound

    def told_again(self, body: dict[str, Any]) -> dict[str, Any]:
        """Tell an order that was on hold, and whose time is over, as it is now; all else as it was then."""
        until = parse_datetime(body["expires_at"] or "")
        if until is None or until > now():
            return body
        own = OWN_ORDER(self.request.user.pk, body["reference"], body["reference"])
        told: Any = order_response(own[0]).data if own else body
        return told

    def retrieve(self, request: UserRequest, reference: str) -> Response:  # type: ignore[override]
        return order_response(self.get_object())

    @schema.hold_seats
    @idempotent
    def create(self, request: UserRequest) -> Response:
        data = OrderInput(data=request.data)
        data.is_valid(raise_exception=True)
        self.check_object_permissions(request, data.validated_data)
        order = services.hold_seats(
            data.validated_data["show"], data.choice, customer=request.user, actor=api_actor(request)
        )
        return order_response(order, HTTP_201_CREATED)

    @schema.confirm_order
    @action(detail=True, methods=["post"])
    @idempotent
    def confirm(self, request: UserRequest, reference: str) -> Response:
        data = ConfirmInput(data=request.data)
        data.is_valid(raise_exception=True)
        return order_response(
            services.confirm_order(self.order, actor=api_actor(request), **data.validated_data)
        )

    @schema.extend_order
    @action(detail=True, methods=["post"])
    @in_turn
    def extend(self, request: UserRequest, reference: str) -> Response:
        return order_response(services.extend_order(self.order))

    @schema.quote_order
    @action(detail=True)
    def cancellation(self, request: UserRequest, reference: str) -> Response:
        asked = OrderQuoteInput.of(request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(OrderQuoteSerializer(services.quote_order(self.order, **asked.validated_data)).data)

    @schema.cancel_order
    @action(detail=True, methods=["post"])
    @idempotent
    def cancel(self, request: UserRequest, reference: str) -> Response:
        data = CancelOrderInput(data=request.data)
        data.is_valid(raise_exception=True)
        self.check_object_permissions(request, data.validated_data)
        order = services.cancel_order(self.order, actor=api_actor(request), **data.validated_data)
        return order_response(order)

    @schema.exchange_seats
    @action(detail=True, methods=["post"])
    @idempotent
    def exchange(self, request: UserRequest, reference: str) -> Response:
        data = ExchangeInput(data=request.data)
        data.is_valid(raise_exception=True)
        self.check_object_permissions(request, data.validated_data)
        order = services.exchange_seats(self.order, actor=api_actor(request), **data.validated_data)
        return order_response(order)


def order_response(order: Order, status: int = HTTP_200_OK) -> Response:
    """The order with its bookings as the service left them, or else as they are now."""
    if order.known_bookings is None:
        order.known_bookings = BOOKINGS_OF_ORDER(order.pk)
    return Response(OrderSerializer().to_representation(order), status=status)
