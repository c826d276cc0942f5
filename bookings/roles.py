"""What the roles of staff may do: one table. `manage.py sync_roles` makes the groups of Django so."""

from typing import NamedTuple

# Rights on seats and their customers that no right on a model says.
SEAT_RIGHTS = [
    ("block_seats", "Can block and release house seats"),
    ("sell_seats", "Can sell and hold seats for customers"),
    ("refund_by_exception", "Can give another share back than the terms of the sale say"),
    ("view_people", "Can see who has which seat"),
    ("view_reports", "Can export bookings and takings"),
]


class Role(NamedTuple):
    name: str  # of its group
    task: str
    permissions: frozenset[str]


def _on(verbs: str, *models: str) -> frozenset[str]:
    """The rights of these verbs on models, such as "movies.view_show"."""
    parts = (model.split(".") for model in models)
    return frozenset(f"{app}.{verb}_{name}" for app, name in parts for verb in verbs.split())


CATALOGUE = ("movies.movie", "movies.genre", "movies.cinema", "movies.screen", "movies.show")

VIEWER = _on("view", *CATALOGUE)
DOOR = VIEWER | _on("view", "bookings.order") | {"bookings.view_people"}
BOX_OFFICE = (
    DOOR
    | _on("view", "movies.showevent", "bookings.booking", "bookings.bookingevent")
    # To change a booking is to cancel it: nothing else of one is changed by hand.
    | {"bookings.change_booking", "bookings.block_seats", "bookings.sell_seats"}
)
MANAGER = (
    BOX_OFFICE
    | _on("add change delete", *CATALOGUE)
    | {"movies.move_show", "bookings.refund_by_exception", "bookings.view_reports"}
)

ROLES = (
    Role("Manager", "the catalogue, schedules, moving and cancelling shows, reports, refunds", MANAGER),
    Role("Box office", "selling, blocking, cancelling and looking up", BOX_OFFICE),
    Role("Door", "seeing the orders of a show", DOOR),
    Role("Viewer", "seeing the catalogue, shows and which seats are free, and no person", VIEWER),
)
