"""The HTTP face of the catalogue: anyone reads it, staff with the permission write it."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils.decorators import method_decorator
from django.utils.http import parse_etags
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.status import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT

from accounts.http import UserRequest
from accounts.machines import Machine
from movie_booking import replica
from movie_booking.api.filters import BoundedSearchFilter, SentFilters, StableOrderingFilter
from movie_booking.api.locations import SaysWhere
from movie_booking.api.pagination import Pagination
from movie_booking.api.parameters import StrictLists
from movie_booking.errors import NotFound
from movie_booking.limits import ID_PATTERN
from movies import schema, services
from movies.access import NOWHERE, Cinemas, cinemas_with
from movies.filters import MovieFilter, ScreenFilter, ShowFilter
from movies.listing import upcoming_shows
from movies.models import Cinema, Movie, Screen, Show, ShowQuerySet
from movies.permissions import AnyoneReadsStaffWrite, KeyReadsCatalogue
from movies.serializers import (
    CinemaInput,
    CinemaSerializer,
    MovieInput,
    MovieSerializer,
    ScreenInput,
    ScreenSerializer,
    ShowInput,
    ShowSerializer,
    show_json,
)

P = ParamSpec("P")
ViewSet = TypeVar("ViewSet", bound="CatalogueViewSet")
Handler = Callable[Concatenate[ViewSet, P], Response]


def from_replica(handler: Handler[ViewSet, P]) -> Handler[ViewSet, P]:
    """Decorator of what reads rows by `get_queryset`: of a replica, if there is one and anybody asks."""

    @wraps(handler)
    def read(self: ViewSet, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        def ask(database: str) -> Response:
            self.database = database
            return handler(self, *args, **kwargs)

        if replica.exists() and replica.is_anybodys(self.request.META):
            return replica.read(ask)
        return handler(self, *args, **kwargs)

    return read


class CatalogueViewSet(SaysWhere, mixins.ListModelMixin, StrictLists):
    """Lists and shows rows to anyone; takes them from staff by one serializer, shows them by another.

    One row comes with its version as `ETag`. Staff change or delete it as they have seen it: see `versions`.
    """

    request: UserRequest
    permission_classes = (KeyReadsCatalogue, AnyoneReadsStaffWrite)
    filter_backends = (SentFilters, BoundedSearchFilter, StableOrderingFilter)
    lookup_value_regex = ID_PATTERN
    input_class: ClassVar[type[BaseSerializer[Any]]]
    # How its rows name their cinema; none for what every cinema has.
    cinema_path: ClassVar = ""
    database = DEFAULT_DB_ALIAS  # which the rows are read from

    def get_queryset(self) -> Any:
        return self.in_database(of_cinemas(super().get_queryset(), self.request, self.cinema_path))

    def in_database(self, rows: Any) -> Any:
        return rows if self.database == DEFAULT_DB_ALIAS else rows.using(self.database)

    @from_replica
    def list(self, request: Request) -> Response:
        return super().list(request)

    @from_replica
    def retrieve(self, request: Request, pk: str) -> Response:
        return self.row_response(self.get_object())

    @transaction.atomic
    def create(self, request: UserRequest) -> Response:
        data = self.input_class(data=request.data)
        data.is_valid(raise_exception=True)
        self.check_place(data.validated_data)
        row = self.perform_create(data)
        services.log_addition(row, request.user)
        return self.row_response(row, HTTP_201_CREATED)

    def perform_create(self, data: Any) -> Any:
        raise NotImplementedError

    def check_place(self, fields: Mapping[str, Any]) -> None:
        """Refuse a screen or a cinema, as one of the fields of a row, that is not the staff's."""
        place = fields.get("screen") or fields.get("cinema")
        if place is not None:
            self.check_object_permissions(self.request, place)

    def destroy(self, request: UserRequest, pk: str) -> Response:
        self.perform_destroy(self.get_object())
        return Response(status=HTTP_204_NO_CONTENT)

    def perform_destroy(self, row: Any) -> None:
        services.delete_row(row, **self.edit())

    def edit(self) -> dict[str, Any]:
        """Who changes a row, and which versions of it, as every service that changes one takes them."""
        return {"editor": self.request.user, "versions": self.versions()}

    def versions(self) -> services.Versions:
        """The versions that `If-Match` names, by strong comparison; None for `*` and without the header."""
        if "If-Match" not in self.request.headers:
            return None
        tags = parse_etags(self.request.headers["If-Match"])
        return None if tags == ["*"] else [tag.strip('"') for tag in tags if not tag.startswith("W/")]

    def row_response(self, row: Any, status: int = HTTP_200_OK) -> Response:
        etag = f'"{services.version_of(row)}"'
        return Response(self.get_serializer(row).data, status=status, headers={"ETag": etag})


class ChangeableViewSet(CatalogueViewSet):
    """Lets staff change rows as well: `PUT` takes a whole row, `PATCH` some fields.

    The viewsets that do are in `bookings.views`: a change may depend on what was sold.
    """

    # What is taken of a change, if that is more than what is taken of a new row.
    change_class: ClassVar[type[BaseSerializer[Any]] | None] = None

    def update(self, request: UserRequest, pk: str, partial: bool = False) -> Response:
        input_class = self.change_class or self.input_class
        data = input_class(self.get_object(), data=request.data, partial=partial)
        data.is_valid(raise_exception=True)
        self.check_place(data.validated_data)
        return self.row_response(self.perform_update(data))

    def partial_update(self, request: UserRequest, pk: str) -> Response:
        return self.update(request, pk, partial=True)

    def perform_update(self, data: Any) -> Any:
        raise NotImplementedError


def cinemas_of_machine(request: Request) -> Cinemas:
    return request.user.cinemas if isinstance(request.user, Machine) else None


def of_cinemas(rows: Any, request: Request, path: str) -> Any:
    """Those rows that a machine may see: its key may be for some cinemas only. All for anyone else."""
    cinemas = cinemas_of_machine(request)
    return rows if cinemas is None or not path else rows.filter(**{f"{path}__in": cinemas})


def visible_shows(request: Request) -> ShowQuerySet:
    """Shows as customers see them; drafts too for staff who may look at the shows of their cinema."""
    shows: ShowQuerySet = of_cinemas(Show.objects.with_details(), request, "cinema")
    drafts_of: Cinemas = NOWHERE
    if request.user.is_staff:
        drafts_of = cinemas_with(request.user, "movies.view_show", "movies.change_show")
    if drafts_of is None:
        return shows
    return shows.visible_to_customers(drafts_of=drafts_of)


@method_decorator(schema.list_movies, name="list")
@method_decorator(schema.retrieve_movie, name="retrieve")
@method_decorator(schema.create_movie, name="create")
@method_decorator(schema.destroy_movie, name="destroy")
class MovieViewSet(CatalogueViewSet):
    queryset = Movie.objects.prefetch_related("genres")
    locations: ClassVar = {"create": "movies/{id}/"}
    serializer_class = MovieSerializer
    input_class = MovieInput
    filterset_class = MovieFilter
    search_fields = ("title_folded__contains", "description_folded__contains")
    ordering_fields = ("title", "release_date", "duration_minutes")
    ordering = ("title",)
    lists = ("list", "shows")

    def perform_create(self, data: Any) -> Movie:
        return services.save_movie(Movie(), **data.validated_data)

    @schema.list_shows_of_movie
    @action(
        detail=True,
        queryset=Show.objects.with_details(),
        serializer_class=ShowSerializer,
        filterset_class=ShowFilter,
        search_fields=(),
        ordering_fields=("starts_at", "price"),
        ordering=("starts_at",),
    )
    @from_replica
    def shows(self, request: Request, pk: str) -> Response:
        if not self.in_database(Movie.objects.filter(pk=pk)).exists():
            raise NotFound
        shows = self.filter_queryset(self.in_database(visible_shows(request)).filter(movie_id=int(pk)))
        page = self.paginate_queryset(shows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


@method_decorator(schema.list_cinemas, name="list")
@method_decorator(schema.retrieve_cinema, name="retrieve")
@method_decorator(schema.create_cinema, name="create")
@method_decorator(schema.destroy_cinema, name="destroy")
class CinemaViewSet(CatalogueViewSet):
    queryset = Cinema.objects.all()
    locations: ClassVar = {"create": "cinemas/{id}/"}
    serializer_class = CinemaSerializer
    cinema_path = "pk"
    input_class = CinemaInput
    search_fields = ("name_folded__contains", "address_folded__contains")
    ordering_fields = ("name",)
    ordering = ("name",)

    def perform_create(self, data: Any) -> Cinema:
        return services.save_cinema(Cinema(), **data.validated_data)


@method_decorator(schema.list_screens, name="list")
@method_decorator(schema.retrieve_screen, name="retrieve")
@method_decorator(schema.create_screen, name="create")
@method_decorator(schema.destroy_screen, name="destroy")
class ScreenViewSet(CatalogueViewSet):
    queryset = Screen.objects.select_related("cinema")
    locations: ClassVar = {"create": "screens/{id}/"}
    serializer_class = ScreenSerializer
    cinema_path = "cinema"
    input_class = ScreenInput
    filterset_class = ScreenFilter
    search_fields = ("name_folded__contains", "cinema__name_folded__contains")
    ordering_fields = ("name",)
    ordering = ("cinema__name", "name")

    def perform_create(self, data: Any) -> Screen:
        return services.save_screen(Screen(), **data.validated_data)


@method_decorator(schema.list_shows, name="list")
@method_decorator(schema.retrieve_show, name="retrieve")
@method_decorator(schema.create_show, name="create")
class ShowViewSet(CatalogueViewSet):
    queryset = Show.objects.with_details()
    locations: ClassVar = {"create": "shows/{id}/"}
    serializer_class = ShowSerializer
    input_class = ShowInput
    filterset_class = ShowFilter
    search_fields = ("movie__title_folded__contains",)
    ordering_fields = ("starts_at", "price")
    ordering = ("starts_at",)

    def get_queryset(self) -> ShowQuerySet:
        return self.in_database(visible_shows(self.request))

    @from_replica
    def list(self, request: Request) -> Response:
        cinemas = cinemas_of_machine(request)
        found = upcoming_shows(request.query_params, cinemas=cinemas, using=self.database)
        if found is None:
            return mixins.ListModelMixin.list(self, request)
        count, rows = found
        page = cast("Pagination", self.paginator).first_page(request, rows, count)
        return self.get_paginated_response([show_json(row) for row in page])

    def perform_create(self, data: Any) -> Show:
        return services.schedule_show(**data.validated_data)
