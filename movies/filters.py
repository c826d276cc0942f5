"""How the catalogue can be narrowed down: `?name=value`."""

import datetime as dt
from decimal import Decimal

from django_filters import rest_framework as filters

from movie_booking.api.filters import CountFilter, IdFilter, MomentFilter, TrueOrFalseFilter
from movies.models import Movie, MovieQuerySet, Screen, Show, ShowQuerySet
from movies.validators import DAYS, MOMENTS


class MovieFilter(filters.FilterSet):
    genre = filters.CharFilter("genres__name_folded", max_length=50, help_text="Name of a genre.")
    language = filters.CharFilter("language_folded", max_length=50, help_text="What is spoken.")
    now_showing = TrueOrFalseFilter(
        method="filter_now_showing", help_text="Whether a show is on sale that has yet to start."
    )

    class Meta:
        model = Movie
        fields = ("genre", "language", "now_showing")

    def filter_now_showing(self, movies: MovieQuerySet, name: str, value: bool) -> MovieQuerySet:
        showing = movies.shown_in(Show.objects.upcoming())
        return showing if value else movies.exclude(pk__in=showing.values("pk"))


class ScreenFilter(filters.FilterSet):
    cinema = IdFilter(field_name="cinema", help_text="Id of a cinema.")

    class Meta:
        model = Screen
        fields = ("cinema",)


class ShowFilter(filters.FilterSet):
    movie = IdFilter(field_name="movie", help_text="Id of a movie.")
    cinema = IdFilter(field_name="cinema", help_text="Id of a cinema.")
    screen = IdFilter(field_name="screen", help_text="Id of a screen.")
    date = filters.DateFilter(
        method="filter_date", validators=DAYS, help_text="Day by the cinema's own clock: 2026-11-23."
    )
    starts_after = MomentFilter(
        "starts_at", "gte", validators=MOMENTS, help_text="Starts at this time or later."
    )
    starts_before = MomentFilter("starts_at", "lt", validators=MOMENTS, help_text="Starts before this time.")
    upcoming = TrueOrFalseFilter(
        method="filter_upcoming", help_text="Whether it is on sale and has yet to start."
    )
    status = filters.ChoiceFilter(choices=Show.Status.choices, help_text="Status of the show.")
    min_available = CountFilter(
        method="filter_min_available",
        help_text="So many of its seats or more are available.",
    )

    class Meta:
        model = Show
        fields = (
            "movie",
            "cinema",
            "screen",
            "date",
            "starts_after",
            "starts_before",
            "upcoming",
            "status",
            "min_available",
        )

    def filter_date(self, shows: ShowQuerySet, name: str, value: dt.date) -> ShowQuerySet:
        return shows.on_local_date(value)

    def filter_min_available(self, shows: ShowQuerySet, name: str, value: Decimal) -> ShowQuerySet:
        return shows.with_available(int(value))

    def filter_upcoming(self, shows: ShowQuerySet, name: str, value: bool) -> ShowQuerySet:
        return shows.upcoming() if value else shows.exclude(pk__in=Show.objects.upcoming())
