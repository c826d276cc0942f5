"""The HTTP face of bookings."""

from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from drf_yasg.utils import no_body
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.requests import UserRequest
from bookings import services
from bookings.filters import BookingFilter
from bookings.models import Booking, BookingQuerySet
from bookings.serializers import BookingSerializer, BookSeatInput
from movie_booking.errors import Busy, Invalid, NotFound
from movie_booking.schema import BODY, SIGNED_IN, operation

TAG = "Bookings"


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
            services.ShowStarted,
            services.ShowCancelled,
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
            services.ShowCancelled,
            Busy,
        ],
        operation_description="Frees the seat. The booking stays in your list, as CANCELLED.",
        request_body=no_body,
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: UserRequest, pk: str) -> Response:
        booking = services.cancel_booking(among=Booking.objects.of_user(request.user), booking_id=int(pk))
        return Response(BookingSerializer(booking).data)
