"""The pages of the Admin for the catalogue. `bookings` registers those that take knowing what was sold."""

from movies.admin.audited import Audited, admin_actor
from movies.admin.by_cinema import ByCinema, CinemaChoice, InlineByCinema
from movies.admin.catalogue import CinemaAdmin, CinemaForm, MovieAdmin, ScreenAdmin, ScreenForm
from movies.admin.days import DaysSince, LocalDaysFilter
from movies.admin.editing import VersionedForm
from movies.admin.inputs import reason_field
from movies.admin.keys import MachineKeyAdmin
from movies.admin.log import AuditEventAdmin
from movies.admin.show_log import show_log
from movies.admin.shows import ShowAdmin, by_cinema_clock
from movies.admin.staff import UserAdmin

__all__ = [
    "AuditEventAdmin",
    "Audited",
    "ByCinema",
    "CinemaAdmin",
    "CinemaChoice",
    "CinemaForm",
    "DaysSince",
    "InlineByCinema",
    "LocalDaysFilter",
    "MachineKeyAdmin",
    "MovieAdmin",
    "ScreenAdmin",
    "ScreenForm",
    "ShowAdmin",
    "UserAdmin",
    "VersionedForm",
    "admin_actor",
    "by_cinema_clock",
    "reason_field",
    "show_log",
]
