"""The HTTP face of bookings: parse, call one service, render."""

from typing import Any, ClassVar

from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_200_OK, HTTP_201_CREATED, HTTP_304_NOT_MODIFIED
from rest_framework.views import APIView

from accounts.actors import Channel
from accounts.http import UserRequest
from bookings import schema, seat_map, services
from bookings.filters import BookingFilter
from bookings.idempotency import idempotent
from bookings.models import (
    Booking,
    BookingQuerySet,
    Order,
    OrderQuerySet,
    as_reference,
)
from bookings.permissions import MayBlockSeats, MayCancelShow, MayLeaveSingleSeat, MayMoveShow
from bookings.queueing import in_turn, show_named_in, turn_of
from bookings.rows import BOOKINGS_OF_ORDER, OWN_ORDER
from bookings.serializers import (
    BlockInput,
    BookingSerializer,
    BookSeatInput,
    CancelBookingInput,
    CancelledShowSerializer,
    CancelOrderInput,
    CancelShowInput,
    ConfirmInput,
    ExchangeInput,
    MoveInput,
    MoveSerializer,
    OrderInput,
    OrderSerializer,
    QuoteSerializer,
    SelectionInput,
    SelectionSerializer,
)
from bookings.services import Actor
from movie_booking.api.filters import SentFilters
from movie_booking.api.pagination import NewestFirst
from movie_booking.api.parameters import StrictLists
from movie_booking.errors import Invalid, NotFound
from movie_booking.limits import ID_PATTERN
from movies.models import Cinema, Movie, Screen, Show
from movies.serializers import CinemaChangeInput, MovieChangeInput, ShowChangeInput
from movies.services import log_note
from movies.views import ChangeableViewSet
from movies.views import CinemaViewSet as CatalogueCinemaViewSet
from movies.views import MovieViewSet as CatalogueMovieViewSet
from movies.views import ScreenViewSet as CatalogueScreenViewSet
from movies.views import ShowViewSet as CatalogueShowViewSet


def api_actor(request: UserRequest) -> Actor:
    return Actor(request.user, Channel.API)


@method_decorator(schema.update_movie, name="update")
@method_decorator(schema.partial_update_movie, name="partial_update")
class MovieViewSet(ChangeableViewSet, CatalogueMovieViewSet):
    request: UserRequest
    change_class = MovieChangeInput

    def perform_update(self, data: Any) -> Movie:
        return services.change_movie(
            data.instance, actor=api_actor(self.request), versions=self.versions(), **data.validated_data
        )


@method_decorator(schema.update_cinema, name="update")
@method_decorator(schema.partial_update_cinema, name="partial_update")
class CinemaViewSet(ChangeableViewSet, CatalogueCinemaViewSet):
    request: UserRequest
    change_class = CinemaChangeInput

    def perform_update(self, data: Any) -> Cinema:
        return services.change_cinema(
            data.instance, actor=api_actor(self.request), versions=self.versions(), **data.validated_data
        )


@method_decorator(schema.update_screen, name="update")
@method_decorator(schema.partial_update_screen, name="partial_update")
class ScreenViewSet(ChangeableViewSet, CatalogueScreenViewSet):
    request: UserRequest

    def perform_update(self, data: Any) -> Screen:
        return services.change_screen(
            data.instance, actor=api_actor(self.request), versions=self.versions(), **data.validated_data
        )


@method_decorator(schema.update_show, name="update")
@method_decorator(schema.partial_update_show, name="partial_update")
@method_decorator(schema.destroy_show, name="destroy")
class ShowViewSet(ChangeableViewSet, CatalogueShowViewSet):
    """Shows of the catalogue, what may change of them, and what is done with their seats."""

    request: UserRequest
    change_class = ShowChangeInput

    def shows_to_lock(self) -> set[int]:
        return {int(self.kwargs["pk"])}

    def perform_update(self, data: Any) -> Show:
        with turn_of(self):
            return services.change_show(
                data.instance.pk,
                actor=api_actor(self.request),
                versions=self.versions(),
                **data.validated_data,
            )

    def perform_destroy(self, show: Show) -> None:
        with turn_of(self):
            services.delete_show(show.pk, actor=api_actor(self.request), versions=self.versions())

    @schema.book_seat
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated, MayLeaveSingleSeat])
    @idempotent
    def book(self, request: UserRequest, pk: str) -> Response:
        data = BookSeatInput(data=request.data)
        data.is_valid(raise_exception=True)
        self.check_object_permissions(request, data.validated_data)
        booking = services.book_seat(
            int(pk), customer=request.user, actor=api_actor(request), **data.validated_data
        )
        return Response(BookingSerializer(booking).data, status=HTTP_201_CREATED)

    @schema.block_seats
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated, MayBlockSeats])
    @in_turn
    def block(self, request: UserRequest, pk: str) -> Response:
        data = BlockInput(data=request.data)
        data.is_valid(raise_exception=True)
        selection = services.block_seats(int(pk), actor=api_actor(request), **data.validated_data)
        return Response(SelectionSerializer(selection).data)

    @schema.release_seats
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated, MayBlockSeats])
    @in_turn
    def free(self, request: UserRequest, pk: str) -> Response:
        data = SelectionInput(data=request.data)
        data.is_valid(raise_exception=True)
        selection = services.release_seats(int(pk), actor=api_actor(request), **data.validated_data)
        return Response(SelectionSerializer(selection).data)

    @schema.cancel_show
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated, MayCancelShow])
    @in_turn
    def cancel(self, request: UserRequest, pk: str) -> Response:
        data = CancelShowInput(data=request.data)
        data.is_valid(raise_exception=True)
        show, cancelled = services.cancel_show(int(pk), actor=api_actor(request), **data.validated_data)
        log_note(show, f"Cancelled through the API: {show.cancel_reason}", request.user)
        return Response(CancelledShowSerializer(show, context={"cancelled_bookings": cancelled}).data)

    @schema.move_show
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated, MayMoveShow])
    @in_turn
    def move(self, request: UserRequest, pk: str) -> Response:
        data = MoveInput(data=request.data)
        data.is_valid(raise_exception=True)
        moved = services.move_show(
            int(pk), actor=api_actor(request), versions=self.versions(), **data.validated_data
        )
        if not data.validated_data["dry_run"]:
            log_note(moved.show, f"Moved through the API: {data.validated_data['reason']}", request.user)
        return Response(MoveSerializer(moved).data)


@method_decorator(schema.list_bookings, name="list")
@method_decorator(schema.read_booking, name="retrieve")
class BookingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, StrictLists):
    request: UserRequest
    permission_classes = (IsAuthenticated, MayLeaveSingleSeat)
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
class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, StrictLists):
    request: UserRequest
    permission_classes = (IsAuthenticated, MayLeaveSingleSeat)
    serializer_class = OrderSerializer
    queryset = Order.objects.none()  # for the schema, which is drawn for no user in particular
    filter_backends = ()
    pagination_class = NewestFirst
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


class SeatsView(APIView):
    """A part of the seat map, polled by every open seat picker: see `answer_polls`, which comes before."""

    permission_classes = (AllowAny,)
    authentication_classes = ()  # the same for everyone: not even a token is looked at
    part: ClassVar[str | None]

    def answer(self, request: Request, show_id: str, part: str | None) -> Response:
        state = getattr(request, "seat_map_state", None) or seat_map.seat_map_state(int(show_id))
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
