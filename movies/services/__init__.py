"""What staff do with the catalogue and the schedule, a verb a function."""

from movies.services.catalogue import save_cinema, save_movie, save_screen
from movies.services.keys import machine_of, make_key, revoke_key
from movies.services.log import (
    log_addition,
    log_change,
    log_deletion,
    log_entries,
    log_note,
    log_notes,
)
from movies.services.schedule import (
    SLOT_FIELDS,
    STAYS_IN_CINEMA,
    TICKET_FIELDS,
    copy_seat_plan,
    lock_place,
    overlap_refused,
    place_show,
    record_show_event,
    record_show_events,
    refuse_change,
    reschedule_show,
    schedule_show,
)
from movies.services.slots import Overlap, Slot, find_overlaps, usual_pre_show
from movies.services.staff import changing_roles, roles_in_words
from movies.services.timetable import (
    Timetable,
    count_shows_to_come,
    lock_timetable,
    refuse_clashes,
    write_show_changes,
)
from movies.services.timing import TIMING_FIELDS, refuse_timing, timing_problems
from movies.services.versions import Versions, delete_row, lock_row, refuse_stale, version_of
from movies.services.week_schedule import (
    copy_week,
    preview_copy,
    preview_week,
    schedule_week,
)

__all__ = [
    "SLOT_FIELDS",
    "STAYS_IN_CINEMA",
    "TICKET_FIELDS",
    "TIMING_FIELDS",
    "Overlap",
    "Slot",
    "Timetable",
    "Versions",
    "changing_roles",
    "copy_seat_plan",
    "copy_week",
    "count_shows_to_come",
    "delete_row",
    "find_overlaps",
    "lock_place",
    "lock_row",
    "lock_timetable",
    "log_addition",
    "log_change",
    "log_deletion",
    "log_entries",
    "log_note",
    "log_notes",
    "machine_of",
    "make_key",
    "overlap_refused",
    "place_show",
    "preview_copy",
    "preview_week",
    "record_show_event",
    "record_show_events",
    "refuse_change",
    "refuse_clashes",
    "refuse_stale",
    "refuse_timing",
    "reschedule_show",
    "revoke_key",
    "roles_in_words",
    "save_cinema",
    "save_movie",
    "save_screen",
    "schedule_show",
    "schedule_week",
    "timing_problems",
    "usual_pre_show",
    "version_of",
    "write_show_changes",
]
