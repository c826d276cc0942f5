"""What is shown, where and when."""

from movies.models.catalogue import (
    MAX_PRE_SHOW_MINUTES,
    MAX_RUNNING_TIME,
    Cinema,
    CinemaQuerySet,
    Genre,
    GenreQuerySet,
    Movie,
    MovieQuerySet,
    Screen,
    ScreenQuerySet,
)
from movies.models.shows import MAX_CUTOFF_MINUTES, Show, ShowEvent, ShowQuerySet, default_price
from movies.models.staff import AuditEvent, StaffRole
from movies.validators import validate_plan, validate_time_zone  # as the first migrations name them

__all__ = [
    "MAX_CUTOFF_MINUTES",
    "MAX_PRE_SHOW_MINUTES",
    "MAX_RUNNING_TIME",
    "AuditEvent",
    "Cinema",
    "CinemaQuerySet",
    "Genre",
    "GenreQuerySet",
    "Movie",
    "MovieQuerySet",
    "Screen",
    "ScreenQuerySet",
    "Show",
    "ShowEvent",
    "ShowQuerySet",
    "StaffRole",
    "default_price",
    "validate_plan",
    "validate_time_zone",
]
