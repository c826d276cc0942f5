"""What a customer bought: bookings, and the orders that they belong to."""

from functools import wraps
from typing import Any, ClassVar

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.timezone import now
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.status import HTTP_200_OK, HTTP_201_CREATED

from accounts.emails import counted_as
from accounts.http import UserRequest
from accounts.machines import Machine
from accounts.machines import Scope as KeyScope
from accounts.permissions import IsPerson
from bookings import access_keys, schema, services
from bookings.access_keys import Access
from bookings.buying_together import served_together
from bookings.filters import BookingFilter, OrderFilter
from bookings.idempotency import View, idempotent
from bookings.models import Booking, BookingQuerySet, Order, OrderQuerySet, as_reference
from bookings.permissions import EmailIsVerified, KeyForOrders, MayLeaveSingleSeat, UserOrGuest
from bookings.queueing import in_turn, show_named_in
from bookings.rows import BOOKINGS_OF_ORDER, ORDER_FOR_MACHINE, ORDER_OF_GUEST, OWN_ORDER
from bookings.serializers import (
    BookingSerializer,
    CancelBookingInput,
    CancelOrderInput,
    ClaimInput,
    ConfirmInput,
    ExchangeInput,
    MachineOrderInput,
    OrderInput,
    OrderQuoteInput,
    OrderQuoteSerializer,
    OrderSerializer,
    QuoteSerializer,
    changed_booking,
)
from bookings.views.actor import api_actor
from movie_booking.api.filters import SentFilters
from movie_booking.api.locations import SaysWhere
from movie_booking.api.pagination import NewestFirst
from movie_booking.api.parameters import StrictLists, named_id
from movie_booking.errors import Invalid, NotFound
from movie_booking.limits import ID_PATTERN
from movie_booking.throttling import Scope, by_account, by_address
from movies.views import of_cinemas


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
    throttle_scope = "booking"

    def get_queryset(self) -> BookingQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return Booking.objects.of_user(self.request.user).with_details()

    @cached_property
    def booking(self) -> Booking:
        """The booking that the path names, read once. A service reads it anew under the lock."""
        return self.get_object()

    def get_object(self) -> Booking:
        found, show_id = self.get_queryset().filter(pk=self.kwargs["pk"]), named_id(self.request, "show")
        for booking in found if show_id is None else found.filter(show=show_id):
            return booking
        raise NotFound

    def shows_to_lock(self) -> set[int]:
        return {self.booking.show_id}

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
        booking = services.cancel_booking(self.booking, actor=api_actor(request), **data.validated_data)
        return Response(changed_booking(booking))


def tells_access_key(create: View) -> View:
    """Add to the answer that made an order the key of its guest, which is stored nowhere: see `access_keys`.

    When it is told again, the guest may be there no more: an account has taken the order over.
    """

    @wraps(create)
    def call(self: "OrderViewSet", request: UserRequest) -> Response:
        response = create(self, request)
        for order in [self.made] if self.made else self._told(response.data):
            guest = order.guest
            if guest and (key := access_keys.key_told(Access(guest.access_salt, guest.access_key_hash))):
                response.data["access_key"] = key
        return response

    return call


@method_decorator(schema.list_orders, name="list")
@method_decorator(schema.read_order, name="retrieve")
class OrderViewSet(SaysWhere, mixins.ListModelMixin, mixins.RetrieveModelMixin, StrictLists):
    request: UserRequest
    permission_classes = (KeyForOrders, UserOrGuest, EmailIsVerified, MayLeaveSingleSeat)
    serializer_class = OrderSerializer
    queryset = Order.objects.none()  # for the schema, which is drawn for no user in particular
    filter_backends = (SentFilters,)
    filterset_class = OrderFilter
    pagination_class = NewestFirst
    locations: ClassVar = {"create": "orders/{reference}/"}
    lookup_field = "reference"
    lookup_value_regex = "[0-9A-Za-z]{1,20}"
    throttle_scope = "booking"
    made: Order | None = None

    def get_queryset(self) -> OrderQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        if self.machine:
            return self._listed_to(self.machine)
        return Order.objects.of_user(self.request.user).with_details()

    @property
    def machine(self) -> Machine | None:
        """The machine who asks, if it is one."""
        asking: Any = self.request.user
        return asking if isinstance(asking, Machine) else None

    @property
    def looks_up(self) -> bool:
        """Whether orders of others are read, each with its customer."""
        is_reading = self.action in KeyForOrders.reads
        return is_reading and self.machine is not None and self.machine.may(KeyScope.LOOK_UP)

    def _listed_to(self, machine: Machine) -> OrderQuerySet:
        """What a machine sold; or of a show that it has to name, what it looks up. In its cinemas."""
        if self.looks_up and not self.request.query_params.get("show"):
            raise Invalid.of("show", "Name the show whose orders are looked up.", "required")
        orders = Order.objects.of_customers() if self.looks_up else Order.objects.of_machine(machine.key_id)
        orders = of_cinemas(orders, self.request, "show__cinema")
        return orders.with_details().select_related("exchanged_from", "guest", "user")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "tells_customer": self.looks_up}

    def guest_limits(self) -> dict[Scope, str]:
        """Who is counted without a token: the address, and for a new order the e-mail address."""
        limits: dict[Scope, str] = {"guest": by_address(self.request)}
        guest = self.request.data.get("guest") if self.action == "create" else None
        if isinstance(guest, dict) and isinstance(email := guest.get("email"), str):
            one = counted_as(email, spellings_as_one=settings.EMAIL_SPELLINGS_AS_ONE)
            limits["guest_email"] = by_account(one)
        return limits

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
        for order in self._own(self.kwargs["reference"], named_id(self.request, "show")):
            return order
        raise NotFound

    def _own(self, typed: str, show_id: int | None) -> list[Order]:
        """The order of this reference, and of this show if one is named, if it is the user's, or the key that
        was sent is that of its guest or of a machine that may have it.
        """
        # As it stands too: an order that was brought from elsewhere may have an O in its reference.
        as_typed, meant = typed.upper(), as_reference(typed)
        if self.request.user.is_authenticated:
            return OWN_ORDER(self.request.user.pk, as_typed, meant, show_id=show_id)
        if self.machine:
            found = ORDER_FOR_MACHINE(as_typed, meant, show_id=show_id)
            return [order for order in found if self._is_for(self.machine, order)]
        key = self.request.META.get(access_keys.META_KEY, "")
        found = ORDER_OF_GUEST(as_typed, meant, show_id=show_id)
        return [each for each in found if each.guest and access_keys.opens(key, each.guest.access_key_hash)]

    def _is_for(self, machine: Machine, order: Order) -> bool:
        """Whether a machine sold this order, in one of its cinemas, or looks up what others did there."""
        cinema_id: int = order.cinema_id  # type: ignore[attr-defined]
        if self.looks_up and machine.may(KeyScope.LOOK_UP, cinema_id):
            return True
        is_own = order.machine_id == machine.key_id and order.guest is not None
        return is_own and machine.may(KeyScope.SELL, cinema_id)

    def changed(self, order: Order) -> Response:
        """The order as a service left it, with the guest as read before it, who stays as they are."""
        if order.guest_id and order.guest_id == self.order.guest_id:
            order.guest = self.order.guest
        return changed_response(order)

    def told_again(self, body: dict[str, Any]) -> dict[str, Any]:
        """Tell an order that was on hold, and whose time is over, as it is now; all else as it was then."""
        until = parse_datetime(body["expires_at"] or "")
        if until is None or until > now():
            return body
        # Who repeats the request that made an order has no key of it yet, and has shown that it is theirs.
        is_new = self.action == "create" and not self.request.user.is_authenticated
        own = self._told(body) if is_new else self._own(body["reference"], body["show"])
        told: Any = order_response(own[0]).data if own else body
        return told

    @staticmethod
    def _told(body: dict[str, Any]) -> list[Order]:
        """The order of which a guest or a machine was told, if no account has taken it over."""
        return ORDER_OF_GUEST(body["reference"], body["reference"], show_id=body["show"])

    def retrieve(self, request: UserRequest, reference: str) -> Response:  # type: ignore[override]
        return order_response(self.get_object(), tells_customer=self.looks_up)

    @schema.hold_seats
    def create(self, request: UserRequest) -> Response:
        if request.user.is_authenticated:
            return self.hold(request)
        return self.hold_for_guest(request)

    @served_together(lambda self, order: changed_response(order, HTTP_201_CREATED))
    def hold(self, request: UserRequest) -> services.Wish:
        data = self.order_input()
        if data.validated_data.get("guest") is not None:
            sentence = "You are signed in: leave out either this or the token."
            raise Invalid.of("guest", sentence, "incompatible")
        return services.HoldWish(data.validated_data["show"], data.choice, request.user, api_actor(request))

    @tells_access_key
    @idempotent
    def hold_for_guest(self, request: UserRequest) -> Response:
        data = self.order_input()
        details = services.GuestDetails(**data.validated_data.get("guest", {}))
        order = services.hold_seats(
            data.validated_data["show"],
            data.choice,
            customer=services.new_guest(details, by_machine=self.machine is not None),
            actor=api_actor(request),
        )
        self.made = order
        return changed_response(order, HTTP_201_CREATED)

    def order_input(self) -> OrderInput:
        data = (MachineOrderInput if self.machine else OrderInput)(data=self.request.data)
        data.is_valid(raise_exception=True)
        self.check_object_permissions(self.request, data.validated_data)
        return data

    @schema.claim_orders
    @action(detail=False, methods=["post"])
    def claim(self, request: UserRequest) -> Response:
        data = ClaimInput(data=request.data)
        data.is_valid(raise_exception=True)
        if data.validated_data:
            orders = services.claim_order(**data.validated_data, user=request.user)
        else:
            orders = services.claim_orders_by_email(request.user)
        return Response({"orders": orders})

    @schema.confirm_order
    @action(detail=True, methods=["post"])
    def confirm(self, request: UserRequest, reference: str) -> Response:
        if request.user.is_authenticated:
            return self.confirm_own(request)
        return self.confirm_of_guest(request)

    @served_together(lambda self, order: self.changed(order))
    def confirm_own(self, request: UserRequest) -> services.Wish:
        order, data = self.order, ConfirmInput(data=request.data)
        data.is_valid(raise_exception=True)
        return services.ConfirmWish(order, api_actor(request), **data.validated_data)

    @idempotent
    def confirm_of_guest(self, request: UserRequest) -> Response:
        order, data = self.order, ConfirmInput(data=request.data)
        data.is_valid(raise_exception=True)
        return self.changed(services.confirm_order(order, actor=api_actor(request), **data.validated_data))

    @schema.extend_order
    @action(detail=True, methods=["post"])
    @in_turn
    def extend(self, request: UserRequest, reference: str) -> Response:
        return self.changed(services.extend_order(self.order))

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
        return self.changed(order)

    @schema.exchange_seats
    @action(detail=True, methods=["post"])
    @idempotent
    def exchange(self, request: UserRequest, reference: str) -> Response:
        data = ExchangeInput(data=request.data)
        data.is_valid(raise_exception=True)
        self.check_object_permissions(request, data.validated_data)
        order = services.exchange_seats(self.order, actor=api_actor(request), **data.validated_data)
        return self.changed(order)


def changed_response(order: Order, status: int = HTTP_200_OK) -> Response:
    """The order as a service left it, with the version of the seat map that it made."""
    response = order_response(order, status)
    response.data["seats_version"] = order.show.seats_version
    return response


def order_response(order: Order, status: int = HTTP_200_OK, *, tells_customer: bool = False) -> Response:
    """The order with its bookings as the service left them, or else as they are now."""
    if order.known_bookings is None:
        order.known_bookings = BOOKINGS_OF_ORDER(order.show_id, order.pk)
    serializer = OrderSerializer(context={"tells_customer": tells_customer})
    return Response(serializer.to_representation(order), status=status)
