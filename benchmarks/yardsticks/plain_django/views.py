"""The views of a plain Django service: they lock, ask whether the seat is taken, and create."""

import jwt
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.yardsticks.plain_django.models import Account, Booking, Show
from benchmarks.yardsticks.shapes import PAGE, booking_json, map_json, page_json, show_json


class SeatTaken(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "Seat already booked."


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Account, None]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
        except jwt.InvalidTokenError as error:
            raise AuthenticationFailed from error
        user = Account.objects.filter(pk=claims["user_id"], is_active=True).first()
        if user is None or claims["token_type"] != "access":
            raise AuthenticationFailed
        return user, None


class BookInput(serializers.Serializer):
    seat_number = serializers.IntegerField(min_value=1)


class Book(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def post(self, request: Request, show_id: int) -> Response:
        data = BookInput(data=request.data)
        data.is_valid(raise_exception=True)
        seat = data.validated_data["seat_number"]
        with transaction.atomic():
            rows = Show.objects.select_related("movie", "screen__cinema").select_for_update(of=("self",))
            show = get_object_or_404(rows, pk=show_id)
            if show.status != "ON_SALE" or show.starts_at <= timezone.now() or seat > show.total_seats:
                raise ValidationError
            if Booking.objects.filter(show=show, seat_number=seat, status="BOOKED").exists():
                raise SeatTaken
            try:
                booking = Booking.objects.create(
                    show=show, user=request.user, seat_number=seat, price=show.price
                )
            except IntegrityError as error:
                raise SeatTaken from error
        answer = booking_json(booking, show, show.movie, show.screen, show.screen.cinema)
        return Response(answer, status.HTTP_201_CREATED)


class Shows(APIView):
    def get(self, request: Request) -> Response:
        upcoming = Show.objects.filter(status="ON_SALE", starts_at__gt=timezone.now())
        taken = Count("booking", filter=Q(booking__status="BOOKED"))
        rows = upcoming.select_related("movie", "screen__cinema").annotate(taken=taken)
        page = int(request.query_params.get("page", 1))
        chosen = rows.order_by("starts_at", "id")[PAGE * (page - 1) : PAGE * page]
        results = [
            show_json(show, show.movie, show.screen, show.screen.cinema, show.taken) for show in chosen
        ]
        return Response(page_json(upcoming.count(), page, request.build_absolute_uri(), results))


class Seats(APIView):
    def get(self, request: Request, show_id: int) -> Response:
        show = get_object_or_404(Show, pk=show_id)
        taken = Booking.objects.filter(show=show, status="BOOKED").values_list("seat_number", flat=True)
        return Response(map_json(show, set(taken)))


urlpatterns = [
    path("api/shows/", Shows.as_view()),
    path("api/shows/<int:show_id>/seats/", Seats.as_view()),
    path("api/shows/<int:show_id>/book/", Book.as_view()),
]
