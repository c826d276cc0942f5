"""What staff do with the catalogue and the schedule, a verb a function."""

from movies.services.catalogue import save_movie, save_screen
from movies.services.schedule import (
    TICKET_FIELDS,
    copy_seat_plan,
    refuse_change,
    reschedule_show,
    schedule_show,
)
from movies.services.slots import Overlap, Slot, find_overlaps
from movies.services.timing import TIMING_FIELDS, refuse_timing
from movies.services.week_schedule import copy_week, preview_copy, preview_week, schedule_week

__all__ = [
    "TICKET_FIELDS",
    "TIMING_FIELDS",
    "Overlap",
    "Slot",
    "copy_seat_plan",
    "copy_week",
    "find_overlaps",
    "preview_copy",
    "preview_week",
    "refuse_change",
    "refuse_timing",
    "reschedule_show",
    "save_movie",
    "save_screen",
    "schedule_show",
    "schedule_week",
]
