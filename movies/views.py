"""The HTTP face of the catalogue: anyone reads it, staff with the permission write it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.status import HTTP_200_OK, HTTP_201_CREATED
from rest_framework.viewsets import GenericViewSet

from movie_booking.api.filters import BoundedSearchFilter, StableOrderingFilter
from movie_booking.errors import InUse, Invalid, NotFound
from movie_booking.limits import ID_PATTERN
from movie_booking.schema import AUTHENTICATION_ERRORS, BODY_ERRORS, PERMISSION_DENIED, Problems, operation
from movies import services
from movies.errors import ScreenOccupied, ShowCancelled, ShowHasBookings, WrongStatus
from movies.filters import MovieFilter, ScreenFilter, ShowFilter
from movies.models import Cinema, Movie, Screen, Show, ShowQuerySet
from movies.permissions import AnyoneReadsStaffWrite
from movies.serializers import (
    CinemaInput,
    CinemaSerializer,
    MovieInput,
    MovieSerializer,
    ScreenInput,
    ScreenSerializer,
    ShowInput,
    ShowSerializer,
)

STAFF: Problems = (*AUTHENTICATION_ERRORS, PERMISSION_DENIED)


class CatalogueViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, GenericViewSet[Any]
):
    """Lists and shows rows to anyone; takes them from staff by one serializer, shows them by another."""

    permission_classes = (AnyoneReadsStaffWrite,)
    filter_backends = (DjangoFilterBackend, BoundedSearchFilter, StableOrderingFilter)
    lookup_value_regex = ID_PATTERN
    create_input: ClassVar[type[BaseSerializer[Any]]]
    change_input: ClassVar[type[BaseSerializer[Any]]]

    def create(self, request: Request) -> Response:
        data = self.create_input(data=request.data)
        data.is_valid(raise_exception=True)
        return self.answer(self.add(data), HTTP_201_CREATED)

    def update(self, request: Request, pk: str, partial: bool = False) -> Response:
        data = self.change_input(self.get_object(), data=request.data, partial=partial)
        data.is_valid(raise_exception=True)
        return self.answer(self.change(data))

    def partial_update(self, request: Request, pk: str) -> Response:
        return self.update(request, pk, partial=True)

    def add(self, data: Any) -> Any:
        return data.save()

    def change(self, data: Any) -> Any:
        return data.save()

    def answer(self, row: Any, status: int = HTTP_200_OK) -> Response:
        return Response(self.get_serializer(row).data, status=status)


def catalogue(
    tag: str, one: str, write_problems: Problems = ()
) -> Callable[[type[CatalogueViewSet]], type[CatalogueViewSet]]:
    """Describe the operations of a catalogue viewset in Swagger UI."""

    def describe(cls: type[CatalogueViewSet]) -> type[CatalogueViewSet]:
        output: Any = cls.serializer_class
        write: Problems = (Invalid, *BODY_ERRORS, *STAFF, *write_problems)
        described = {
            "list": operation(tag, f"List {one}s", {}, [Invalid, NotFound], security=[]),
            "retrieve": operation(tag, f"Show a {one}", {200: output}, [NotFound], security=[]),
            "create": operation(
                tag, f"Add a {one} (staff)", {201: output}, write, request_body=cls.create_input
            ),
            "update": operation(
                tag,
                f"Replace a {one} (staff)",
                {200: output},
                [*write, NotFound],
                request_body=cls.change_input,
            ),
            "partial_update": operation(
                tag,
                f"Change a {one} (staff)",
                {200: output},
                [*write, NotFound],
                request_body=cls.change_input,
            ),
            "destroy": operation(tag, f"Delete a {one} (staff)", {204: None}, [*STAFF, NotFound, InUse]),
        }
        for name, decorate in described.items():
            # A method of its own, so that its description does not become its siblings' too.
            setattr(cls, name, decorate(_copy(getattr(cls, name))))
        return cls

    return describe


def _copy(method: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(method)
    def call(self: CatalogueViewSet, request: Request, *args: Any, **kwargs: Any) -> Response:
        return method(self, request, *args, **kwargs)

    return call


def visible_shows(request: Request) -> ShowQuerySet:
    """Shows as customers see them; drafts too for staff who may look at shows."""
    shows = Show.objects.with_details()
    user = request.user
    if user.is_staff and (user.has_perm("movies.view_show") or user.has_perm("movies.change_show")):
        return shows
    return shows.visible_to_customers()


@catalogue("Movies", "movie")
class MovieViewSet(CatalogueViewSet):
    queryset = Movie.objects.prefetch_related("genres")
    serializer_class = MovieSerializer
    create_input = change_input = MovieInput
    filterset_class = MovieFilter
    search_fields = ("title", "description")
    ordering_fields = ("title", "release_date", "duration_minutes")
    ordering = ("title",)

    def add(self, data: Any) -> Movie:
        return services.save_movie(Movie(), **data.validated_data)

    def change(self, data: Any) -> Movie:
        return services.save_movie(data.instance, **data.validated_data)

    @operation("Shows", "List the shows of a movie", {}, [Invalid, NotFound], security=[], paged=True)
    @action(
        detail=True,
        queryset=Show.objects.with_details(),
        serializer_class=ShowSerializer,
        filterset_class=ShowFilter,
        search_fields=(),
        ordering_fields=("starts_at", "price"),
        ordering=("starts_at",),
    )
    def shows(self, request: Request, pk: str) -> Response:
        if not Movie.objects.filter(pk=pk).exists():
            raise NotFound
        shows = self.filter_queryset(visible_shows(request).filter(movie_id=int(pk)))
        page = self.paginate_queryset(shows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


@catalogue("Cinemas", "cinema")
class CinemaViewSet(CatalogueViewSet):
    queryset = Cinema.objects.all()
    serializer_class = CinemaSerializer
    create_input = change_input = CinemaInput
    search_fields = ("name", "address")
    ordering_fields = ("name",)
    ordering = ("name",)


@catalogue("Cinemas", "screen")
class ScreenViewSet(CatalogueViewSet):
    queryset = Screen.objects.select_related("cinema")
    serializer_class = ScreenSerializer
    create_input = change_input = ScreenInput
    filterset_class = ScreenFilter
    search_fields = ("name", "cinema__name")
    ordering_fields = ("name",)
    ordering = ("cinema__name", "name")

    def add(self, data: Any) -> Screen:
        return services.save_screen(Screen(), **data.validated_data)

    def change(self, data: Any) -> Screen:
        return services.save_screen(data.instance, **data.validated_data)


@catalogue(
    "Shows",
    "show",
    (ScreenOccupied, ShowHasBookings, WrongStatus, ShowCancelled),
)
class ShowViewSet(CatalogueViewSet):
    queryset = Show.objects.with_details()
    serializer_class = ShowSerializer
    create_input = change_input = ShowInput
    filterset_class = ShowFilter
    search_fields = ("movie__title",)
    ordering_fields = ("starts_at", "price")
    ordering = ("starts_at",)

    def get_queryset(self) -> ShowQuerySet:
        return visible_shows(self.request)

    def add(self, data: Any) -> Show:
        return services.schedule_show(**data.validated_data)

    def change(self, data: Any) -> Show:
        return services.change_show(show_id=data.instance.pk, **data.validated_data)
