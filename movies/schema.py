"""What Swagger UI says of the catalogue's operations: a decorator for each, named after it."""

from collections.abc import Callable
from typing import Any

from rest_framework.serializers import CharField, DateTimeField, Field, IntegerField, ListField, Serializer

from movie_booking.errors import Busy, InUse, Invalid, NotFound
from movie_booking.schema import (
    AUTHENTICATION_ERRORS,
    BODY_ERRORS,
    IF_MATCH,
    IF_MATCH_ERRORS,
    PERMISSION_DENIED,
    Problems,
    operation,
    problem_members,
)
from movies import serializers, services

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Service = Callable[..., Any]

# Whatever changes a row waits for the lock of it, or of the screen.
STAFF_ERRORS: Problems = (*AUTHENTICATION_ERRORS, PERMISSION_DENIED, Busy)
WRITE_ERRORS: Problems = (Invalid, *BODY_ERRORS, *STAFF_ERRORS)


class OverlapSerializer(Serializer[Any]):
    id = IntegerField(allow_null=True, help_text="Of the show.")
    movie_title = CharField()
    starts_at = DateTimeField()
    screen_free_at = DateTimeField()


class ClashSerializer(OverlapSerializer):
    screen = IntegerField()
    screen_name = CharField()
    summary = CharField(help_text="All of it as a sentence.")

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        # "with" is a word of Python's.
        return {**super().get_fields(), "with": OverlapSerializer(many=True)}


@problem_members
class CatalogueProblemMembers(Serializer[Any]):
    shows: Any = OverlapSerializer(
        many=True, required=False, help_text="The shows that are on the screen at that time."
    )
    shows_to_come = IntegerField(required=False, help_text="How many shows are to come.")
    cinemas = ListField(
        child=CharField(), required=False, help_text="The cinemas, not yours, whose shows would change."
    )
    clashes: Any = ClashSerializer(
        many=True, required=False, help_text="The shows that would overlap others at their new times."
    )


def _list(tag: str, rows: str, **details: Any) -> Decorator:
    return operation(tag, f"List {rows}", {}, [Invalid, NotFound], security=[], **details)


def _retrieve(tag: str, row: str, output: Any) -> Decorator:
    description = "With an `ETag` of what staff edit, for `If-Match`."
    return operation(
        tag,
        f"Show {row}",
        {200: output},
        [NotFound],
        operation_description=description,
        security=[],
        etag=True,
    )


def _create(tag: str, row: str, body: Any, output: Any, service: Service | None = None) -> Decorator:
    summary = f"Add {row} (staff)"
    return operation(tag, summary, {201: output}, WRITE_ERRORS, service=service, request_body=body, etag=True)


def change(tag: str, summary: str, body: Any, output: Any, service: Service | None = None) -> Decorator:
    return operation(
        tag,
        f"{summary} (staff)",
        {200: output},
        [*WRITE_ERRORS, NotFound, *IF_MATCH_ERRORS],
        service=service,
        request_body=body,
        manual_parameters=[IF_MATCH],
        etag=True,
    )


def _destroy(tag: str, row: str) -> Decorator:
    refusals = [*STAFF_ERRORS, NotFound, InUse, *IF_MATCH_ERRORS]
    summary = f"Delete {row} (staff)"
    return operation(tag, summary, {204: None}, refusals, manual_parameters=[IF_MATCH])


_movie = (serializers.MovieInput, serializers.MovieSerializer)
list_movies = _list("Movies", "movies")
retrieve_movie = _retrieve("Movies", "a movie", serializers.MovieSerializer)
create_movie = _create("Movies", "a movie", *_movie)
destroy_movie = _destroy("Movies", "a movie")
list_shows_of_movie = _list("Shows", "the shows of a movie", paged=True)

_cinema = (serializers.CinemaInput, serializers.CinemaSerializer)
list_cinemas = _list("Cinemas", "cinemas")
retrieve_cinema = _retrieve("Cinemas", "a cinema", serializers.CinemaSerializer)
create_cinema = _create("Cinemas", "a cinema", *_cinema)
destroy_cinema = _destroy("Cinemas", "a cinema")

_screen = (serializers.ScreenInput, serializers.ScreenSerializer)
list_screens = _list("Cinemas", "screens")
retrieve_screen = _retrieve("Cinemas", "a screen", serializers.ScreenSerializer)
create_screen = _create("Cinemas", "a screen", *_screen, services.save_screen)
destroy_screen = _destroy("Cinemas", "a screen")

_show = (serializers.ShowInput, serializers.ShowSerializer)
list_shows = _list("Shows", "shows")
retrieve_show = _retrieve("Shows", "a show", serializers.ShowSerializer)
create_show = _create("Shows", "a show", *_show, services.schedule_show)
