"""The catalogue with what may change of it, and what is done with the seats of a show."""

from typing import Any, ClassVar

from django.utils.decorators import method_decorator
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED

from accounts.http import UserRequest
from accounts.permissions import IsPerson
from bookings import schema, services
from bookings.buying_together import served_together
from bookings.permissions import (
    EmailIsVerified,
    MayBlockSeats,
    MayCancelShow,
    MayLeaveSingleSeat,
    MayMoveShow,
)
from bookings.queueing import in_turn, turn_of
from bookings.serializers import (
    BlockInput,
    BookSeatInput,
    CancelledShowSerializer,
    CancelShowInput,
    MoveInput,
    MoveSerializer,
    SelectionInput,
    SelectionSerializer,
    changed_booking,
)
from bookings.views.actor import api_actor
from movie_booking.throttling import Scope
from movies.models import Cinema, Movie, Screen, Show
from movies.serializers import CinemaChangeInput, MovieChangeInput, ShowChangeInput
from movies.services import log_note
from movies.views import ChangeableViewSet
from movies.views import CinemaViewSet as CatalogueCinemaViewSet
from movies.views import MovieViewSet as CatalogueMovieViewSet
from movies.views import ScreenViewSet as CatalogueScreenViewSet
from movies.views import ShowViewSet as CatalogueShowViewSet


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
    locations: ClassVar = {**CatalogueShowViewSet.locations, "book": "bookings/{id}/"}
    throttle_scope: ClassVar[Scope | None] = None  # staff have none

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
    @action(
        detail=True,
        methods=["post"],
        permission_classes=[IsPerson, EmailIsVerified, MayLeaveSingleSeat],
        throttle_scope="booking",
    )
    @served_together(lambda self, order: Response(changed_booking(*order.all_bookings()), HTTP_201_CREATED))
    def book(self, request: UserRequest, pk: str) -> services.Wish:
        data = BookSeatInput(data=request.data)
        data.is_valid(raise_exception=True)
        self.check_object_permissions(request, data.validated_data)
        return services.BookWish(int(pk), data.choice, request.user, api_actor(request))

    @schema.block_seats
    @action(detail=True, methods=["post"], permission_classes=[IsPerson, MayBlockSeats])
    @in_turn
    def block(self, request: UserRequest, pk: str) -> Response:
        data = BlockInput(data=request.data)
        data.is_valid(raise_exception=True)
        selection = services.block_seats(int(pk), actor=api_actor(request), **data.validated_data)
        return Response(SelectionSerializer(selection).data)

    @schema.release_seats
    @action(detail=True, methods=["post"], permission_classes=[IsPerson, MayBlockSeats])
    @in_turn
    def free(self, request: UserRequest, pk: str) -> Response:
        data = SelectionInput(data=request.data)
        data.is_valid(raise_exception=True)
        selection = services.release_seats(int(pk), actor=api_actor(request), **data.validated_data)
        return Response(SelectionSerializer(selection).data)

    @schema.cancel_show
    @action(detail=True, methods=["post"], permission_classes=[IsPerson, MayCancelShow])
    @in_turn
    def cancel(self, request: UserRequest, pk: str) -> Response:
        data = CancelShowInput(data=request.data)
        data.is_valid(raise_exception=True)
        show, cancelled = services.cancel_show(int(pk), actor=api_actor(request), **data.validated_data)
        log_note(show, f"Cancelled through the API: {show.cancel_reason}", request.user)
        return Response(CancelledShowSerializer(show, context={"cancelled_bookings": cancelled}).data)

    @schema.move_show
    @action(detail=True, methods=["post"], permission_classes=[IsPerson, MayMoveShow])
    @in_turn
    def move(self, request: UserRequest, pk: str) -> Response:
        data = MoveInput(data=request.data)
        data.is_valid(raise_exception=True)
        self.check_place(data.validated_data)
        moved = services.move_show(
            int(pk), actor=api_actor(request), versions=self.versions(), **data.validated_data
        )
        if not data.validated_data["dry_run"]:
            log_note(moved.show, f"Moved through the API: {data.validated_data['reason']}", request.user)
        return Response(MoveSerializer(moved).data)
