"""The JSON of the catalogue. Input classes check shape, output classes are read-only."""

from datetime import timezone
from typing import Any

from django.conf import settings
from drf_yasg.utils import swagger_serializer_method
from rest_framework import serializers

from movie_booking.api.fields import (
    SharedFields,
    StrictBooleanField,
    StrictCharField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictModelSerializer,
    moment_json,
)
from movies.listing import ShowRow
from movies.models import Cinema, Movie, Screen, Show
from movies.models.shows import available_seats
from movies.prices import PRICE_FIELDS
from movies.seat_plan import MAX_SEATS


class MovieInput(StrictModelSerializer):
    genres = serializers.ListField(
        child=StrictCharField(max_length=50),
        required=False,
        max_length=20,
        help_text="By name. A genre that is new is added.",
    )

    class Meta:
        model = Movie
        fields = (
            "title",
            "description",
            "duration_minutes",
            "language",
            "genres",
            "certificate",
            "release_date",
            "poster_url",
        )


REASON = "Why, as customers are told. It stands in the log of each show that changes."


class MovieChangeInput(MovieInput):
    keep = StrictBooleanField(
        required=False, help_text="With another running time: leave shows that have sold as they are."
    )
    reason = StrictCharField(max_length=200, required=False, allow_blank=True, help_text=REASON)

    class Meta(MovieInput.Meta):
        fields: Any = (*MovieInput.Meta.fields, "keep", "reason")


class MovieSerializer(SharedFields, serializers.ModelSerializer[Movie]):
    genres: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)

    class Meta:
        model = Movie
        fields = ("id", *MovieInput.Meta.fields)
        read_only_fields = fields


class CinemaInput(StrictModelSerializer):
    class Meta:
        model = Cinema
        fields = ("name", "address", "time_zone", "pre_show_minutes")


class CinemaChangeInput(CinemaInput):
    keep: Any = serializers.ChoiceField(
        choices=["moment", "clock"],
        required=False,
        help_text="With another time zone, what shows to come keep: the moment of their start, or the time"
        " that the clock shows then.",
    )
    reason = StrictCharField(max_length=200, required=False, allow_blank=True, help_text=REASON)

    class Meta(CinemaInput.Meta):
        fields: Any = (*CinemaInput.Meta.fields, "keep", "reason")


class CinemaSerializer(SharedFields, serializers.ModelSerializer[Cinema]):
    class Meta:
        model = Cinema
        fields = ("id", *CinemaInput.Meta.fields)
        read_only_fields = fields


class ScreenInput(StrictModelSerializer):
    seat_plan = StrictCharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="A drawing of the seats, a line a row.",
    )
    total_seats = StrictIntegerField(
        required=False, min_value=1, max_value=MAX_SEATS, help_text="Instead of a drawing: rows of ten."
    )

    class Meta:
        model = Screen
        fields = ("cinema", "name", "seat_plan", "total_seats", "no_single_seats")


class ScreenSerializer(SharedFields, serializers.ModelSerializer[Screen]):
    cinema_name = serializers.CharField(source="cinema.name", read_only=True)

    class Meta:
        model = Screen
        fields = ("id", "cinema", "cinema_name", "name", "total_seats", "seat_plan", "no_single_seats")
        read_only_fields = fields


class ShowInput(StrictModelSerializer):
    starts_at = StrictDateTimeField(
        validators=Show._meta.get_field("starts_at").validators,
        help_text="ISO 8601; UTC if it names no offset.",
        default_timezone=timezone.utc,
    )
    total_seats = StrictIntegerField(
        min_value=1, required=False, help_text="All of the screen's if not given."
    )

    status: Any = serializers.ChoiceField(
        choices=[Show.Status.DRAFT, Show.Status.ON_SALE],
        required=False,
        help_text="Customers do not see a DRAFT. To take a show off, cancel it.",
    )

    class Meta:
        model = Show
        fields = (
            "movie",
            "screen",
            "starts_at",
            "pre_show_minutes",
            "total_seats",
            *PRICE_FIELDS,
            "status",
            "sales_open_at",
            "sales_cutoff_minutes",
        )


class ShowChangeInput(ShowInput):
    reason = StrictCharField(max_length=200, required=False, allow_blank=True, help_text=REASON)

    class Meta(ShowInput.Meta):
        fields: Any = (*ShowInput.Meta.fields, "reason")


class ShowSerializer(SharedFields, serializers.ModelSerializer[Show]):
    movie_title = serializers.CharField(source="movie.title", read_only=True)
    screen_name = serializers.CharField(source="screen.name", read_only=True)
    cinema = serializers.IntegerField(source="cinema_id", read_only=True)
    cinema_name = serializers.CharField(source="screen.cinema.name", read_only=True)
    time_zone = serializers.CharField(
        source="screen.cinema.time_zone", read_only=True, help_text="Of the cinema: the IANA name."
    )
    available_seats = serializers.IntegerField(read_only=True)
    prices: Any = serializers.DictField(
        child=serializers.DecimalField(max_digits=8, decimal_places=2),
        read_only=True,
        help_text="Of a seat of each kind.",
    )
    currency = serializers.SerializerMethodField(help_text="ISO 4217.")
    sales_close_at = serializers.DateTimeField(read_only=True)
    no_single_seats = serializers.BooleanField(
        source="screen.no_single_seats",
        read_only=True,
        help_text="Of the screen: no choice may leave a single seat free.",
    )
    cancel_reason = serializers.SerializerMethodField(help_text="What customers are told.")

    class Meta:
        model = Show
        fields = (
            "id",
            "movie",
            "movie_title",
            "screen",
            "screen_name",
            "cinema",
            "cinema_name",
            "time_zone",
            "starts_at",
            "ends_at",
            "pre_show_minutes",
            "total_seats",
            "available_seats",
            "price",
            "prices",
            "currency",
            "status",
            "sales_open_at",
            "sales_close_at",
            "no_single_seats",
            "cancel_reason",
            "version",
        )
        read_only_fields = fields
        extra_kwargs = {
            "version": {"help_text": "How often what a ticket says of the show has changed: `show_version`."}
        }

    @swagger_serializer_method(serializers.CharField(allow_null=True))
    def get_cancel_reason(self, show: Show) -> str | None:
        return show.cancel_reason or None

    def get_currency(self, show: Show) -> str:
        return settings.CURRENCY

    def to_representation(self, show: Show) -> dict[str, Any]:
        """What the fields say, without asking each of them for each show. A test holds both equal."""
        return show_json(ShowRow.of(show))


def show_json(row: ShowRow) -> dict[str, Any]:
    opens = row.sales_open_at
    return {
        "id": row.id,
        "movie": row.movie_id,
        "movie_title": row.movie__title,
        "screen": row.screen_id,
        "screen_name": row.screen__name,
        "cinema": row.cinema_id,
        "cinema_name": row.screen__cinema__name,
        "time_zone": row.screen__cinema__time_zone,
        "starts_at": moment_json(row.starts_at),
        "ends_at": moment_json(row.ends_at),
        "pre_show_minutes": row.pre_show_minutes,
        "total_seats": row.total_seats,
        "available_seats": available_seats(row.status, row.total_seats, row.live_seats),
        "price": f"{row.price:.2f}",
        "prices": {kind.value: f"{price:.2f}" for kind, price in row.prices.items()},
        "currency": settings.CURRENCY,
        "status": str(row.status),
        "sales_open_at": moment_json(opens) if opens else None,
        "sales_close_at": moment_json(row.sales_close_at),
        "no_single_seats": row.screen__no_single_seats,
        "cancel_reason": row.cancel_reason or None,
        "version": row.version,
    }
