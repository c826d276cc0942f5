"""The pages of the Admin for the catalogue. Shows are registered by `bookings`, which knows their seats."""

from movies.admin import catalogue  # noqa: F401 - registers its models
from movies.admin.days import LocalDaysFilter
from movies.admin.shows import ShowAdmin, by_cinema_clock

__all__ = ["LocalDaysFilter", "ShowAdmin", "by_cinema_clock"]
